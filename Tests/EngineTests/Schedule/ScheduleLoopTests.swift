// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Model
import Store
import Testing

@testable import Engine

/// Schedules in the loop (spec 12.6): what becomes durable together, and what starts.
@Suite struct ScheduleLoopTests {
    private func code(_ body: () throws -> Void) -> EngineError.Code? {
        do {
            try body()
            return nil
        } catch {
            return (error as? EngineError)?.code
        }
    }

    @Test func `each time starts one run, whichever commit fails and whenever the process dies`() throws {
        for broken in 0...14 {
            let bench = try ScheduleBench()
            bench.drive()
            if broken > 0 { bench.store.fail(broken, with: StoreError(.full, "as told")) }
            let definition = try bench.definition(overlap: .allowAll)
            if (try? bench.create(definition)) == nil { try bench.create(definition) }
            bench.pass(minutes: 25)
            bench.restart()
            bench.pass(minutes: 15)
            bench.clock.advance(.seconds(20 * 60))
            bench.restart()
            bench.restart()
            for minutes in stride(from: 10, through: 60, by: 10) {
                #expect(try bench.status(bench.run(at: minutes)) == .completed, "\(minutes) after commit \(broken)")
            }
            let state = try bench.schedule().state
            #expect(try bench.runs() == 6 && state.started == 6, "commit \(broken)")
            #expect(state.open.isEmpty && state.recent.count == 6, "commit \(broken)")
            #expect(bench.failStops.withLock { $0 }.isEmpty)
        }
    }

    @Test func `runs are charged to the API key that the schedule was made with`() throws {
        let bench = try ScheduleBench()
        bench.drive()
        var definition = try bench.definition(overlap: .allowAll)
        definition.ownership = Ownership(tenant: "default", owner: "user:a", apiKey: APIKeyID(high: 4, low: 1))
        try bench.create(definition)
        bench.restart()
        bench.pass(minutes: 10)
        #expect(try bench.schedule().definition == definition)
        let key = try #require(try bench.store.run(bench.run(at: 10))).key
        let reader = RunReader(store: bench.store, blobs: bench.blobs)
        #expect(try reader.state(ofRun: key).ownership == definition.ownership)
    }

    @Test func `policies decide while a run is open`() throws {
        // Of the firings after 10, 20 and 30 minutes.
        let expected: [(OverlapPolicy, [RunStatus?], waiting: Int, skipped: Int)] = [
            (.skip, [.running, nil, nil], 0, 2),
            (.bufferOne, [.running, nil, nil], 1, 1),
            (.bufferAll, [.running, nil, nil], 2, 0),
            (.cancelOther, [.cancelled, .cancelled, .running], 0, 0),
            (.terminateOther, [.cancelled, .cancelled, .running], 0, 0),
            (.allowAll, [.running, .running, .running], 0, 0),
        ]
        for (policy, statuses, waiting, skipped) in expected {
            let bench = try ScheduleBench()
            bench.hangs = true
            bench.drive()
            try bench.create(try bench.definition(overlap: policy))
            bench.pass(minutes: 30)
            let found = try [10, 20, 30].map { try bench.status(bench.run(at: $0)) }
            #expect(found == statuses, "\(policy)")
            var state = try bench.schedule().state
            #expect(state.waiting.count == waiting && state.skipped[.overlap] ?? 0 == skipped, "\(policy)")
            #expect(state.recentSkips.count == skipped, "\(policy)")
            // The end of a run lets the next one begin, also of a run that ended before a restart.
            for run in state.open { bench.complete(run.run) }
            state = try bench.schedule().state
            #expect(state.open.count == min(waiting, 1), "\(policy)")
            bench.restart()
            for run in state.open { bench.complete(run.run) }
            #expect(try bench.schedule().state.open.count == max(0, waiting - 1), "\(policy)")
        }
    }

    @Test func `a schedule counts its own runs, not their children, and people may cancel them`() throws {
        let bench = try ScheduleBench()
        bench.published.graphs["report"] = try compile(
            """
            workflow: report
            nodes:
              - {id: ask, type: workflow, config: {workflow: {workflow: child, nodes: [{id: work, type: tool, config: {tool: noop}}]}}}
              - {id: after, type: tool, depends_on: [ask], config: {tool: noop}}
            """
        )
        bench.hangs = true
        bench.drive()
        try bench.create(try bench.definition())
        bench.pass(minutes: 10)
        let parent = try #require(try bench.store.run(bench.run(at: 10)))
        let reader = RunReader(store: bench.store, blobs: bench.blobs)
        let state = try reader.state(ofRun: parent.key)
        #expect(state.schedule == ScheduleID(high: 1, low: 1))
        let child = try #require(state.children.first)
        #expect(try reader.state(ofRun: try #require(try bench.store.run(child)).key).schedule == nil)
        bench.complete(child)
        #expect(try bench.status(child) == .completed)
        #expect(try bench.schedule().state.open.map(\.run) == [parent.id])
        try bench.ask { $0.control(parent.id, .cancel(reason: nil), by: "user:a", $1) }
        #expect(try bench.schedule().state.open.isEmpty)
        bench.pass(minutes: 10)
        #expect(try bench.status(bench.run(at: 20)) == .waiting)
    }

    @Test func `while it is paused only triggers and the past start`() throws {
        let bench = try ScheduleBench()
        bench.drive()
        let id = try bench.create(try bench.definition()).definition.id
        try bench.ask { $0.pauseSchedule(id, note: "deploy", $1) }
        #expect(code { try bench.ask { $0.pauseSchedule(id, note: nil, $1) } } == .conflict)
        bench.pass(minutes: 30)
        #expect(try bench.runs() == 0)
        let triggered = try bench.trigger(id, nil)
        #expect(try triggered.outcome == .started && bench.status(triggered.run) == .completed)
        bench.hangs = true
        let open = try bench.trigger(id, nil)
        #expect(try bench.trigger(id, nil).outcome == .skipped)
        #expect(try bench.trigger(id, .bufferOne).outcome == .waiting)
        #expect(try bench.trigger(id, .allowAll).outcome == .started)
        bench.hangs = false
        bench.complete(open.run)
        #expect(try bench.runs() == 4)
        try bench.ask { $0.resumeSchedule(id, note: nil, $1) }
        let (from, to) = (ScheduleBench.start + .seconds(1), bench.clock.wall())
        try bench.ask { $0.backfill(id, from: from, to: to, isParallel: false, $1) }
        #expect(try [10, 20, 30].allSatisfy { try bench.status(bench.run(at: $0)) == .completed })
        let future = code { try bench.ask { $0.backfill(id, from: to, to: to + .seconds(1), isParallel: true, $1) } }
        #expect(future == .invalid)
        #expect(try bench.runs() == 7)
        #expect(try bench.schedule().state.skipped[.paused] == 3)
    }

    @Test func `a workflow that does not exist or does not fit is told, and the next firing tries again`() throws {
        let bench = try ScheduleBench()
        bench.drive()
        var definition = try bench.definition()
        definition.workflow = "none"
        try bench.create(definition)
        bench.pass(minutes: 10)
        var state = try bench.schedule().state
        #expect(state.failed == 1 && state.started == 0 && state.open.isEmpty && state.recent.isEmpty)
        #expect(state.lastFailure?.message == "there is no workflow `none`")
        let triggered = try bench.trigger(definition.id, nil)
        #expect(triggered.outcome == .failed("there is no workflow `none`"))
        definition.inputs = ["a": 1]
        definition.workflow = "report"
        try bench.change(definition)
        bench.pass(minutes: 10)
        state = try bench.schedule().state
        #expect(state.lastFailure?.message.contains("do not fit `report`") == true && state.failed == 3)
        definition.inputs = [:]
        try bench.change(definition)
        bench.pass(minutes: 10)
        #expect(try bench.status(bench.run(at: 30)) == .completed && bench.runs() == 1)
    }

    @Test func `a firing waits for a catalogue that cannot be read, and a clock that went back fires nothing again`()
        throws
    {
        let bench = try ScheduleBench()
        bench.drive()
        let id = try bench.create(try bench.definition()).definition.id
        bench.published.isAway = true
        bench.pass(minutes: 12)
        #expect(try bench.runs() == 0 && bench.schedule().state.failed == 0)
        #expect(code { try bench.trigger(id, nil) } == .unavailable)
        bench.published.isAway = false
        bench.pass(minutes: 1)
        #expect(try bench.status(bench.run(at: 10)) == .completed && bench.runs() == 1)
        bench.clock.advance(.seconds(-600))
        bench.settle()
        bench.pass(minutes: 16)
        #expect(try bench.runs() == 1)
        bench.pass(minutes: 1)
        #expect(try bench.status(bench.run(at: 20)) == .completed && bench.runs() == 2)
        // So far back that waiting for the old time is out of the question.
        bench.clock.advance(.seconds(-7200))
        bench.settle()
        bench.pass(minutes: 10)
        #expect(try bench.runs() == 3)
    }

    @Test func `a process that does not fire schedules moves only those it is asked about`() throws {
        let bench = try ScheduleBench()
        for number in 1...2 { try bench.create(try bench.definition("s\(number)", id: UInt64(number))) }
        bench.pass(minutes: 25)
        #expect(try bench.runs() == 0)
        bench.restart(drives: false)
        let triggered = try bench.trigger(ScheduleID(high: 1, low: 2), .allowAll)
        #expect(triggered.outcome == .started)
        #expect(try bench.status(bench.run(at: 10)) == nil && bench.status(bench.run(at: 10, id: 2)) == .completed)
        bench.restart()
        #expect(try bench.status(bench.run(at: 10)) == .completed)
        #expect(try bench.schedule(2).state.open.isEmpty)
    }

    @Test func `names are unique, and what is deleted never fires`() throws {
        let bench = try ScheduleBench()
        bench.drive()
        let first = try bench.create(try bench.definition())
        #expect(try bench.create(try bench.definition()) == first, "the same again changes nothing")
        #expect(code { try bench.create(try bench.definition("nightly", id: 2)) } == .conflict)
        #expect(code { try bench.create(try bench.definition("other")) } == .conflict)
        let other = try bench.create(try bench.definition("other", id: 2)).definition
        var renamed = other
        renamed.name = "nightly"
        #expect(code { try bench.change(renamed) } == .conflict)
        try bench.ask { $0.deleteSchedule(first.definition.id, $1) }
        #expect(code { try bench.ask { $0.deleteSchedule(first.definition.id, $1) } } == .notFound)
        #expect(code { try bench.trigger(first.definition.id, nil) } == .notFound)
        let changed = try bench.change(renamed)
        #expect(changed.definition.name == "nightly")
        bench.pass(minutes: 10)
        #expect(try bench.status(bench.run(at: 10)) == nil && bench.status(bench.run(at: 10, id: 2)) == .completed)
    }

    @Test func `a damaged schedule is told and can be deleted, and the others fire`() throws {
        let bench = try ScheduleBench()
        try bench.create(try bench.definition())
        var row = try #require(try bench.store.schedule(ScheduleID(high: 1, low: 1)))
        row.id = ScheduleID(high: 1, low: 9)
        row.name = "damaged"
        row.state = Array("{}".utf8)
        var commit = Commit()
        commit.schedules = [row]
        _ = try bench.store.commit(commit)
        bench.restart()
        #expect(bench.problems.map(\.code) == [.corrupted])
        bench.pass(minutes: 10)
        #expect(try bench.status(bench.run(at: 10)) == .completed)
        #expect(code { try bench.ask { [id = row.id] in $0.pauseSchedule(id, note: nil, $1) } } == .corrupted)
        try bench.ask { [id = row.id] in $0.deleteSchedule(id, $1) }
        #expect(try bench.store.schedules().count == 1)
    }

    @Test func `many that are due together start over several turns`() throws {
        let bench = try ScheduleBench()
        bench.drive()
        for number in 1...150 { try bench.create(try bench.definition("s\(number)", id: UInt64(number))) }
        bench.pass(minutes: 10)
        #expect(try (1...150).allSatisfy { try bench.status(bench.run(at: 10, id: $0)) == .completed })
    }
}
