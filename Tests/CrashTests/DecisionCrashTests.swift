// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import JSON
import Model
import Store
import StoreSQLite
import Testing
import Threads

@testable import Tools

/// Death around two things that cannot be taken back: a person's answer, and a program that has begun.
@Suite(.offPool, .timeLimit(.minutes(10))) struct DecisionCrashTests {
    private static let threads = BlockingThreads(named: "crash-decisions", count: 2)

    @Test func `an answer is durable before anybody hears of it, and is given once`() async throws {
        // The first commit brings the rows of the run up to date.
        for kill in [Kill.point(.afterCommit, 2), .point(.beforeAnswer, 2), .line(1)] {
            let problems = try await Self.threads.run {
                Result { try Self.dieAfterAnswer(kill) }
            }.get()
            #expect(problems.isEmpty, "\(kill)")
        }
    }

    private static func dieAfterAnswer(_ kill: Kill) throws -> [String] {
        let folder = try CrashFolder(CrashWorkflow.text)
        let id = folder.id.description
        let started = try folder.baton(["run", "start", "flow.yaml", "--follow", "-o", "jsonl", "--id", id]).run()
        let store = try SQLiteRunStore.openForReading(folder.data)
        let request = try store.humanTasks(HumanTaskFilter()).first?.id.description ?? ""
        let answer = folder.baton(["inbox", "approve", request, "-o", "jsonl"])
        let killed = try answer.run(kill)
        let status = try store.humanTasks(HumanTaskFilter()).first?.status
        store.close()

        let refused = try folder.baton(["inbox", "reject", request, "--comment", "no"]).run()
        let again = try folder.baton(["inbox", "approve", request]).run()
        let resumed = try folder.baton(["run", "resume", id, "-o", "jsonl"]).run()
        let facts: [(String, Bool)] = [
            ("the run waited for a person", started.exit == 8), ("the process died", killed.isKilled),
            ("the answer was durable", status == .approved), ("another answer was refused", refused.exit == 4),
            (
                "the same answer changed nothing",
                again.exit == 0 && again.lines.joined().contains("nothing was changed")
            ),
            ("the run went on to its end", resumed.exit == 0),
        ]
        let shown = (started.lines + killed.lines + resumed.lines).filter { $0.hasPrefix("{\"seq\":") }
        return facts.filter { !$0.1 }.map { "not so: \($0.0)" } + (try CrashChecks(folder).problems(shown: shown))
    }

    @Test func `a claim outlives the process that made it, and the answer comes after any death`() async throws {
        for kill in [Kill.point(.afterCommit, 1), .point(.beforeAnswer, 1), .point(.insideCommit, 1)] {
            let problems = try await Self.threads.run {
                Result { try Self.dieAfterClaim(kill) }
            }.get()
            #expect(problems.isEmpty, "\(kill)")
        }
    }

    private static func dieAfterClaim(_ kill: Kill) throws -> [String] {
        let folder = try CrashFolder(CrashWorkflow.text)
        let id = folder.id.description
        let started = try folder.baton(["run", "start", "flow.yaml", "--follow", "-o", "jsonl", "--id", id]).run()
        func request() throws -> HumanTaskRow? {
            let store = try SQLiteRunStore.openForReading(folder.data)
            defer { store.close() }
            return try store.humanTasks(HumanTaskFilter()).first
        }
        let name = try request()?.id.description ?? ""
        let killed = try folder.baton(["inbox", "claim", name]).run(kill)
        let isDurable = try request()?.claim?.by == "user:ann"
        let claimed = try folder.baton(["inbox", "claim", name]).run()
        let refused = try folder.baton(["inbox", "approve", name], user: "bob").run()
        let died = try folder.baton(["inbox", "approve", name, "-o", "jsonl"]).run(.point(.insideCommit, 1))
        let isKept = try request()?.status == .claimed
        let answered = try folder.baton(["inbox", "approve", name, "-o", "jsonl"]).run()
        var wasDurable = true
        if case .point(.insideCommit, _) = kill { wasDurable = false }
        let facts: [(String, Bool)] = [
            ("the run waited for a person", started.exit == 8), ("the process died", killed.isKilled),
            ("the claim is there once it is written, and not before", isDurable == wasDurable),
            ("the same person may claim again", claimed.exit == 0), ("others may not answer", refused.exit == 4),
            ("the next process died too", died.isKilled), ("an answer that was not written is none", isKept),
            ("the run went on to its end", answered.exit == 0),
        ]
        let shown = (started.lines + died.lines + answered.lines).filter { $0.hasPrefix("{\"seq\":") }
        return facts.filter { !$0.1 }.map { "not so: \($0.0)" } + (try CrashChecks(folder).problems(shown: shown))
    }

    /// A program that would run for ten minutes the first time, and says through a pipe that it has begun.
    private static let hanging = #"""
        workflow: hanging
        outputs: {text: "${ nodes.hang.output.stdout }"}
        nodes:
          - id: hang
            type: shell.exec
            timeout: 20m
            config:
              command: >-
                echo $BATON_IDEMPOTENCY_KEY >> ledger;
                if test -e begun; then echo over; else : > begun; echo begun > pipe; sleep 600; fi # FOLDER
        """#

    @Test(.enabled("needs bubblewrap") { await Sandbox().probe() == .available })
    func `a program does not outlive the process that started it`() async throws {
        let problems = try await Self.threads.run {
            Result { try Self.dieWithProgram() }
        }.get()
        #expect(problems.isEmpty)
    }

    @Test(.enabled("needs bubblewrap") { await Sandbox().probe() == .available })
    func `a program that was left behind is ended by the next process`() async throws {
        let folder = try Self.folderWithPipe()
        let program = Program(
            path: "/bin/sh",
            arguments: ["-c", "echo up > pipe; sleep 600"],
            workingDirectory: folder.workspace
        )
        async let outcome = Sandbox().run(program, workspace: folder.workspace)
        // Opening the pipe waits until the program does the same.
        let path = "\(folder.workspace)/pipe"
        let pipe = try await Self.threads.run { Descriptor(open(path, O_RDONLY | O_CLOEXEC)) }
        #expect(pipe?.readAll(limit: 3) == Array("up\n".utf8))
        #expect(SandboxLeftovers.end(beneath: "\(folder.path)/elsewhere") == 0)
        #expect(SandboxLeftovers.end(beneath: folder.workspace) == 0, "a folder is not beneath itself")
        #expect(SandboxLeftovers.end(beneath: "\(folder.data)/workspaces") >= 1)
        #expect(try await outcome.result.exitCode != 0)
        #expect(folder.awaitPrograms(.seconds(10)).isEmpty)
    }

    /// A folder whose workspace has a pipe already.
    private static func folderWithPipe() throws -> CrashFolder {
        let folder = try CrashFolder(hanging)
        for path in [folder.data, "\(folder.data)/workspaces", folder.workspace] { mkdir(path, 0o700) }
        mkfifo("\(folder.workspace)/pipe", 0o600)
        return folder
    }

    private static func dieWithProgram() throws -> [String] {
        let folder = try folderWithPipe()
        guard let pipe = Descriptor(open("\(folder.workspace)/pipe", O_RDONLY | O_NONBLOCK | O_CLOEXEC)) else {
            throw BatonProcess.Failure(description: "no pipe: \(systemError())")
        }
        let id = folder.id.description
        let start = folder.baton(["run", "start", "flow.yaml", "--follow", "-o", "jsonl", "--id", id])
        let killed = try start.run(.signal(pipe))
        let left = folder.awaitPrograms(.seconds(10))
        let resumed = try folder.baton(["run", "resume", id, "-o", "jsonl"]).run()
        let facts: [(String, Bool)] = [
            ("the process died", killed.isKilled), ("its programs died with it", left.isEmpty),
            ("the run went on to its end", resumed.exit == 0),
            ("the effect was tried twice", folder.ledger.values.sum == 2),
        ]
        let checks = CrashChecks(folder, outputs: ["text": "over\n"], effects: ["hang"], decisions: 0)
        return facts.filter { !$0.1 }.map { "not so: \($0.0)" }
            + (try checks.problems(shown: killed.lines + resumed.lines))
    }
}

extension Dictionary<String, Int>.Values {
    fileprivate var sum: Int { reduce(0, +) }
}
