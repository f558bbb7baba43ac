// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Store
import Testing

@Suite struct RowContractTests {
    @Test(arguments: Backend.allCases)
    func `runs are found by id, key and filter, newest first`(backend: Backend) throws {
        try backend.runs { store in
            #expect(try store.lastRunKey() == 0)
            var commit = Commit()
            commit.runs = zip(1..., RunStatus.allCases).map { .sample($0, $1, workflow: $0 % 2 == 0 ? "even" : "odd") }
            commit.runs.append(.full(50))
            _ = try store.commit(commit)
            #expect(try store.lastRunKey() == 50)
            #expect(try store.run(key: 50) == .full(50))
            #expect(try store.run(RunRow.full(50).id) == .full(50))
            #expect(try store.run(key: 51) == nil)
            #expect(try store.run(RunID(high: 9, low: 9)) == nil)

            let cases: [(statuses: [RunStatus], workflow: String?, before: Int64?, limit: Int, keys: [Int64])] = [
                ([], nil, nil, 50, [50, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1]), ([], "even", nil, 50, [10, 8, 6, 4, 2]),
                ([], nil, 4, 2, [3, 2]), ([.queued, .failed], nil, nil, 50, [6, 1]),
                ([.waiting, .queued], nil, nil, 50, [50, 3, 1]), ([.waiting, .queued], nil, 50, 1, [3]),
                ([.running, .paused, .queued, .waiting], "odd", nil, 9, [3, 1]), ([.completed], "even", nil, 9, []),
                ([.compensating, .paused], nil, nil, 9, [8, 4]),
                ([.compensated, .compensationFailed], nil, nil, 9, [10, 9]),
            ]
            for (statuses, workflow, before, limit, keys) in cases {
                var filter = RunFilter()
                (filter.statuses, filter.workflow, filter.before, filter.limit) = (statuses, workflow, before, limit)
                #expect(try store.runs(filter).map(\.key) == keys, "\(filter)")
            }

            commit.runs = [.sample(1, .completed)]
            _ = try store.commit(commit)
            #expect(try store.run(key: 1) == .sample(1, .completed))
            var open = RunFilter()
            open.statuses = [.queued, .running, .waiting, .paused, .compensating]
            #expect(try store.runs(open).map(\.key) == [50, 8, 4, 3, 2])
        }
    }

    @Test(arguments: Backend.allCases)
    func `what is open, what was busy at the end and what waits for signals is found at a start`(
        backend: Backend
    ) throws {
        try backend.runs { store in
            var commit = Commit()
            commit.runs = [.sample(1, .waiting), .sample(2, .completed), .sample(3, .running)]
            let waiting = TaskRow(
                key: TaskKey(runKey: 1, task: 4),
                status: .waiting,
                priority: 9,
                attempt: 0,
                fence: 0,
                awaitedSignal: "paid"
            )
            commit.tasks = [waiting]
            commit.records = ([(1, 1_000), (2, 8_000), (3, 9_000)] as [(Int64, Int64)]).map { run, at in
                let body = Array("[{}]".utf8)
                return LogRecord(
                    runKey: run,
                    firstSequence: 1,
                    count: 1,
                    at: Timestamp(milliseconds: at),
                    body: body
                )
            }
            _ = try store.commit(commit)
            #expect(try store.openRuns().map(\.key) == [1, 3])
            #expect(try store.openRuns().map(\.status) == [.waiting, .running])
            #expect(try store.recentRuns(within: .seconds(2)) == [2, 3])
            #expect(try store.recentRuns(within: .seconds(60)) == [1, 2, 3])
            #expect(try store.awaitedSignals() == [AwaitedSignalRow(runKey: 1, type: "paid")])
            #expect(try store.openTasks(ofRun: 1) == [waiting])
        }
    }

    @Test(arguments: Backend.allCases)
    func `open tasks are replaced and closed`(backend: Backend) throws {
        try backend.runs { store in
            func row(_ run: Int64, _ task: Int, _ status: TaskStatus) -> TaskRow {
                TaskRow(key: TaskKey(runKey: run, task: task), status: status, priority: 9, attempt: 1, fence: 2)
            }
            var leased = row(1, 0, .running)
            (leased.worker, leased.leaseUntil) = ("", Timestamp(milliseconds: 5))
            var commit = Commit()
            commit.tasks = [row(2, 0, .ready), row(1, 3, .waiting), row(1, 0, .ready)]
            _ = try store.commit(commit)
            commit.tasks = [leased, row(3, 1, .retrying)]
            commit.closedTasks = [
                TaskKey(runKey: 1, task: 3), TaskKey(runKey: 1, task: 3), TaskKey(runKey: 8, task: 0),
            ]
            _ = try store.commit(commit)
            #expect(try store.openTasks(ofRun: nil) == [leased, row(2, 0, .ready), row(3, 1, .retrying)])
            #expect(try store.openTasks(ofRun: 1) == [leased])
            // Closing wins over writing in the same commit.
            commit.tasks = [row(2, 0, .running)]
            commit.closedTasks = [TaskKey(runKey: 2, task: 0)]
            _ = try store.commit(commit)
            #expect(try store.openTasks(ofRun: 2).isEmpty)
        }
    }

    @Test(arguments: Backend.allCases)
    func `timers come by time and their numbers are never given twice`(backend: Backend) throws {
        try backend.runs { store in
            #expect(try store.lastTimerNumber() == 0)
            func timer(_ at: Int64, _ number: Int64, _ run: Int64, _ kind: TimerKind) -> TimerRow {
                TimerRow(
                    fireAt: Timestamp(milliseconds: at),
                    number: number,
                    key: TaskKey(runKey: run, task: kind == .deadline ? -1 : 4),
                    kind: kind
                )
            }
            let (a, b) = (timer(30, 1, 1, .retry), timer(10, 2, 2, .wait))
            let (c, d) = (timer(10, 3, 1, .humanExpiry), timer(40, 4, 2, .deadline))
            var commit = Commit()
            commit.timers = [a, b, c, d]
            _ = try store.commit(commit)
            #expect(try store.timers(ofRun: nil) == [b, c, a, d])
            #expect(try store.timers(ofRun: 1) == [c, a])
            #expect(code { _ = try store.commit(commit) } == .conflict)
            commit.timers = []
            commit.removedTimers = [b, d, d, timer(11, 3, 1, .wait)]
            _ = try store.commit(commit)
            #expect(try store.timers(ofRun: nil) == [c, a])
            #expect(try store.lastTimerNumber() == 4)
        }
    }

    @Test(arguments: Backend.allCases)
    func `a definition stays as it was first stored`(backend: Backend) throws {
        try backend.runs { store in
            let time = Timestamp(milliseconds: 1)
            let first = DefinitionRow(hash: "h", name: "a", source: [0, 255], graph: [], createdAt: time)
            var commit = Commit()
            commit.definitions = [first, DefinitionRow(hash: "h", name: "b", source: [], graph: [1], createdAt: time)]
            _ = try store.commit(commit)
            _ = try store.commit(commit)
            #expect(try store.definition("h") == first)
            #expect(try store.definition("g") == nil)
        }
    }

    @Test(arguments: Backend.allCases)
    func `messages go when every consumer passed them, and numbers go on`(backend: Backend) throws {
        try backend.runs { store in
            func send(_ count: Int, _ cursors: [String: Int64] = [:]) throws {
                var commit = Commit()
                commit.outbox = (0..<count).map { .init(kind: "k\($0)", target: "t", body: [UInt8($0)]) }
                commit.cursors = cursors
                _ = try store.commit(commit)
            }
            try send(3)
            #expect(try store.outbox(after: 1, limit: 1).map(\.number) == [2])
            #expect(
                try store.outbox(after: 2, limit: 9) == [
                    OutboxMessage(number: 3, content: .init(kind: "k2", target: "t", body: [2]))
                ]
            )
            try send(0, ["a": 2, "b": 1])
            #expect(try store.cursor(of: "a") == 2)
            #expect(try store.cursor(of: "c") == 0)
            #expect(try store.outbox(after: 1, limit: 9).map(\.number) == [2, 3])
            try send(0, ["a": 3, "b": 3])
            try send(2)
            #expect(try store.outbox(after: 3, limit: 9).map(\.number) == [4, 5])
        }
    }
}
