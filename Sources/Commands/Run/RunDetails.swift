// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import Engine
import JSON
import Model

/// A run as `run get` shows it.
struct RunDetails {
    let state: RunState
    let workspace: String
    let now: Timestamp

    /// How long it took, or takes so far.
    var duration: Duration { (state.endedAt ?? now) - state.createdAt }

    /// `{id, workflow, definition, status, reason, …}`.
    var json: JSONObject {
        var result: JSONObject = [
            "id": .string(state.id.description), "workflow": .string(state.graph.name),
            "definition": .string(state.graph.hash), "status": .string(state.status.rawValue),
        ]
        result["reason"] = state.waitReason.map { .string($0.rawValue) }
        result["outcome"] = state.outcome.map { .string($0.rawValue) }
        result["created_at"] = .string(state.createdAt.description)
        result["started_at"] = state.startedAt.map { .string($0.description) }
        result["ended_at"] = state.endedAt.map { .string($0.description) }
        if let derivation = state.derivation {
            result["derivation"] = .string(derivation.kind.rawValue)
            result["fork_of"] = .string(derivation.origin.description)
            result["at_seq"] = .int(derivation.sequence)
            result["from"] = derivation.node.map(JSONValue.string)
        }
        result["schedule"] = state.schedule.map { .string($0.description) }
        result["deadline"] = state.deadline.map { .string($0.description) }
        result["duration_ms"] = .int(duration.milliseconds)
        result["inputs"] = state.inputs.value
        result["outputs"] = state.outputs?.value
        result["error"] = state.error?.json
        result["workspace"] = .string(workspace)
        result["last_event"] = .int(state.lastSequence)
        return result
    }

    /// One object for each task.
    var tasks: [JSONValue] {
        state.allTasks.map { ref in
            let task = state[ref]
            var result: JSONObject = [
                "node": .string(state.node(ref).id), "kind": .string(state.node(ref).kind.name),
                "status": .string(task.status.rawValue), "attempts": .int(Int64(task.attempts)),
            ]
            let place = state.place(of: ref.scope)
            if !place.isEmpty { result["place"] = .array(place.map { .int(Int64($0)) }) }
            if task.isReused { result["reused"] = true }
            result["cached_from"] = task.cachedFrom.map { .string($0.description) }
            if task.lostAttempts > 0 { result["lost_attempts"] = .int(Int64(task.lostAttempts)) }
            result["started_at"] = task.startedAt.map { .string($0.description) }
            result["ended_at"] = task.endedAt.map { .string($0.description) }
            result["until"] = task.until.map { .string($0.description) }
            result["output"] = task.output?.value
            result["error"] = task.error?.json
            result["skip_reason"] = task.skipReason.map { .string($0.rawValue) }
            result["case"] = task.chosen.map { .string($0) }
            result["human_task"] = task.humanTask.map { .string($0.id.description) }
            if !task.guidance.isEmpty { result["guidance"] = .array(task.guidance.map(JSONValue.string)) }
            return .object(result)
        }
    }

    /// The tasks for people.
    var table: Table {
        var table = Table([
            .init(title: "TASK"), .init(title: "STATUS", paint: .status), .init(title: "ATTEMPTS", isNumber: true),
            .init(title: "TIME", isNumber: true), .init(title: "NOTE", paint: .dim),
        ])
        for ref in state.allTasks {
            let task = state[ref]
            let attempts = task.attempts > 0 ? "\(task.attempts)" : ""
            table.add([state.name(of: ref), task.status.rawValue, attempts, span(task), note(task)])
        }
        return table
    }

    private func span(_ task: RunState.TaskState) -> String {
        guard let start = task.startedAt else { return "" }
        return TimeText.span((task.endedAt ?? now) - start)
    }

    private func note(_ task: RunState.TaskState) -> String {
        switch task.status {
        case .failed, .retrying: task.error?.description ?? ""
        case .needsReview: task.openRequest?.id.description ?? task.error?.description ?? ""
        case .skipped: task.skipReason?.rawValue ?? ""
        case .waiting: task.openRequest?.id.description ?? task.until.map { "until \(TimeText.date($0))" } ?? ""
        case .completed:
            [
                task.isReused ? "reused" : nil, task.cachedFrom.map { "from the cache: \($0)" },
                task.chosen.map { "→ \($0)" },
            ].compactMap { $0 }.joined(separator: " ")
        case .blocked, .ready, .running, .cancelled, .compensated: ""
        }
    }

    /// Outputs as indented lines; large ones only as the way to see them.
    var outputLines: [String] {
        guard let outputs = state.outputs?.value, outputs.objectValue?.isEmpty != true else { return [] }
        let text = YAMLWriter.text(of: outputs)
        guard text.utf8.count <= 2000 else {
            return ["outputs: \(text.utf8.count) bytes; see `baton run get \(state.id) -o json`"]
        }
        return ["outputs:"] + text.split(separator: "\n").map { "  \($0)" }
    }
}
