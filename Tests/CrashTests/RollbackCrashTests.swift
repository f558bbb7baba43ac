// Baton
// SPDX-License-Identifier: Apache-2.0

import Engine
import JSON
import Model
import Testing
import Threads

@testable import Tools

/// Death in the middle of a rollback, of the whole run and of a phase of it.
@Suite(.offPool, .timeLimit(.minutes(15))) struct RollbackCrashTests {
    private static let threads = BlockingThreads(named: "crash-rollbacks", count: 3)
    private static let points: [CrashPoint] = [
        .beforeCommit, .insideCommit, .afterCommit, .beforeAnswer, .beforeDispatch, .beforeEffect, .afterEffect,
        .beforeCompletion, .recovery,
    ]
    private static let effect = "echo $BATON_IDEMPOTENCY_KEY >> ledger # FOLDER"

    /// It completes; somebody wants it undone.
    private static let completes = """
        workflow: undone
        nodes:
        \(["a", "b", "c"].map { id in
            """
              - id: \(id)
                type: shell.exec
                config: {command: "\(effect)"}
                compensate: {tool: shell.exec, args: {command: "\(effect)"}}
            """
        }.joined(separator: "\n"))
        edges: [{from: a, to: b}, {from: b, to: c}]
        """

    /// Its second phase fails and is rolled back by itself, before the run ends.
    private static let fails = """
        workstack: stack
        phases:
          - {id: one, tools: [{tool: shell.exec, args: {command: "\(effect)"}}]}
          - id: two
            tools:
              - {tool: shell.exec, args: {command: "\(effect)"}, compensate: {tool: shell.exec, args: {command: "\(effect)"}}}
              - {tool: shell.exec, args: {command: "exit 3 # FOLDER"}}
            rollback: [{tool: shell.exec, args: {command: "\(effect)"}}]
        """

    @Test func `spec 3.10: a rollback that is killed at any point goes on, and undoes each node once, in reverse`()
        async throws
    {
        try await check(Self.completes, ["compensate:c", "compensate:b", "compensate:a"], .compensated) { look in
            guard let state = look.state else { return .start }
            if look.open(.review) != nil { return .agree(.review) }
            switch state.status {
            case .completed: return .rollBack
            case .compensated: return nil
            default: return .resume
            }
        }
    }

    @Test func `spec 3.10: the rollback of a phase that is killed at any point goes on, and the run fails after it`()
        async throws
    {
        try await check(Self.fails, ["rollback:two", "compensate:two_shell_exec"], .failed) { look in
            guard let state = look.state else { return .start }
            if look.open(.review) != nil { return .agree(.review) }
            return state.status.isTerminal ? nil : .resume
        }
    }

    private func check(
        _ workflow: String,
        _ undone: [String],
        _ status: RunStatus,
        _ next: @escaping @Sendable (ScenarioCycle.Look) -> ScenarioCycle.Step?
    ) async throws {
        try await withThrowingTaskGroup(of: (CrashPoint, Int, [String]).self) { group in
            for point in Self.points {
                group.addTask {
                    let (kills, problems) = try await Self.threads.run {
                        Result { try Self.run(workflow, undone, status, point, next) }
                    }.get()
                    return (point, kills, problems)
                }
            }
            for try await (point, kills, problems) in group {
                #expect(problems.isEmpty && kills > 0, "\(point.rawValue)")
            }
        }
    }

    private static func run(
        _ workflow: String,
        _ undone: [String],
        _ status: RunStatus,
        _ point: CrashPoint,
        _ next: @escaping (ScenarioCycle.Look) -> ScenarioCycle.Step?
    ) throws -> (Int, [String]) {
        let folder = try CrashFolder(workflow)
        // What leads to the rollback of the whole run may live; the processes that undo die at later passages each time.
        let kill: (ScenarioCycle.Step, Int) -> Kill? = { step, count in
            guard count <= 4, step != .start || status == .failed else { return nil }
            guard step == .start else { return .point(point, count) }
            return point == .recovery ? .point(.afterCommit, 6) : .point(point, count + 3)
        }
        var cycle = ScenarioCycle(folder, next: next, kill: kill)
        try cycle.drive()
        let (whole, events, found) = try CrashChecks(folder).wholeness(shown: cycle.shown)
        guard let state = found else { return (cycle.kills, whole) }
        let completed = events.filter { $0["type"] == "compensation.completed" }.compactMap { $0["node"]?.stringValue }
        var problems = cycle.problems + whole
        if completed != undone { problems.append("undone: \(completed)") }
        if state.status != status { problems.append("the run is \(state.status)") }
        for (key, lines) in folder.ledger {
            let node = String(key.split(separator: "/").last ?? "")
            let attempts = events.count { $0["node"]?.stringValue == node && $0["type"] == "task.started" }
            if lines > attempts { problems.append("\(key): \(lines) effects in \(attempts) attempts") }
        }
        let ledger = folder.ledger
        for name in undone where ledger["\(folder.id)/\(name)"] == nil { problems.append("\(name) did nothing") }
        return (cycle.kills, problems.isEmpty ? [] : problems + cycle.history)
    }
}
