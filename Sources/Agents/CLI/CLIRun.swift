// Baton
// SPDX-License-Identifier: Apache-2.0

import Engine
import Hashing
import HTTP
import HTTPServer
import JSON
import Model
import ProviderCalls
import Providers
import Threads
import Tools

/// One attempt of an agent whose program is not ours: starts it in the sandbox, with a gateway to models as its only way
/// out, and makes an outcome of what it says.
struct CLIRun {
    /// Where the gateway is, inside.
    static let port: UInt16 = 7423
    /// Where the program's home is, inside.
    static let home = "/home/agent"
    /// A program that has said that it is done may tidy up for so long.
    private static let farewell: Duration = .seconds(5)
    /// More output is none of an agent.
    private static let outputLimit = 256 << 20

    let task: AgentTask
    let program: CLIProgram
    let assignment: Assignment
    let control: ExecutionControl
    let settings: ExecutionSettings
    let models: AgentModels
    let setup: ModelSetup
    let wish: ModelRouter.Wish
    let cancellation: CancellationSignal
    private let start = ContinuousClock.now
    /// Where it works, if not in the workspace.
    var tree: WorkTree?
    /// What git gets.
    var gitContext: ToolContext?

    init(
        task: AgentTask,
        program: CLIProgram,
        assignment: Assignment,
        control: ExecutionControl,
        settings: ExecutionSettings,
        models: AgentModels,
        setup: ModelSetup,
        wish: ModelRouter.Wish,
        cancellation: CancellationSignal
    ) {
        (self.task, self.program, self.assignment, self.control) = (task, program, assignment, control)
        (self.settings, self.models, self.setup, self.wish) = (settings, models, setup, wish)
        self.cancellation = cancellation
    }

    mutating func run() async -> AttemptOutcome {
        var log: [String] = []
        do throws(TaskError) {
            let path = try find()
            var context = try settings.context(
                for: assignment,
                key: assignment.idempotencyKey,
                timeout: assignment.timeout,
                cancellation
            )
            let folder = try CLIFolder(workspace: context.workspace, key: assignment.idempotencyKey)
            try await openTree(&context)
            // A program has bounds of its own, in whose place those of profiles come.
            (context.limits.memoryBytes, context.limits.processes) = (program.memoryBytes, 1024)
            task.permission.bound(&context)
            try await closeSteps(&log)
            folder.put(task: CLIPrompt.first(task, in: tree))
            if let session = folder.session, program.canResume {
                let play = try await play(path, folder, context, resuming: session)
                log += play.log
                // Nothing was asked, so it did not find its session.
                guard play.report.ending != .success, play.session.answered == 0, play.session.shortage == nil,
                    play.session.result == nil, play.session.failure == nil, play.session.lastError == nil,
                    play.result.stopReason == nil, !cancellation.isCancelled
                else { return try await outcome(play, log) }
                folder.forgetSession()
                log.append("the session \(session) could not go on; the task begins anew")
            }
            let play = try await play(path, folder, context, resuming: nil)
            log += play.log
            return try await outcome(play, log)
        } catch {
            return .failed(error, log: log.isEmpty ? nil : log.joined(separator: "\n"))
        }
    }

    // MARK: Before

    private func find() throws(TaskError) -> String {
        let home = settings.programPath
        guard let path = ProgramSearch.find(program.command, in: home) else {
            let hint = program.hint.map { "; \($0)" } ?? ""
            throw TaskError(
                code: "agent.unavailable",
                errorClass: .permanent,
                message: "the program \(program.command) of the agent \(task.record.id) is not there\(hint)"
            )
        }
        return path
    }

    /// Calls that were under way when an earlier attempt ended will never be answered.
    private func closeSteps(_ log: inout [String]) async throws(TaskError) {
        let open = assignment.steps.filter { $0.result == nil }
        guard !open.isEmpty else { return }
        for step in open { log.append("step \(step.number): the process ended before \(step.name) answered") }
        do throws(EngineError) {
            _ = try await control.record(open.map { .end($0.number, result: AgentStep.lost) })
        } catch {
            throw TaskError(error)
        }
    }

    // MARK: Running

    private struct Play {
        let report: CLIReport
        let session: GatewaySession
        let result: ProgramResult
        let log: [String]
    }

    /// Runs the program once.
    private func play(
        _ path: String,
        _ folder: CLIFolder,
        _ context: ToolContext,
        resuming old: String?
    ) async throws(TaskError) -> Play {
        let report = SharedReport(program.form, folder, dialogue(context, old))
        let handle = WatchHandle()
        let session = GatewaySession(
            agent: task.record.id,
            assignment: assignment,
            control: control,
            models: models,
            setup: setup,
            wish: wish,
            onSign: { handle.touch() },
            onEnd: { handle.end(within: Self.farewell) }
        )
        let watch = ProgramWatch(
            silence: program.silence,
            byteLimit: Self.outputLimit,
            isBusy: { session.isBusy },
            see: { bytes in if report.feed(bytes) { handle.end(within: Self.farewell) } }
        )
        handle.connect(watch)
        let listener = GatewayListener()
        var inner = self.program(path, context, session, old)
        inner.watch = watch
        inner.liveInput = report.input
        if report.input != nil { inner.input = nil }
        inner.ports = [
            SandboxPort(Self.port) { socket in listener.start(socket) { await session.answer($0) } }
        ]
        let proxy = program.network.map { EgressProxy($0, bounds: context.egress, policy: settings.http.policy) }
        proxy?.serve(&inner)
        defer { proxy?.close() }
        let result: Result<Sandbox.Outcome, TaskError>
        do throws(TaskError) {
            result = .success(
                try await Sandbox(context.sandbox).run(
                    inner,
                    workspace: context.workspace,
                    readPaths: readPaths(path),
                    binds: [SandboxBind(folder: folder.home, place: Self.home, isHome: true)],
                    cancellation: cancellation
                )
            )
        } catch {
            result = .failure(error)
        }
        // The steps have to be closed while the attempt is ours.
        await session.close()
        await listener.stop()
        let ended = try result.get().result
        let final = report.finished()
        return Play(report: final, session: session, result: ended, log: final.log + session.log + (proxy?.log ?? []))
    }

    private func program(
        _ path: String,
        _ context: ToolContext,
        _ session: GatewaySession,
        _ old: String?
    ) -> Program {
        let key = "\(assignment.idempotencyKey)#\(assignment.attempt)"
        let address = "http://127.0.0.1:\(Self.port)"
        let values = [
            "gateway": "\(address)/gateway", "token": session.token, "model": session.candidates.first?.model ?? "",
            "session": old ?? Self.uuid(of: key), "workspace": context.workspace, "task": "\(Self.home)/TASK.md",
            "result": "\(address)/result", "home": Self.home,
        ]
        let arguments = old == nil ? program.arguments : program.resume ?? program.arguments
        var limits = context.limits
        limits.timeout = context.timeout
        limits.outputBytes = 16 << 10
        var inner = Program(
            path: path,
            arguments: arguments.map { CLIProgram.fill($0, values) },
            workingDirectory: context.workspace,
            input: Array((old == nil ? CLIPrompt.first(task, in: tree) : CLIPrompt.again(task, in: tree)).utf8),
            limits: limits
        )
        inner.environment = [
            "PATH": "\(Self.folder(of: path)):\(ProgramSearch.defaultPath)", "BATON_TOKEN": session.token,
            "BATON_RESULT_URL": "\(address)/result",
            "BATON_IDEMPOTENCY_KEY": assignment.idempotencyKey,
        ]
        .merging(program.environment.mapValues { CLIProgram.fill($0, values) }) { $1 }
        return inner
    }

    private func dialogue(_ context: ToolContext, _ old: String?) -> ACPDialogue? {
        guard program.form == .acp else { return nil }
        return ACPDialogue(
            first: CLIPrompt.first(task, in: tree),
            again: CLIPrompt.again(task, in: tree),
            workspace: context.workspace,
            session: old
        )
    }

    /// Its own folder, if that is in a place that is covered; a link's target too.
    private func readPaths(_ path: String) -> [String] {
        let folders = [path, ProgramSearch.real(path) ?? path].map(Self.folder)
        let covered = ["/root", "/home", "/tmp", "/var", "/run", "/mnt", "/opt", "/srv"]
        return folders.filter { folder in covered.contains { folder.hasPrefix("\($0)/") } } + program.readPaths
    }

    private static func folder(of path: String) -> String {
        path.split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" }
    }

    /// A name that is the same for the same task and attempt.
    private static func uuid(of key: String) -> String {
        let digits = Array(SHA256.hex(Array(key.utf8)))
        let parts = [digits[..<8], digits[8..<12], ["4"] + digits[13..<16], ["8"] + digits[17..<20], digits[20..<32]]
        return parts.map { String($0) }.joined(separator: "-")
    }

    // MARK: After

    private func outcome(_ play: Play, _ log: [String]) async throws(TaskError) -> AttemptOutcome {
        if let cost = play.session.shortage { return .starved(cost) }
        var log = log
        do throws(TaskError) {
            let output = try await delivered(try output(play), &log)
            if let thread = task.thread {
                try await settings.keep(thread, task.question, output, nil, assignment, node: task.node)
            }
            return .completed(output, log: log.joined(separator: "\n"))
        } catch {
            await saveUnfinished(after: error, &log)
            return .failed(error, log: log.joined(separator: "\n"))
        }
    }

    private func output(_ play: Play) throws(TaskError) -> JSONValue {
        let (report, result) = (play.report, play.result)
        if cancellation.isCancelled { throw .cancelled }
        if let failure = play.session.failure { throw failure }
        let name = task.record.id
        let isSimulated = play.session.isSimulated
        if let posted = play.session.result {
            let words = CLIResult(report.text).words
            return try CLIResult(words: words, value: posted).output(task.output, isSimulated: isSimulated)
        }
        switch (report.ending, result.stopReason) {
        case (.success, _): return try CLIResult(report.text).output(task.output, isSimulated: isSimulated)
        case (.failure(let words), _):
            if let error = play.session.lastError { throw error.taskError }
            throw .agent("failed", "\(name) failed: \(words)", details: details(result))
        case (nil, .cancelled): throw .cancelled
        case (nil, .timeout):
            throw TaskError(
                code: "timeout",
                errorClass: .transient,
                message: "\(name) did not end in time",
                details: details(result)
            )
        case (nil, .silence):
            throw TaskError(
                code: "agent.silent",
                errorClass: .transient,
                message: "nothing was heard of \(name) for \(program.silence.milliseconds / 1000) s",
                details: details(result)
            )
        case (nil, .output):
            throw .agent(
                "output_limit",
                "\(name) wrote more than \(Self.outputLimit >> 20) MiB",
                details: details(result)
            )
        case (nil, .ended), (nil, nil): break
        }
        // Programs that only write words say by their exit code that they are done.
        let said = CLIResult(report.text)
        if program.form == .text, result.exitCode == 0, said.value != nil {
            return try said.output(task.output, isSimulated: isSimulated)
        }
        if let error = play.session.lastError { throw error.taskError }
        guard result.exitCode == 0 else {
            let line = result.errors.lastText(300).split(whereSeparator: \.isNewline).last.map { ": \($0)" } ?? ""
            let how =
                result.exitCode > 128
                ? "was ended by signal \(result.exitCode - 128)" : "ended with exit code \(result.exitCode)"
            throw TaskError(
                code: "agent.failed",
                errorClass: result.exitCode > 128 ? .transient : .permanent,
                message: "\(name) \(how) before it had a result\(report.trouble.map { ": \($0)" } ?? line)",
                details: details(result)
            )
        }
        throw .agent("no_result", "\(name) ended without a result", details: details(result))
    }

    private func details(_ result: ProgramResult) -> JSONValue {
        ["exit_code": .int(Int64(result.exitCode)), "stderr": .string(result.errors.lastText(4096))]
    }
}
