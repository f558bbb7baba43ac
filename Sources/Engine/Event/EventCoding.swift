// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import JSON
internal import Model

/// Events as JSON, as the log holds them: `{"type", "node"?, "scope"?, "index"?, "actor"?, "data"?}`. Sequence numbers and times
/// belong to the record around them.
struct EventEncoder {
    let graph: RunGraph
    private(set) var bytes: [UInt8] = [UInt8(ascii: "[")]
    private var isFirst = true

    init(graph: RunGraph) {
        self.graph = graph
    }

    mutating func append(_ event: Event) {
        if !isFirst { bytes.append(UInt8(ascii: ",")) }
        isFirst = false
        write("{\"type\":\"")
        write(event.body.type.rawValue)
        write("\"")
        if let task = event.task {
            write(",\"node\":")
            JSONWriter.appendString(graph.nodes[task.node].id, into: &bytes)
            if task.scope != 0 {
                write(",\"scope\":")
                JSONWriter.appendInteger(Int64(task.scope), into: &bytes)
            }
            if graph.isAdded(task.node) {
                // No document has its id.
                write(",\"index\":")
                JSONWriter.appendInteger(Int64(task.node), into: &bytes)
            }
        }
        if let actor = event.actor {
            write(",\"actor\":")
            JSONWriter.appendString(actor, into: &bytes)
        }
        appendData(event.body)
        write("}")
    }

    /// The finished array.
    mutating func finish() -> [UInt8] {
        bytes.append(UInt8(ascii: "]"))
        return bytes
    }

    private mutating func write(_ text: String) {
        bytes.append(contentsOf: text.utf8)
    }

    private mutating func appendData(_ body: Event.Body) {
        // The two most frequent kinds are written by hand.
        switch body {
        case .taskStarted(let attempt, let fence, let worker):
            write(",\"data\":{\"attempt\":")
            JSONWriter.appendInteger(Int64(attempt), into: &bytes)
            write(",\"fence\":")
            JSONWriter.appendInteger(fence, into: &bytes)
            write(",\"worker\":")
            JSONWriter.appendString(worker, into: &bytes)
            return write("}")
        case .taskCompleted(let output, let routing, nil) where output.blob == nil && routing == Event.Routing():
            write(",\"data\":{\"output\":{\"value\":")
            output.value.write(into: &bytes)
            return write("}}")
        default:
            break
        }
        let data = body.data
        guard !data.isEmpty else { return }
        write(",\"data\":")
        JSONValue.object(data).write(into: &bytes)
    }
}

extension Event.Body {
    /// The keys of `data`.
    var data: JSONObject {
        switch self {
        case .runQueued(let origin): origin.json
        case .runStarted, .runResumed: [:]
        case .runWaiting(let reason): ["reason": .string(reason.rawValue)]
        case .runPaused(let reason), .runCancelled(let reason, false): Self.optional("reason", reason)
        case .runCancelled(let reason, true): Self.terminated(reason)
        case .runCompleted(let outputs): ["outputs": .object(outputs.json)]
        case .runFailed(let error): ["error": error.json]
        case .taskReady(let reason): ["reason": .string(reason.rawValue)]
        case .held(let hold): hold.data
        case .taskStarted(let attempt, let fence, let worker):
            ["attempt": .int(Int64(attempt)), "fence": .int(fence), "worker": .string(worker)]
        case .taskCompleted(let output, let routing, let log):
            Self.ending(["output": .object(output.json)], routing, log)
        case .taskFailed(let error, let routing, let log): Self.ending(["error": error.json], routing, log)
        case .taskRetrying(let error, let next, let unit, let log):
            Self.ending(
                ["error": error.json, "next_attempt_at": .int(next.milliseconds), "unit": .double(unit)],
                Event.Routing(),
                log
            )
        case .taskWaiting(let until): ["until": .int(until.milliseconds)]
        case .taskSkipped(let reason, let routing):
            Self.ending(["reason": .string(reason.rawValue)], routing, nil)
        case .taskCancelled(let reason): ["reason": .string(reason)]
        case .runUpdated(let update): update.data
        case .again(let event): event.data
        case .child(let event): event.data
        case .signal(let event): event.data
        case .loop(let event): event.data
        case .map(let event): event.data
        case .team(let event): event.data
        case .compensation(let event): event.data
        case .group(let event): event.data
        case .phase(let event): event.data
        case .wave(let event): event.data
        case .patch(let event): event.data
        case .human(let event): event.data
        case .review(let event): event.data
        case .budget(let event): event.data
        case .supervision(let event): event.data
        case .claim(let event): event.data
        case .step(let event): event.data
        case .deadLetter(let event): event.data
        case .verification(let event): event.data
        case .pattern(let event): event.data
        }
    }

    private static func optional(_ key: String, _ text: String?) -> JSONObject {
        text.map { [key: .string($0)] } ?? [:]
    }

    private static func terminated(_ reason: String?) -> JSONObject {
        var data = optional("reason", reason)
        data["terminated"] = true
        return data
    }

    private static func ending(_ data: JSONObject, _ routing: Event.Routing, _ log: BlobRef?) -> JSONObject {
        var data = data
        if !routing.dead.isEmpty { data["dead_edges"] = .array(routing.dead.map { .int(Int64($0)) }) }
        if let chosen = routing.chosen { data["case"] = .string(chosen) }
        if let log { data["log"] = log.json }
        return data
    }
}

extension Event.RunOrigin {
    fileprivate var json: JSONObject {
        var data: JSONObject = [
            "id": .string(id.description), "workflow": .string(workflow), "graph": .string(graphHash),
            "inputs": .object(inputs.json),
        ]
        if let deadline { data["deadline"] = .int(deadline.milliseconds) }
        if let derivation { data["derivation"] = .object(derivation.json) }
        data["priority"] = priority.map { .int(Int64($0)) }
        if !labels.isEmpty { data["labels"] = JSONValue(labels) }
        if ownership.tenant != Ownership.defaultTenant { data["tenant"] = .string(ownership.tenant) }
        data["owner"] = ownership.owner.map(JSONValue.string)
        data["project"] = ownership.project.map(JSONValue.string)
        data["api_key"] = ownership.apiKey.map { .string($0.description) }
        if budget != .none { data["budget"] = budget.json }
        if execution != .auto { data["execution"] = .string(execution.rawValue) }
        data["schedule"] = schedule.map { .string($0.description) }
        if let parent {
            data["parent"] = [
                "run": .string(parent.run.description), "task": .int(Int64(parent.task.number)),
                "depth": .int(Int64(parent.depth)),
            ]
        }
        return data
    }
}
