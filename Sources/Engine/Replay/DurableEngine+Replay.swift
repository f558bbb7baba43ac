// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import JSON
public import Model
internal import Store
internal import Threads

/// A run to compute again (spec 6.6).
public struct ReplayRequest: Sendable {
    /// How.
    public enum Mode: String, Sendable, CaseIterable {
        /// All recorded results are served back: no executor is called, by no clock but that of the recording. The
        /// replay has ended when it is answered.
        case freeze
        /// What only reads is called again, writes are served from the recording. The replay goes on as any other run.
        case shadow
    }
    /// The run; it must have ended.
    public var run: RunID
    /// How.
    public var mode: Mode
    /// Only this node of the graph itself and what comes after it; `nil` for all.
    public var node: String?
    /// The id of the replay, chosen by the client.
    public var id: RunID
    /// Who asks: `user:NAME`.
    public var actor: String

    /// Puts a request together.
    public init(_ run: RunID, _ mode: Mode, from node: String? = nil, id: RunID, actor: String) {
        self.run = run
        self.mode = mode
        self.node = node
        self.id = id
        self.actor = actor
    }
}

extension DurableEngine {
    /// Computes a run again, as a run of its own. ``RunReader/replayReport(ofRun:)`` compares both.
    ///
    /// Everything that the engine computes is computed anew: branches, conditions, transformations, outputs. Results of
    /// executors, answers of people, signals and times come from the recording. Nothing is sent, nobody is asked.
    /// - Returns: The replay; it is durable.
    /// - Throws: `notFound`; `conflict` when the run has not ended, or the id is taken; `invalid` for an unknown node;
    ///   `corrupted`, `draining`, `storageFull`, `unavailable`.
    public func replay(_ request: ReplayRequest) async throws(EngineError) -> StartedRun {
        let reader = reader
        let prepared = await blobThread.run { () -> Result<PreparedReplay, EngineError> in
            Result { () throws(EngineError) in try PreparedReplay(request, reader) }
        }
        switch try prepared.get() {
        case .finished(let replay): return try await ask { .again(.storeReplay(replay, $0)) }
        case .shadow(let shadow): return try await ask { .again(.shadow(shadow, $0)) }
        }
    }
}

/// What a replay needs of the loop.
enum PreparedReplay: Sendable {
    case finished(FinishedReplay)
    case shadow(ShadowRequest)

    /// Reads the recording, and with `freeze` plays it. Blocks for as long as folding the log takes.
    init(_ request: ReplayRequest, _ reader: RunReader) throws(EngineError) {
        let origin = try reader.replayOrigin(try reader.key(of: request.run))
        do throws(Refusal) {
            let recording = try origin.served(from: request.node)
            switch request.mode {
            case .freeze: self = .finished(try Self.play(request, origin, recording, reader))
            case .shadow:
                self = .shadow(
                    ShadowRequest(
                        origin: origin,
                        id: request.id,
                        node: request.node,
                        player: RecordingPlayer(recording),
                        actor: request.actor
                    )
                )
            }
        } catch {
            throw EngineError(refusal: error)
        }
    }

    private static func play(
        _ request: ReplayRequest,
        _ origin: ReplayOrigin,
        _ recording: Recording,
        _ reader: RunReader
    ) throws(Refusal) -> FinishedReplay {
        let begin = recording.turns.first?.at ?? origin.end.endedAt ?? origin.end.createdAt
        let machine = try origin.machine(
            .freeze,
            as: request.id,
            from: request.node,
            at: begin,
            entropy: 0,
            actor: request.node == nil ? origin.actor : request.actor
        )
        var replay = RunReplay(machine) { reader.items(in: $0) }
        replay.play(recording)
        return FinishedReplay(
            origin: origin,
            state: replay.machine.state,
            records: replay.records,
            blobs: replay.blobs,
            sharedEvents: origin.sharedEvents(from: request.node)
        )
    }
}
