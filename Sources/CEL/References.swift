// Baton
// SPDX-License-Identifier: Apache-2.0

/// Collects what an expression reads.
struct ReferenceCollector {
    private(set) var references: [CELExpression.Reference] = []

    static func references(in node: Node) -> [CELExpression.Reference] {
        var collector = ReferenceCollector()
        collector.visit(node, isTested: false)
        guard collector.references.count > 1 else { return collector.references }
        return collector.references.sorted { $0.offset < $1.offset }
    }

    private mutating func visit(_ node: Node, isTested: Bool) {
        switch node {
        case .constant, .local: break
        case .variable(let name, let offset): add(name, [], isTested: isTested, offset)
        case .list(let nodes), .and(let nodes, _), .or(let nodes, _):
            for node in nodes { visit(node, isTested: isTested) }
        case .sparseList(let elements, _):
            for element in elements { visit(element.value, isTested: isTested) }
        case .map(let entries, _):
            for entry in entries {
                visit(entry.key, isTested: isTested)
                visit(entry.value, isTested: isTested)
            }
        case .bind(let value, let body):
            visit(value, isTested: isTested)
            visit(body, isTested: isTested)
        case .broken: break
        case .not(let node, _, _), .negate(let node, _, _): visit(node, isTested: isTested)
        case .conditional(let branches, let otherwise, _):
            for (condition, value) in branches {
                visit(condition, isTested: isTested)
                visit(value, isTested: isTested)
            }
            visit(otherwise, isTested: isTested)
        case .binary(let first, let operations):
            visit(first, isTested: isTested)
            for operation in operations { visit(operation.right, isTested: isTested) }
        case .chain(let base, let links): visitChain(base, links[...], lastField: nil, isTested: isTested)
        case .has(.chain(let base, let links), let field, _):
            visitChain(base, links[...], lastField: field, isTested: isTested)
        case .has(let base, let field, _): visitChain(base, [], lastField: field, isTested: isTested)
        case .fallback(let first, let second):
            visit(first, isTested: true)
            visit(second, isTested: isTested)
        }
    }

    /// - Parameter lastField: The field that `has` asks for.
    private mutating func visitChain(_ base: Node, _ links: ArraySlice<Link>, lastField: String?, isTested: Bool) {
        var path: [String] = []
        var rest = links
        var isTested = isTested
        while let (name, isOptional) = rest.first?.constantName {
            path.append(name)
            if isOptional { isTested = true }
            rest.removeFirst()
        }
        if let lastField, rest.isEmpty { path.append(lastField) }
        if case .variable(let root, let offset) = base {
            add(root, path, isTested: isTested || lastField != nil && rest.isEmpty, offset)
        } else {
            visit(base, isTested: isTested)
        }
        for link in rest { visit(link, isTested: isTested) }
    }

    private mutating func visit(_ link: Link, isTested: Bool) {
        switch link.kind {
        case .field, .optionalField, .matches: break
        case .index(let node), .optionalIndex(let node): visit(node, isTested: isTested)
        case .call(_, let nodes):
            for node in nodes { visit(node, isTested: isTested) }
        case .comprehension(let comprehension):
            if let condition = comprehension.condition { visit(condition, isTested: isTested) }
            visit(comprehension.body, isTested: isTested)
        }
    }

    private mutating func add(_ root: String, _ path: [String], isTested: Bool, _ offset: Int) {
        references.append(.init(root: root, path: path, isTested: isTested, offset: offset))
    }
}

extension Link {
    /// The name when this selects a field, optional or not, or indexes with a constant string.
    fileprivate var constantName: (String, isOptional: Bool)? {
        switch kind {
        case .field(let name), .index(.constant(.string(let name))): (name, false)
        case .optionalField(let name), .optionalIndex(.constant(.string(let name))): (name, true)
        default: nil
        }
    }
}
