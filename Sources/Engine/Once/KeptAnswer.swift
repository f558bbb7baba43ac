// Baton
// SPDX-License-Identifier: Apache-2.0

internal import JSON
internal import Model

/// How the answer to a kind of request is kept, and given again.
struct KeptAnswer<Value>: Sendable {
    /// What was asked for: a key that was used for something else does not fit.
    let kind: String
    /// What is kept.
    let write: @Sendable (Value) -> JSONValue
    /// The answer again; `nil` when this is none. Some are looked up, and are then as they are now.
    let read: @Sendable (JSONValue, inout ShardLoop, inout Batch) throws(EngineError) -> Value?
    /// The run that was made.
    let run: @Sendable (Value) -> RunID?

    init(
        _ kind: String,
        write: @escaping @Sendable (Value) -> JSONValue,
        read: @escaping @Sendable (JSONValue, inout ShardLoop, inout Batch) throws(EngineError) -> Value?,
        run: @escaping @Sendable (Value) -> RunID? = { _ in nil }
    ) {
        self.kind = kind
        self.write = write
        self.read = read
        self.run = run
    }

    /// An answer that is kept whole.
    init(
        _ kind: String,
        write: @escaping @Sendable (Value) -> JSONValue,
        read: @escaping @Sendable (JSONValue) -> Value?
    ) {
        self.init(kind, write: write, read: { json, _, _ in read(json) })
    }
}

extension KeptAnswer<Void> {
    /// That it is done.
    static let done = KeptAnswer("done", write: { .null }, read: { _ in () })
}

extension KeptAnswer<Int64> {
    /// The number of an event.
    static let event = KeptAnswer("event", write: { .int($0) }, read: \.intValue)
}

extension KeptAnswer<Int> {
    /// How many there were.
    static let count = KeptAnswer("count", write: { .int(Int64($0)) }, read: { $0.intValue.map { Int($0) } })
}

extension KeptAnswer<StartedRun> {
    /// `{run, sequence}`.
    static let started = KeptAnswer(
        "started",
        write: { ["run": .string($0.id.description), "sequence": .int($0.sequence)] },
        read: { json, _, _ in
            guard let id = json["run"]?.stringValue.flatMap(RunID.init), let sequence = json["sequence"]?.intValue
            else { return nil }
            return StartedRun(id: id, sequence: sequence)
        },
        run: \.id
    )
}

extension KeptAnswer<TriggeredRun> {
    /// `{run, outcome, message?}`.
    static let triggered = KeptAnswer(
        "triggered",
        write: { triggered in
            var json: JSONObject = ["run": .string(triggered.run.description)]
            switch triggered.outcome {
            case .started: json["outcome"] = "started"
            case .waiting: json["outcome"] = "waiting"
            case .skipped: json["outcome"] = "skipped"
            case .failed(let message):
                json["outcome"] = "failed"
                json["message"] = .string(message)
            }
            return .object(json)
        },
        read: { json in
            guard let run = json["run"]?.stringValue.flatMap(RunID.init) else { return nil }
            switch json["outcome"] {
            case "started": return TriggeredRun(run: run, outcome: .started)
            case "waiting": return TriggeredRun(run: run, outcome: .waiting)
            case "skipped": return TriggeredRun(run: run, outcome: .skipped)
            case "failed": return TriggeredRun(run: run, outcome: .failed(json["message"]?.stringValue ?? ""))
            default: return nil
            }
        }
    )
}

extension KeptAnswer<BulkReport> {
    /// `[{id, code?, message?}]`.
    static let bulk = KeptAnswer(
        "bulk",
        write: { report in
            .array(
                report.items.map { item in
                    var json: JSONObject = ["id": .string(item.id)]
                    json["code"] = item.error.map { .string($0.code.rawValue) }
                    json["message"] = item.error.map { .string($0.message) }
                    return .object(json)
                }
            )
        },
        read: { json in
            guard let items = json.arrayValue else { return nil }
            return BulkReport(
                items.map { item in
                    let code = item["code"]?.stringValue.flatMap(EngineError.Code.init)
                    let error = code.map { EngineError($0, item["message"]?.stringValue ?? "") }
                    return BulkReport.Item(id: item["id"]?.stringValue ?? "", error: error)
                }
            )
        }
    )
}
