// Baton
// SPDX-License-Identifier: Apache-2.0

internal import JSON

extension CELExpression {
    /// A comparison of something that is read with values that are known before.
    public struct Condition: Sendable {
        /// How the two are compared.
        public enum Relation: Sendable, Equatable {
            case equal, less, lessOrEqual, greater, greaterOrEqual
            /// It is one of the values.
            case isIn
        }

        /// The variable and the fields after it.
        public let path: [String]
        /// How it is compared.
        public let relation: Relation
        /// One value, or for `isIn` all of the list.
        public let values: [CELValue]
    }

    /// What must be true so that the expression can be: the comparisons that are joined by `&&` at its top. Where one of
    /// them is false the expression is not true, whatever the rest says.
    ///
    /// - Parameter scope: Variables that are the same for every evaluation.
    public func conditions(in scope: some CELScope) -> [Condition] {
        Self.conjuncts(of: root).compactMap { Self.condition(of: $0, scope) }
    }

    private static func conjuncts(of node: Node) -> [Node] {
        guard case .and(let nodes, _) = node else { return [node] }
        return nodes.flatMap(conjuncts)
    }

    private static func condition(of node: Node, _ scope: some CELScope) -> Condition? {
        guard case .binary(let left, let operations) = node, operations.count == 1, let operation = operations.first,
            let relation = Condition.Relation(operation.symbol)
        else { return nil }
        func value(_ node: Node) -> CELValue? {
            var evaluator = Evaluator(scope: scope, stepLimit: 1000)
            return try? evaluator.evaluate(node)
        }
        if let path = path(of: left), let value = value(operation.right) {
            guard relation == .isIn else { return Condition(path: path, relation: relation, values: [value]) }
            return value.listElements.map { Condition(path: path, relation: relation, values: $0) }
        }
        guard relation != .isIn, let path = path(of: operation.right), let value = value(left) else { return nil }
        return Condition(path: path, relation: relation.mirrored, values: [value])
    }

    private static func path(of node: Node) -> [String]? {
        switch node {
        case .variable(let name, _): return [name]
        case .chain(.variable(let name, _), let links):
            var path = [name]
            for link in links {
                guard case .field(let field) = link.kind else { return nil }
                path.append(field)
            }
            return path
        default: return nil
        }
    }
}

extension CELExpression.Condition.Relation {
    fileprivate init?(_ symbol: BinaryOperator) {
        switch symbol {
        case .equal: self = .equal
        case .less: self = .less
        case .lessOrEqual: self = .lessOrEqual
        case .greater: self = .greater
        case .greaterOrEqual: self = .greaterOrEqual
        case .isIn: self = .isIn
        case .add, .subtract, .multiply, .divide, .remainder, .notEqual: return nil
        }
    }

    /// With the sides the other way round.
    fileprivate var mirrored: Self {
        switch self {
        case .equal, .isIn: self
        case .less: .greater
        case .lessOrEqual: .greaterOrEqual
        case .greater: .less
        case .greaterOrEqual: .lessOrEqual
        }
    }
}

extension CELValue {
    /// The elements of a list.
    fileprivate var listElements: [CELValue]? {
        switch self {
        case .list(let values): values
        case .json(.array(let values)): values.map { CELValue($0) }
        default: nil
        }
    }
}
