// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import JSON
internal import Model

extension RunState: SnapshotFields {
    static let fields: [StateField<Self>] = [
        StateField(
            "graph",
            write: { state, _ in .string(state.graph.base.hash) },
            read: { state, json, _ in
                guard json.stringValue == state.graph.base.hash else { throw SnapshotError(json) }
            }
        ),
        // What changed the graph; the decoder has made it again.
        StateField("patches", \.patches, default: PatchLog()),
        StateField("compensations", \.compensations, default: CompensationStack()),
        StateField("id", \.id),
        StateField("inputs", \.inputs),
        StateField("status", \.status),
        StateField("waitReason", \.waitReason),
        StateField("pause", \.pause),
        StateField("root", \.root),
        StateField("inner", \.inner, default: [:]),
        StateField("lastScope", \.lastScope, default: 0),
        StateField("loops", \.loops, default: [:]),
        StateField("maps", \.maps, default: [:]),
        StateField("teams", \.teams, default: [:]),
        StateField("infos", \.infos, default: [:]),
        StateField("counts", \.counts),
        StateField("outcome", \.outcome),
        StateField("phases", \.phases, default: []),
        StateField("wave", \.wave),
        StateField("outputs", \.outputs),
        StateField("error", \.error),
        StateField("failedTask", \.failedTask),
        StateField("createdAt", \.createdAt),
        StateField("startedAt", \.startedAt),
        StateField("endedAt", \.endedAt),
        StateField("deadline", \.deadline),
        StateField("derivation", \.derivation),
        StateField("parent", \.parent),
        StateField("schedule", \.schedule),
        StateField("priority", \.priority),
        StateField("labels", \.labels, default: [:]),
        StateField(
            "tenant",
            write: { state, _ in .string(state.tenant) },
            read: { state, json, decoder in
                // Older snapshots have no name for the first one.
                let name = try String(snapshot: json, decoder)
                state.tenant = name.isEmpty ? Ownership.defaultTenant : name
            }
        ),
        StateField("owner", \.owner),
        StateField("project", \.project),
        StateField("apiKey", \.apiKey),
        StateField("budget", \.budget, default: .none),
        StateField("holds", \.holds, default: [:]),
        StateField("execution", \.execution, default: .auto),
        StateField("claims", \.claims, default: [:]),
        StateField("steps", \.steps, default: [:]),
        StateField("verifications", \.verifications, default: [:]),
        StateField("costs", \.costs, default: [:]),
        StateField("assigned", \.assigned, default: [:]),
        StateField("signals", \.signals, default: SignalBox()),
        StateField("detached", \.detached, default: [:]),
        StateField("lastSequence", \.lastSequence),
    ]
}

extension RunState.Pause: SnapshotFields, SnapshotValue {
    static let fields: [StateField<Self>] = [
        StateField("by", \.by), StateField("reason", \.reason), StateField("at", \.at),
    ]

    init(snapshot json: JSONValue, _ decoder: SnapshotDecoder) throws {
        self.init(by: "", at: Timestamp(milliseconds: 0))
        try readFields(json, decoder)
    }
}

extension RunState.TaskState: SnapshotFields {
    static let fields: [StateField<Self>] = [
        StateField("status", \.status, default: .blocked),
        StateField("attempts", \.attempts, default: 0),
        StateField("lostAttempts", \.lostAttempts, default: 0),
        StateField("attemptsBefore", \.attemptsBefore, default: 0),
        StateField("lostBefore", \.lostBefore, default: 0),
        StateField("crashes", \.crashes, default: 0),
        StateField("countedSince", \.countedSince),
        StateField("repeats", \.repeats, default: 0),
        StateField("isReused", \.isReused, default: false),
        StateField("cachedFrom", \.cachedFrom),
        StateField("isCutOff", \.isCutOff, default: false),
        StateField("isCalledOff", \.isCalledOff, default: false),
        StateField("fence", \.fence, default: 0),
        StateField("worker", \.worker),
        StateField("output", \.output),
        StateField("error", \.error),
        StateField("skipReason", \.skipReason),
        StateField("chosen", \.chosen),
        StateField("until", \.until),
        StateField("readyReason", \.readyReason),
        StateField("requests", \.requests, default: []),
        StateField("guidance", \.guidance, default: []),
        StateField("failedAttempts", \.failedAttempts, default: []),
        StateField("attention", \.attention),
        StateField("awaited", \.awaited),
        StateField("child", \.child),
        StateField("since", \.since),
        StateField("startedAt", \.startedAt),
        StateField("endedAt", \.endedAt),
        StateField("log", \.log),
    ]
    /// Counted again from the edges.
    static let derivedProperties = ["taken", "dead", "broken"]

    /// The task as it is written.
    var withoutEdges: Self {
        var task = self
        (task.taken, task.dead, task.broken) = (0, 0, 0)
        return task
    }
}
