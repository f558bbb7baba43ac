// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import JSON
internal import Model
internal import Store

/// After the faults: whatever waits for somebody gets what it waits for, until every run has ended.
extension Simulator {
    private static let rounds = 40

    func finale() {
        for _ in 0..<Self.rounds where report.violation == nil {
            auditMemory()
            let open = disk.rows.openRuns()
            guard !open.isEmpty else { return }
            for run in open where report.violation == nil { help(run) }
            goOn()
        }
        guard report.violation == nil, let run = disk.rows.openRuns().first else { return }
        let explanation = state(ofRun: run.key).map { Explanation($0, now: clock.wall()) }
        let causes = explanation?.waitingFor.map { "`\($0.name)` \($0.cause.sentence(now: clock.wall()))" } ?? []
        violate(
            .progress,
            "\(run.id) has not ended after everything it waited for came; it is \(run.status): "
                + causes.joined(separator: "; ")
        )
    }

    /// Gives a run what it waits for. One that waits for nothing that anybody can give is stuck.
    private func help(_ run: OpenRunRow) {
        guard let state = state(ofRun: run.key) else { return }
        let explanation = Explanation(state, now: clock.wall())
        let openTasks = state.openScopes.reduce(0) { $0 + $1.scope.open }
        guard explanation.waitingFor.count == openTasks else {
            return violate(
                .progress,
                "\(run.id) has \(openTasks) open tasks, \(explanation.waitingFor.count) have a cause"
            )
        }
        if state.status == .paused { return call(.control(run.id, .resume)) }
        var isHelped = false
        for item in explanation.waitingFor {
            switch item.cause {
            case .human(let asked), .review(let asked?, _):
                let choices = asked.request.choices.map(\.id)
                if let choice = choices.first(where: ["skip", "stop"].contains) {
                    call(.answer(asked.request.id, choice: choice))
                } else {
                    call(.decide(asked.request.id, isApproved: true, by: "user:cat"))
                }
                isHelped = true
            case .signal(let type, let key, _):
                let dedupeKey = "finale \(calls.count)"
                call(
                    .signal(
                        .run(run.id),
                        RunSignal(dedupeKey: dedupeKey, type: type, key: key, payload: Payload(inline: 3))
                    )
                )
                isHelped = true
            case .admission:
                // Whoever holds the key is helped too.
                isHelped = isHelped || disk.rows.openRuns().count > 1
            case .budget(let shortage, _):
                call(.lift(shortage.account.scope))
                isHelped = true
            case .child(let child):
                isHelped = isHelped || isOpen(child)
            default: break
            }
        }
        // A run may wait for one that it started without waiting for its result.
        isHelped = isHelped || (state.status == .waiting && state.waitReason == .external && hasOpenChild(of: run.id))
        guard !isHelped else { return }
        noteEvents(ofRun: run.key)
        let causes = explanation.waitingFor.map { "`\($0.name)` \($0.cause.sentence(now: clock.wall()))" }
        violate(.progress, "\(run.id) is \(state.status) and nothing will happen: \(causes.joined(separator: "; "))")
    }

    private func noteEvents(ofRun key: Int64) {
        guard trace != nil else { return }
        try? RunReader(store: disk.rows, blobs: disk.blobs).forEachEvent(ofRun: key) { number, at, event, _ in
            note("event \(number) at \(at): \(event)")
        }
    }

    private func isOpen(_ run: RunID) -> Bool {
        disk.rows.run(run).map { !$0.status.isTerminal } ?? false
    }

    private func hasOpenChild(of parent: RunID) -> Bool {
        disk.rows.openRuns().contains { state(ofRun: $0.key)?.parent?.run == parent }
    }

    /// The state of a run as its log gives it.
    func state(ofRun key: Int64) -> RunState? {
        do {
            return try RunReader(store: disk.rows, blobs: disk.blobs).state(ofRun: key)
        } catch {
            violate(.log, "run \(key) cannot be read: \(error)")
            return nil
        }
    }
}
