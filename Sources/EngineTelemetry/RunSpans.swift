// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
public import Engine
internal import Hashing
internal import JSON
public import Model
internal import Store
public import Telemetry

/// Makes spans of what the engine commits: one for each run, and in it one for each attempt of a task. Pure.
///
/// The trace of a run is its id, so that it can be found from either side. Attempts that began before this value did are
/// left out. A run that goes on after its end gives its span again, longer, when it ends the next time.
public struct RunSpans: Sendable {
    private struct Attempt: Sendable {
        let number: Int
        let start: Timestamp
        let worker: String
    }
    private var attempts: [RunID: [TaskRef: Attempt]] = [:]

    /// Knows no attempts.
    public init() {}

    /// Attempts that have begun and not ended.
    public var openCount: Int { attempts.values.reduce(0) { $0 + $1.count } }

    /// The spans that end with this.
    public mutating func take(_ commit: ObservedCommit) -> [Span] {
        commit.runs.flatMap { take($0, at: commit.at) }
    }

    /// The spans of one run that end with this.
    public mutating func take(_ run: ObservedRun, at now: Timestamp) -> [Span] {
        var spans: [Span] = []
        for event in run.events {
            guard let task = event.task else { continue }
            if case .taskStarted(let number, _, let worker) = event.body {
                attempts[run.row.id, default: [:]][task] = Attempt(number: number, start: now, worker: worker)
            } else if let end = AttemptEnd(event.body), let attempt = attempts[run.row.id]?.removeValue(forKey: task) {
                spans.append(span(of: attempt, task, run, end, now))
            }
        }
        if run.row.status.isTerminal, run.events.contains(where: { $0.body.type.endsRun }) {
            for (task, attempt) in (attempts[run.row.id] ?? [:]).sorted(by: { $0.key < $1.key }) {
                spans.append(span(of: attempt, task, run, .stopped, now))
            }
            spans.append(span(of: run))
        }
        if run.row.status.isTerminal || attempts[run.row.id]?.isEmpty == true { attempts[run.row.id] = nil }
        return spans
    }

    /// The trace of a run.
    public static func trace(of run: RunID) -> Span.Trace { Span.Trace(high: run.high, low: run.low) }

    /// The span of a run within its trace.
    public static func rootID(of run: RunID) -> Span.ID { run.low == 0 ? 1 : run.low }

    /// The span of an attempt.
    public static func attemptID(_ run: RunID, _ task: TaskRef, attempt: Int) -> Span.ID {
        let digest = SHA256.digest(Array("\(run)/\(task.number)/\(attempt)".utf8))
        let id = digest.prefix(8).reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
        return id == 0 ? 1 : id
    }

    private func span(of run: ObservedRun) -> Span {
        let row = run.row
        var attributes: JSONObject = [
            "baton.run": .string(row.id.description), "baton.workflow": .string(row.workflow),
            "baton.status": .string(row.status.rawValue), "baton.graph": .string(row.graphHash),
            "baton.project": .string(run.project),
        ]
        if !run.tenant.isEmpty { attributes["baton.tenant"] = .string(run.tenant) }
        attributes["baton.parent"] = run.parent.map { .string($0.description) }
        // The message of an error may hold contents; its code does not.
        let code = row.error.map { String($0.prefix { $0 != ":" }) }
        attributes["error.type"] = code.map(JSONValue.string)
        return Span(
            trace: Self.trace(of: row.id),
            id: Self.rootID(of: row.id),
            name: "run \(row.workflow)",
            start: row.createdAt,
            end: row.endedAt ?? row.createdAt,
            status: row.status == .completed ? .good : row.status == .cancelled ? .unset : .failed(code ?? ""),
            attributes: attributes,
            links: run.parent.map { [Span.Link(trace: Self.trace(of: $0), span: Self.rootID(of: $0))] } ?? []
        )
    }

    private func span(
        of attempt: Attempt,
        _ task: TaskRef,
        _ run: ObservedRun,
        _ end: AttemptEnd,
        _ now: Timestamp
    ) -> Span {
        let node = run.graph.nodes.indices.contains(task.node) ? run.graph.nodes[task.node] : nil
        var attributes: JSONObject = [
            "baton.run": .string(run.row.id.description), "baton.workflow": .string(run.row.workflow),
            "baton.task": .string(node?.id ?? ""), "baton.kind": .string(node?.kind.name ?? ""),
            "baton.attempt": .int(Int64(attempt.number)), "baton.worker": .string(attempt.worker),
            "baton.outcome": .string(end.outcome),
        ]
        if task.scope > 0 { attributes["baton.scope"] = .int(Int64(task.scope)) }
        attributes["error.type"] = end.code.map(JSONValue.string)
        return Span(
            trace: Self.trace(of: run.row.id),
            id: Self.attemptID(run.row.id, task, attempt: attempt.number),
            parent: Self.rootID(of: run.row.id),
            name: "task \(node?.id ?? "")",
            start: attempt.start,
            end: now,
            status: end.status,
            attributes: attributes
        )
    }
}

extension EventType {
    /// A run that has this event may be at its end; its status says whether it is.
    var endsRun: Bool {
        switch self {
        case .runCompleted, .runFailed, .runCancelled, .runCompensated, .runCompensationFailed: true
        default: false
        }
    }
}
