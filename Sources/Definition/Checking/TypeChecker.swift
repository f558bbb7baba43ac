// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import JSON

/// Checks expressions against what is known of the values they read (spec 3.7): schemas of inputs, ports, tools and
/// answers of agents, and the outputs of node kinds. What is not known goes with everything.
final class TypeChecker {
    private let checker: ReferenceChecker
    private let inputs: CELType

    init(_ checker: ReferenceChecker) {
        self.checker = checker
        var fields: [String: CELType] = [:]
        for input in checker.draft.inputs { fields[input.name] = Self.type(input.schema) }
        inputs = .object(.init(fields: fields, isClosed: true))
    }

    func check(_ use: ExpressionUse, in scope: BodyScope, at site: UseChecker.Site) {
        guard !use.expression.isConstant else { return }
        let environment = environment(of: use, scope, site)
        let result = CELChecker(environment).check(use.expression)
        for error in result.errors {
            let place = use.position(error.offset)
            checker.sink.report(Self.code(error.kind), at: place.value, position: place.position, error.message)
        }
        guard use.isCondition, result.errors.isEmpty, result.type != .bool, result.type != .dyn else { return }
        let place = use.position(0)
        let message = "the condition is of the type \(result.type), not bool"
        checker.sink.report(.expressionType, at: place.value, position: place.position, message)
    }

    private static func code(_ kind: CELTypeError.Kind) -> Diagnostic.Code {
        switch kind {
        case .unknownVariable, .unknownField: .unknownReference
        case .wrongType: .expressionType
        case .unknownFunction: .unknownFunction
        }
    }

    /// The types of the variables that the expression reads; what it reads of a node, and no other.
    private func environment(of use: ExpressionUse, _ scope: BodyScope, _ site: UseChecker.Site) -> TypeEnvironment {
        var environment = TypeEnvironment()
        let references = use.expression.references
        for root in references.lazy.map(\.root) where environment.type(of: root) == nil {
            let type = use.locals.contains(root) ? local(root, scope, site) : variable(root, references, scope)
            environment.declare(root, type)
        }
        return environment
    }

    /// - Parameter references: All that the expression reads, other variables included.
    private func variable(
        _ root: String,
        _ references: [CELExpression.Reference],
        _ scope: BodyScope
    ) -> CELType {
        switch root {
        case "inputs": return inputs
        case "now": return .timestamp
        case "run": return Self.record(["id": .string, "name": .string, "started_at": .string, "start_commit": .dyn])
        case "project": return Self.record(["id": .string, "name": .string, "settings": .dyn])
        case "iteration": return .int
        case "nodes": return members(root, references) { id in record(of: id, from: scope) }
        case "ctx":
            return members(root, references) { id in
                output(of: id.hasSuffix(":output") ? String(id.dropLast(7)) : id, from: scope)
            }
        case "phases": return members(root, references) { _ in Self.record(["success": .bool, "status": .string]) }
        default: return .dyn
        }
    }

    private func local(_ name: String, _ scope: BodyScope, _ site: UseChecker.Site) -> CELType {
        switch (name, site) {
        case ("index", _), ("iteration", _), ("attempt", _): return .int
        case ("error", _):
            return Self.record(["code": .string, "class": .string, "message": .string, "details": .dyn])
        case ("output", .edge(let node)), ("output", .node(let node)):
            return scope.outputType(of: node)
        case ("ports", .node(let node)):
            let ports = scope.body.nodes[node].ports
            return Self.record(Dictionary(ports.map { ($0.name, Self.type($0.schema)) }) { first, _ in first })
        default: return .dyn
        }
    }

    /// An object of which only the members that are read are known; `dyn` when nothing is known of any.
    private func members(
        _ root: String,
        _ references: [CELExpression.Reference],
        _ type: (String) -> CELType
    ) -> CELType {
        var fields: [String: CELType] = [:]
        for reference in references where reference.root == root {
            guard let name = reference.path.first else { return .dyn }
            guard fields[name] == nil else { continue }
            let type = type(name)
            if type != .dyn { fields[name] = type }
        }
        return fields.isEmpty ? .dyn : .object(.init(fields: fields, isClosed: false))
    }

    private func record(of id: String, from scope: BodyScope) -> CELType {
        Self.record([
            "output": output(of: id, from: scope), "status": .string, "error": .dyn, "info": .dyn, "started_at": .dyn,
            "ended_at": .dyn, "attempts": .int, "cost_usd": .dyn,
        ])
    }

    private func output(of id: String, from scope: BodyScope) -> CELType {
        checker.find(id, from: scope).map { $0.scope.outputType(of: $0.node) } ?? .dyn
    }

    private static func record(_ fields: [String: CELType]) -> CELType {
        .object(.init(fields: fields, isClosed: true))
    }

    /// The type that a schema describes. An object that lists its properties and says nothing of others has no others:
    /// a name that is not listed is far more often a slip.
    static func type(_ schema: JSONValue) -> CELType {
        CELType(schema: closed(schema, depth: 0))
    }

    private static func closed(_ schema: JSONValue, depth: Int) -> JSONValue {
        guard var object = schema.objectValue, depth < 32 else { return schema }
        if let items = object["items"] { object["items"] = closed(items, depth: depth + 1) }
        guard let properties = object["properties"]?.objectValue else { return .object(object) }
        var inner = JSONObject()
        for property in properties.members { inner.append(property.key, closed(property.value, depth: depth + 1)) }
        object["properties"] = .object(inner)
        let opening = ["patternProperties", "additionalProperties", "allOf", "anyOf", "oneOf", "$ref", "if"]
        if opening.allSatisfy({ object[$0] == nil }) { object["additionalProperties"] = false }
        return .object(object)
    }
}

extension NodeDraft {
    /// What is known of the output.
    var outputType: CELType {
        switch type {
        case .http:
            Self.record([
                "status": .int, "headers": .map(key: .string, value: .dyn), "body": .dyn, "url": .string,
                "duration_ms": .int,
            ])
        case .human:
            Self.record([
                "approved": .bool, "choice": .dyn, "values": .dyn, "comment": .dyn, "by": .dyn, "at": .dyn,
            ])
        case .branch: Self.record(["case": .dyn, "index": .dyn])
        case .wait: Self.record(["fired_at": .dyn, "signal": .dyn])
        case .loop: Self.record(["iterations": .int, "last": .dyn, "results": .dyn, "reason": .string])
        case .map: Self.record(["results": .list(.dyn), "failed": .list(.dyn)])
        case .filter: .list(.dyn)
        case .agent where stored["config"]?["strategy"] == "parallel": .dyn
        case .agent:
            stored["config"]?["output_schema"].map(TypeChecker.type)
                ?? Self.record(["text": .string, "data": .dyn])
        case .tool: tool?.output.map(TypeChecker.type) ?? .dyn
        case .aggregate, .join, .transform, .function, .workflow, .signal: .dyn
        }
    }

    private static func record(_ fields: [String: CELType]) -> CELType {
        .object(.init(fields: fields, isClosed: true))
    }
}
