// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import JSON
import Model

/// Writes the canonical form of a graph. Edges name nodes by position; what has its default value is left out.
enum GraphEncoder {
    /// Rises with every change that older versions cannot read.
    static let formatVersion: Int64 = 1

    static func json(_ parts: GraphParts) -> JSONValue {
        var object: JSONObject = [
            "format_version": .int(formatVersion), "name": .string(parts.name),
            "inputs": .array(parts.inputs.map(input)), "outputs": parts.outputs.source,
            "nodes": .array(parts.nodes.map(node)), "edges": .array(parts.edges.map(edge)),
            "on_failure": .string(parts.failurePolicy.rawValue),
        ]
        object.add("summary", parts.summary.map { .string($0) })
        object.add("deadline_ms", milliseconds(parts.deadline))
        object.add("max_parallel", parts.maxParallel.map { .int(Int64($0)) })
        return .object(object)
    }

    private static func input(_ input: Graph.Input) -> JSONValue {
        ["name": .string(input.name), "schema": input.schema]
    }

    private static func edge(_ edge: Graph.Edge) -> JSONValue {
        var object = JSONObject()
        object.add("from", .int(Int64(edge.from)))
        object.add("to", .int(Int64(edge.to)))
        object.add("when", text(edge.when))
        object.add("case", edge.branchCase.map { .string($0) })
        if edge.isFallback { object.append("fallback", true) }
        return .object(object)
    }

    private static func node(_ node: Graph.Node) -> JSONValue {
        var object = JSONObject()
        object.add("id", .string(node.id))
        object.add("kind", .string(node.kind.name))
        object.add("config", config(node.kind))
        object.add("wave", .int(Int64(node.wave)))
        object.add("name", node.name.map { .string($0) })
        object.add("join", join(node.join))
        object.add("when", text(node.when))
        if node.retry != RetryPolicy() { object.append("retry", retry(node.retry)) }
        object.add("timeout_ms", milliseconds(node.timeout))
        object.add("total_timeout_ms", milliseconds(node.totalTimeout))
        if node.continueOnFailure { object.append("continue_on_failure", true) }
        if node.priority != 500 { object.append("priority", .int(Int64(node.priority))) }
        if node.isNonIdempotent { object.append("idempotency", "none") }
        return .object(object)
    }

    private static func join(_ join: Graph.Join) -> JSONValue? {
        switch join {
        case .all: nil
        case .any: "any"
        case .done: "done"
        case .quorum(let count): ["quorum": .int(Int64(count))]
        }
    }

    private static func retry(_ policy: RetryPolicy) -> JSONValue {
        var object = JSONObject()
        object.add("max_attempts", policy.maxAttempts.map { .int(Int64($0)) })
        object.add("delay_ms", milliseconds(policy.delay))
        object.add("multiplier", policy.multiplier.map { .double($0) })
        object.add("max_delay_ms", milliseconds(policy.maxDelay))
        object.add("jitter", policy.jitter.map { .double($0) })
        object.add("on", policy.classes.map { .array($0.map { .string($0.rawValue) }) })
        object.add("max_elapsed_ms", milliseconds(policy.maxElapsed))
        return .object(object)
    }

    private static func config(_ kind: Graph.NodeKind) -> JSONValue {
        switch kind {
        case .tool(let name, let arguments, let storeAs):
            var object: JSONObject = ["tool": .string(name), "args": arguments.source]
            object.add("store_as", storeAs.map { .string($0) })
            return .object(object)
        case .http(let config): return config.source
        case .human(let human): return self.human(human)
        case .branch(let branch): return self.branch(branch)
        case .join(let cancelRest): return ["cancel_rest": .bool(cancelRest)]
        case .transform(let value, let remove):
            return ["value": value.source, "remove": .array(remove.map { .string($0) })]
        case .filter(let items, let predicate, let variable, let limit):
            var object: JSONObject = [
                "items": items.source, "where": .string(predicate.source), "as": .string(variable),
            ]
            object.add("limit", limit.map { .int(Int64($0)) })
            return .object(object)
        case .aggregate(let aggregate): return self.aggregate(aggregate)
        case .waitFor(let span): return ["for": span.source]
        case .waitUntil(let time): return ["until": time.source]
        }
    }

    private static func human(_ human: Graph.Human) -> JSONValue {
        [
            "title": human.title.source, "message": human.message.source,
            "assignees": .array(human.assignees.map { .string($0) }),
            "deadline_ms": .int(human.deadline.milliseconds), "on_expire": .string(human.onExpiry.rawValue),
        ]
    }

    private static func branch(_ branch: Graph.Branch) -> JSONValue {
        var object: JSONObject = [
            "cases": .array(branch.cases.map { ["name": .string($0.name), "when": .string($0.when.source)] }),
            "on_error": .string(branch.onError.rawValue),
        ]
        object.add("default", branch.defaultCase.map { .string($0) })
        return .object(object)
    }

    private static func aggregate(_ aggregate: Graph.Aggregate) -> JSONValue {
        let operations = aggregate.operations.map { operation -> JSONValue in
            var object: JSONObject = ["as": .string(operation.name), "fn": .string(operation.function.rawValue)]
            object.add("of", text(operation.of))
            return .object(object)
        }
        var object: JSONObject = ["items": aggregate.items.source, "ops": .array(operations)]
        object.add("group_by", text(aggregate.groupBy))
        return .object(object)
    }

    private static func milliseconds(_ duration: Duration?) -> JSONValue? {
        duration.map { .int($0.milliseconds) }
    }

    private static func text(_ expression: CELExpression?) -> JSONValue? {
        expression.map { .string($0.source) }
    }
}

extension JSONObject {
    /// Adds a member if there is a value; the name is new.
    fileprivate mutating func add(_ key: String, _ value: JSONValue?) {
        if let value { append(key, value) }
    }
}
