// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON
public import Model
internal import Store

/// What a replay came to, beside the run that it computed again.
public struct ReplayReport: Sendable {
    /// A call that was not made, or was made again, with other arguments than the recorded one.
    public struct Call: Sendable, Equatable {
        /// The task.
        public let task: TaskName
        /// SHA-256 of the canonical JSON of the recorded arguments; `nil` when there was no such call.
        public let recorded: String?
        /// The same for the replay.
        public let replayed: String?
    }
    /// The replay, which is a run of its own.
    public let run: RunID
    /// How it was made.
    public let derivation: Derivation
    /// The origin on the left, the replay on the right.
    public let diff: RunDiff
    /// Calls whose arguments are not those that were recorded.
    public let calls: [Call]

    /// Everything came out as recorded: statuses, outputs, and what was called.
    public var isSame: Bool { diff.isSame && calls.isEmpty }

    /// `{run, kind, fork_of, at_seq, from?, same, diff, calls[{task, recorded, replayed}]}`.
    public var json: JSONValue {
        var result: JSONObject = ["run": .string(run.description)]
        for member in derivation.json.members where member.key != "started_at" {
            result.append(member.key, member.value)
        }
        result["same"] = .bool(isSame)
        result["diff"] = diff.json()
        result["calls"] = .array(
            calls.map { call in
                [
                    "task": .string(call.task.description), "recorded": call.recorded.map(JSONValue.string) ?? .null,
                    "replayed": call.replayed.map(JSONValue.string) ?? .null,
                ]
            }
        )
        return .object(result)
    }
}

extension RunReader {
    /// Compares a replay with the run that it computed again. Folds both logs.
    ///
    /// - Throws: `notFound`; `conflict` when the run is no replay; `corrupted`, `unavailable`.
    public func replayReport(ofRun key: Int64) throws(EngineError) -> ReplayReport {
        let replay = try history(ofRun: key, withArguments: true)
        guard let derivation = replay.state.derivation, derivation.isReplay else {
            throw EngineError(.conflict, "\(replay.state.id) is no replay")
        }
        guard let row = try storage({ () throws(StoreError) in try store.run(derivation.origin) }) else {
            throw EngineError(.corrupted, "\(derivation.origin) is missing, which \(replay.state.id) replays")
        }
        let origin = try history(ofRun: row.key, withArguments: true)
        let names = Set(origin.arguments.keys).union(replay.arguments.keys).sorted { $0.description < $1.description }
        let calls = names.compactMap { name -> ReplayReport.Call? in
            let (recorded, replayed) = (origin.arguments[name], replay.arguments[name])
            guard recorded != replayed else { return nil }
            return ReplayReport.Call(task: name, recorded: recorded, replayed: replayed)
        }
        return ReplayReport(
            run: replay.state.id,
            derivation: derivation,
            diff: RunDiff(origin, replay),
            calls: calls
        )
    }
}
