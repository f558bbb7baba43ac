// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import JSON
import Model

extension GraphDecoder {
    static func join(_ node: StoredObject) throws(GraphCodecError) -> Graph.Join {
        guard node.has("join") else { return .all }
        switch try node.value("join") {
        case "any": return .any
        case "done": return .done
        default: return .quorum(try node.object("join").integer("quorum"))
        }
    }

    static func retry(_ retry: StoredObject) throws(GraphCodecError) -> RetryPolicy {
        var classes: [ErrorClass]?
        if retry.has("on") { classes = try retry.texts("on").compactMap { ErrorClass(rawValue: $0) } }
        return RetryPolicy(
            maxAttempts: try retry.optionalInteger("max_attempts"),
            delay: try retry.optionalDuration("delay_ms"),
            multiplier: try retry.optionalNumber("multiplier"),
            maxDelay: try retry.optionalDuration("max_delay_ms"),
            jitter: try retry.optionalNumber("jitter"),
            classes: classes,
            maxElapsed: try retry.optionalDuration("max_elapsed_ms")
        )
    }

    static func limits(_ object: StoredObject) throws(GraphCodecError) -> Graph.Limits {
        guard object.has("limits") else { return Graph.Limits() }
        let limits = try object.object("limits")
        return Graph.Limits(
            maxParallel: try limits.optionalInteger("max_parallel"),
            maxNodes: try limits.optionalInteger("max_nodes"),
            maxAgentNodes: try limits.optionalInteger("max_agent_nodes"),
            maxEvents: try limits.optionalInteger("max_events")
        )
    }

    static func patchReview(_ object: StoredObject) throws(GraphCodecError) -> PatchReview? {
        guard object.has("patch_review") else { return nil }
        guard let review = PatchReview(json: try object.value("patch_review")) else {
            throw object.wrong("patch_review")
        }
        return review
    }

    static func runConcurrency(_ object: StoredObject) throws(GraphCodecError) -> Graph.RunConcurrency? {
        guard object.has("concurrency") else { return nil }
        let value = try object.object("concurrency")
        return Graph.RunConcurrency(
            key: try value.template("key"),
            max: try value.integer("max"),
            whenFull: try value.choice("when_full")
        )
    }

    static func concurrency(_ node: StoredObject) throws(GraphCodecError) -> Graph.TaskConcurrency? {
        guard node.has("concurrency") else { return nil }
        let value = try node.object("concurrency")
        return Graph.TaskConcurrency(key: try value.template("key"), max: try value.integer("max"))
    }

    static func budget(_ object: StoredObject) throws(GraphCodecError) -> Graph.Budget? {
        guard object.has("budget") else { return nil }
        let value = try object.object("budget")
        var usd: Money?
        if let text = try value.optionalText("usd") {
            guard let amount = Money(text: text) else { throw value.wrong("usd") }
            usd = amount
        }
        return Graph.Budget(usd: usd, languageModelTokens: try value.optionalInteger("llm_tokens"))
    }

    static func cache(_ node: StoredObject) throws(GraphCodecError) -> Graph.Cache? {
        guard node.has("cache") else { return nil }
        let value = try node.object("cache")
        return Graph.Cache(ttl: try value.duration("ttl_ms"), scope: try value.choice("scope"))
    }

    static func labels(_ node: StoredObject) throws(GraphCodecError) -> [String: String] {
        guard node.has("labels") else { return [:] }
        let members = try node.value("labels").objectValue?.members ?? []
        return Dictionary(members.map { ($0.key, $0.value.stringValue ?? "") }) { first, _ in first }
    }

    static func ports(_ node: StoredObject) throws(GraphCodecError) -> [Graph.Port] {
        guard node.has("ports") else { return [] }
        let ports = try node.object("ports")
        var result: [Graph.Port] = []
        for name in ports.keys {
            let port = try ports.object(name)
            let schema = try port.value("schema")
            result.append(
                Graph.Port(
                    name: name,
                    schema: schema,
                    isRequired: try port.flag("required"),
                    defaultValue: schema["default"]
                )
            )
        }
        return result
    }

    static func compensation(
        _ node: StoredObject,
        _ positions: [String: Int]
    ) throws(GraphCodecError) -> Graph.Compensation? {
        guard node.has("compensate") else { return nil }
        switch try node.value("compensate") {
        case .string(let id):
            guard let position = positions[id] else { throw node.wrong("compensate") }
            return .node(position)
        case .array: return .calls(try calls(node.objects("compensate")))
        default: return .calls(try calls([node.object("compensate")]))
        }
    }

    static func calls(_ objects: [StoredObject]) throws(GraphCodecError) -> [Graph.ToolCall] {
        var calls: [Graph.ToolCall] = []
        for object in objects {
            let arguments = object.has("args") ? try object.template("args") : try StoredObject([:]).template()
            calls.append(Graph.ToolCall(tool: try object.text("tool"), arguments: arguments))
        }
        return calls
    }
}
