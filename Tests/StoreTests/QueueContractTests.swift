// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Store
import Testing

@Suite struct QueueContractTests {
    private static func task(
        _ run: Int64,
        _ task: Int,
        _ status: TaskStatus,
        _ queue: String?,
        since: Int64? = nil
    ) -> TaskRow {
        TaskRow(
            key: TaskKey(runKey: run, task: task),
            status: status,
            priority: 5,
            attempt: 1,
            fence: 2,
            worker: status == .running ? "w" : nil,
            queue: queue,
            since: since.map(Timestamp.init(milliseconds:))
        )
    }

    static func letter(_ run: Int64, _ task: Int, _ queue: String = "http", at: Int64 = 0, tenant: String = "default")
        -> DeadLetterRow
    {
        DeadLetterRow(
            key: TaskKey(runKey: run, task: task),
            run: RunID(high: 1, low: UInt64(run)),
            tenant: tenant,
            queue: queue,
            group: task == 0 ? .engine : .external,
            workflow: "wörk\0",
            node: "n[3]",
            attempts: 6,
            failure: "provider.limited",
            reason: "said \"no\"",
            at: Timestamp(milliseconds: at)
        )
    }

    private static let tasks = [
        task(1, 0, .ready, "http", since: 7), task(1, 1, .running, "http", since: 1), task(1, 2, .ready, nil),
        task(2, 0, .ready, "http", since: 5), task(2, 1 << 20, .retrying, "ä"), task(2, 9, .waiting, "http"),
        task(3, 0, .ready, "http", since: 1),
    ]

    private static var commit: Commit {
        var commit = Commit()
        commit.runs = [.sample(1, .running), .sample(2, .running), .sample(3, .running)]
        commit.runs[2].ownership = Ownership(tenant: "other", owner: "u", project: nil)
        commit.tasks = tasks
        commit.deadLetters = [letter(2, 7, "dead"), letter(3, 1, tenant: "other"), letter(1, 5), letter(1, 0)]
        return commit
    }

    @Test(arguments: Backend.allCases)
    func `queues tell how many open tasks they have, of a tenant or of all`(backend: Backend) throws {
        try backend.runs { store in
            #expect(try store.queues(ofTenant: nil) == [])
            _ = try store.commit(Self.commit)
            let time = Timestamp.init(milliseconds:)
            let own = [
                QueueFigures(queue: "dead", deadLetters: 1),
                QueueFigures(
                    queue: "http",
                    tasks: [.ready: 2, .running: 1, .waiting: 1],
                    oldestReady: time(5),
                    deadLetters: 2
                ),
                QueueFigures(queue: "ä", tasks: [.retrying: 1]),
            ]
            #expect(try store.queues(ofTenant: "default") == own)
            let all = try store.queues(ofTenant: nil)
            #expect(all[1].depth == 5 && all[1].oldestReady == time(1) && all[1].deadLetters == 3 && all.count == 3)
            #expect(try store.queues(ofTenant: "nobody") == [])
            #expect(try store.openTasks(ofRun: 1) == Array(Self.tasks[..<3]))
        }
    }

    @Test(arguments: Backend.allCases)
    func `the tasks of a queue are read page by page`(backend: Backend) throws {
        try backend.runs { store in
            _ = try store.commit(Self.commit)
            var filter = QueueTaskFilter("http", [.ready, .waiting])
            func keys() throws -> [TaskKey] { try store.queueTasks(filter).map(\.task.key) }
            let all = [(1, 0), (2, 0), (2, 9), (3, 0)].map { TaskKey(runKey: $0.0, task: $0.1) }
            #expect(try keys() == all)
            filter.tenant = "default"
            #expect(try keys() == Array(all[..<3]))
            (filter.after, filter.limit) = (all[0], 1)
            #expect(try keys() == [all[1]])
            filter.after = all[2]
            #expect(try keys() == [])
            let leased = try store.queueTasks(QueueTaskFilter("http", [.running]))
            #expect(leased == [QueueTaskRow(task: Self.tasks[1], run: RunID(high: 1, low: 1), workflow: "w")])
        }
    }

    @Test(arguments: Backend.allCases)
    func `dead letters are kept by their task, replaced, removed, expired, and gone with their run`(backend: Backend)
        throws
    {
        try backend.runs { store in
            _ = try store.commit(Self.commit)
            var filter = DeadLetterFilter()
            #expect(
                try store.deadLetters(filter) == [
                    Self.letter(1, 0), Self.letter(1, 5), Self.letter(2, 7, "dead"), Self.letter(3, 1, tenant: "other"),
                ]
            )
            (filter.tenant, filter.queue, filter.limit) = ("default", "http", 1)
            #expect(try store.deadLetters(filter) == [Self.letter(1, 0)])
            filter.after = (RunID(high: 1, low: 1), 0)
            #expect(try store.deadLetters(filter) == [Self.letter(1, 5)])
            #expect(try store.deadLetter(of: TaskKey(runKey: 1, task: 5)) == Self.letter(1, 5))
            #expect(try store.deadLetter(of: TaskKey(runKey: 1, task: 6)) == nil)
            #expect(try store.deadLetterQueues().count == 4)

            var commit = Commit()
            commit.deadLetters = [Self.letter(1, 0, "again", at: 9), Self.letter(1, 5)]
            // Removing wins over writing in the same commit.
            commit.removedDeadLetters = [TaskKey(runKey: 1, task: 5), TaskKey(runKey: 8, task: 8)]
            _ = try store.commit(commit)
            #expect(try store.deadLetterQueues()[TaskKey(runKey: 1, task: 0)] == "again")
            #expect(try store.deadLetterQueues().count == 3)

            let step = Expiry(.deadLetters, before: Timestamp(milliseconds: 5), limit: 1)
            #expect(try store.count(step) == 1 && store.count(Expiry(.deadLetters, before: step.before)) == 2)
            commit = Commit()
            commit.expiries = [step]
            _ = try store.commit(commit)
            #expect(try store.deadLetters(DeadLetterFilter()).map(\.key.runKey) == [1, 3])

            commit = Commit()
            commit.runs = [.sample(1, .failed)]
            commit.tasks = []
            _ = try store.commit(commit)
            commit = Commit()
            commit.deletions = [RunDeletion(runKey: 1, lastSequence: 0, at: Timestamp(milliseconds: 9))]
            commit.clearings = [Clearing(runKey: 1)]
            _ = try store.commit(commit)
            #expect(try store.deadLetters(DeadLetterFilter()).map(\.key.runKey) == [3])
            #expect(try store.openTasks(ofRun: 1) == [])
        }
    }
}
