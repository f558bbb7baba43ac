// Baton
// SPDX-License-Identifier: Apache-2.0

import Engine
import Model
import Store
import StoreSQLite
import Testing
import Threads

@testable import Tools

/// Death while a schedule fires.
@Suite(.offPool, .timeLimit(.minutes(10))) struct ScheduleCrashTests {
    private static let threads = BlockingThreads(named: "crash-schedules", count: 2)
    private static let workflow = "workflow: tick\nnodes: [{id: a, type: transform, config: {expr: 1}}] # FOLDER"

    @Test(arguments: [CrashPoint.beforeCommit, .afterCommit])
    func `each firing has exactly one run, whenever the process dies`(_ point: CrashPoint) async throws {
        let problems = try await Self.threads.run {
            Result { try Self.dieWhileFiring(point) }
        }.get()
        #expect(problems.isEmpty)
    }

    private static func dieWhileFiring(_ point: CrashPoint) throws -> [String] {
        let folder = try CrashFolder(workflow)
        let published = try folder.baton(["workflow", "publish", "flow.yaml"]).run()
        let made = try folder.baton(["schedule", "create", "s", "tick", "--every", "1s", "--overlap", "allow_all"])
            .run()
        guard published.exit == 0, made.exit == 0 else { return [published.errors, made.errors] }
        var problems: [String] = []
        for kill in [1, 2, 3, 4].map({ Kill.point(point, $0) }) + [.line(12)] {
            let killed = try folder.baton(["schedule", "run", "-o", "jsonl"]).run(kill)
            if !killed.isKilled { problems.append("\(kill): \(killed.errors)") }
        }
        let store = try SQLiteRunStore.openForReading(folder.data)
        defer { store.close() }
        guard let row = try store.schedule(named: "s") else { return ["there is no schedule"] }
        let schedule = try Schedule(row)
        let (definition, state) = (schedule.definition, schedule.state)
        let firings = definition.timing.firings(after: definition.createdAt, 1000).prefix { $0 <= state.handled }
        for time in firings where try store.run(ScheduleFiring(time: time, origin: .timing).run(of: row.id)) == nil {
            problems.append("the firing at \(time) has no run")
        }
        var filter = RunFilter()
        filter.limit = 1000
        let count = try store.runs(filter).count
        if firings.count < 5 || count != firings.count || state.started != count {
            problems.append("\(firings.count) firings, \(count) runs, \(state.started) started, \(state.recentSkips)")
            problems.append("\(String(describing: state.lastFailure)) \(state.open.count) open")
        }
        return problems
    }
}
