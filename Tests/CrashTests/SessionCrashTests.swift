// Baton
// SPDX-License-Identifier: Apache-2.0

import Engine
import JSON
import Model
import Store
import StoreSQLite
import Testing
import Threads

/// Death among tasks of one thread: each turn is there exactly when its task has ended well, once, and in order; and what a
/// task was told is what was there when it was first asked.
@Suite(.timeLimit(.minutes(60))) struct SessionCrashTests {
    private static let threads = BlockingThreads(named: "crash-sessions", count: 3)
    private static let session = "ses_01jd0000000000000000000000"

    private static let workflow = """
        workflow: talk
        outputs: {said: "${ nodes.three.output.text }"}
        nodes: # FOLDER
          - {id: one, type: agent, config: {agent: analyst, session: \(session), prompt: First, tools: [mark]}}
          - id: no
            type: agent
            depends_on: [one]
            continue_on_failure: true
            config: {agent: analyst, session: \(session), prompt: Fail}
          - {id: two, type: agent, depends_on: ["no"], config: {agent: analyst, session: \(session), prompt: Second}}
          - {id: three, type: agent, depends_on: [two], config: {agent: analyst, session: \(session), prompt: Third}}
        """

    private static let script = """
        rules:
          - {match: {contains: "Third"}, reply: {text: said third}}
          - {match: {contains: "Second"}, reply: {text: said second}}
          - {match: {contains: "Fail"}, reply: {give_up: {reason: no}}}
          - {match: {contains: "done-1;"}, reply: {text: said first}}
          - {reply: {tool_calls: [{name: mark, arguments: {n: 1}}]}}
        """

    private static func sample(_ point: CrashPoint) -> [CrashPlan] {
        switch point {
        case .beforeCommit: [.init(point: point, first: 6, later: 11, most: 4)]
        case .insideCommit: [.init(point: point, first: 9, later: 10, most: 4)]
        case .afterCommit: [.init(point: point, first: 8, later: 12, most: 4)]
        case .beforeAnswer: [.init(point: point, first: 11, later: 10, most: 4)]
        case .beforeEffect: [.init(point: point, first: 3, later: 4)]
        case .afterEffect: [.init(point: point, first: 4, later: 3)]
        case .beforeCompletion: [.init(point: point, first: 1, later: 2, most: 3)]
        case .recovery: [.init(point: point, first: 1, later: 1, most: 3)]
        default: [.init(point: point, first: 1, later: 2, most: 2)]
        }
    }

    /// With `BATON_TEST_EVERY_POINT=1` at each passage of each point.
    @Test func `a thread has each turn once and in order after death at any point`() async throws {
        let (kills, problems) = try await CrashPlan.play(sample: Self.sample) { plan in
            try await ModelsOfTest.with(Self.script) { port, _ in
                try await Self.threads.run { Result { try Self.die(plan, port) } }.get()
            }
        }
        #expect(problems.isEmpty)
        // Values may all be small, and nothing in it waits for a time.
        let quiet: Set<CrashPoint> = [.timerBeforeFire, .blobBeforePut, .blobAfterPut]
        for point in CrashPlan.points where !quiet.contains(point) {
            #expect(kills[point, default: 0] > 0, "\(point.rawValue)")
        }
    }

    private static func die(_ plan: CrashPlan, _ port: Int) throws -> (Int, [String]) {
        let folder = try CrashFolder(workflow)
        try MarkTool.write(to: folder)
        guard let id = SessionID(session) else { return (0, ["no session"]) }
        try begin(id, in: folder)
        var number = 0
        var cycle = ScenarioCycle(folder, ModelsOfTest.variables(folder, port)) { look in
            guard let state = look.state else { return .start }
            if look.open(.review) != nil { return .agree(.review) }
            return state.status.isTerminal ? nil : .resume
        } kill: { _, _ in
            number += 1
            return plan.kill(number)
        }
        try cycle.drive()
        let (whole, events, found) = try CrashChecks(folder).wholeness(shown: cycle.shown)
        let store = try SQLiteRunStore.openForReading(folder.data)
        defer { store.close() }
        let turns = try store.turns(of: ThreadKey(id, "analyst"), after: 0, limit: 100)
        let steps = StepLog(events)
        let shown = try folder.baton(["session", "thread", session, "analyst"]).run(nil)
        let facts: [(String, Bool)] = [
            ("it completed: \(String(describing: found?.status))", found?.status == .completed),
            ("turns by number: \(turns.map(\.number))", turns.map(\.number) == [1, 2, 3]),
            ("asked: \(turns.map(\.question))", turns.map(\.question) == ["First", "Second", "Third"]),
            ("answered: \(turns.map(\.answer))", turns.map(\.answer) == ["said first", "said second", "said third"]),
            ("shown: \(shown.lines)", shown.lines.contains("said second") && shown.lines.contains("> Third")),
            ("nodes: \(turns.map(\.node))", turns.map(\.node) == ["one", "two", "three"]),
            (
                "each effect once: \(folder.ledger)",
                folder.ledger.count == 1 && folder.ledger.values.allSatisfy { $0 == 1 }
            ),
            ("no stored answer is asked for again: \(steps.repeated.map(\.request.text))", steps.repeated.isEmpty),
        ]
        let problems =
            cycle.problems + whole + facts.filter { !$0.1 }.map { "not so: \($0.0)" }
            + (try MoneyChecks.problems(folder))
        return (cycle.kills, problems.isEmpty ? [] : problems + cycle.history)
    }

    private static func begin(_ id: SessionID, in folder: CrashFolder) throws {
        let data = try DataFolder(locking: folder.data, command: "test")
        defer { data.unlock() }
        let (store, blobs) = (try SQLiteRunStore(in: data), try SQLiteBlobStore(in: data))
        defer {
            store.close()
            blobs.close()
        }
        var change = ConversationChange()
        change.sessions = [
            SessionRow(
                id: id,
                ownership: .common,
                author: "local",
                startedAt: Timestamp(milliseconds: 0),
                expiresAt: Timestamp(milliseconds: 1 << 50)
            )
        ]
        try store.apply(change)
    }
}
