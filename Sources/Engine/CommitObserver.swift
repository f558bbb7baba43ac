// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model
public import Store

/// Is told what became durable; for measurements and traces. Without one nothing is measured.
public protocol CommitObserver: Sendable {
    /// A commit was flushed; nobody was told yet. Called by the engine's thread, in the order of the commits: it must only
    /// hand the value on, because everything waits for it.
    func committed(_ commit: ObservedCommit)
}

/// One commit of the engine.
public struct ObservedCommit: Sendable {
    /// The time its events carry.
    public let at: Timestamp
    /// How long the store took, flush included.
    public let duration: Duration
    /// What it did to runs; empty when it only moved rows.
    public let runs: [ObservedRun]
    /// Events in it.
    public var eventCount: Int { runs.reduce(0) { $0 + $1.events.count } }
}

/// What one commit did to a run.
public struct ObservedRun: Sendable {
    /// The run as it is now.
    public let row: RunRow
    /// The graph that tasks refer to.
    public let graph: RunGraph
    /// Whose it is; empty while there is one tenant.
    public let tenant: String
    /// The project.
    public let project: String
    /// The run that started it.
    public let parent: RunID?
    /// Its new events, in order.
    public let events: [Event]
}

extension ShardLoop {
    /// Tells the observer, if there is one.
    func observe(_ batch: Batch, duration: Duration) {
        guard let observer else { return }
        let runs = batch.runs.filter { !$0.machine.events.isEmpty }.map { run in
            ObservedRun(
                row: RunRow(key: run.key, state: run.state),
                graph: run.state.graph,
                tenant: run.state.tenant,
                project: run.state.project,
                parent: run.state.parent?.run,
                events: run.machine.events
            )
        }
        observer.committed(ObservedCommit(at: batch.now, duration: duration, runs: runs))
    }
}
