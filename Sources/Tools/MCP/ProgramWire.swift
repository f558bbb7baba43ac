// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import JSON
import MCP
import Model
import Synchronization
import Threads

/// Speaks to an MCP server that is a program, one message a line. The program ends with the value, at the latest.
final class ProgramWire: MCPWire {
    /// How long it may take to end once its input is closed.
    private static let grace = Duration.seconds(2)

    private let version: String
    private let post = MessagePost()
    private let input = ProgramInput()
    private let stop = CancellationSignal()
    private let work: Task<Void, Never>

    /// Starts the program.
    ///
    /// - Parameters:
    ///   - program: With everything but what it reads.
    ///   - version: Of ours, for the server.
    init(
        _ program: Program,
        _ workspace: String,
        _ readPaths: [String],
        _ sandbox: SandboxSettings,
        version: String
    ) {
        self.version = version
        let (post, stop, input) = (post, stop, input)
        var program = program
        program.liveInput = input
        program.watch = ProgramWatch(see: { bytes in
            do throws(MCPFailure) {
                for reply in try post.take(bytes) { input.send(reply.json.bytes() + [0x0a]) }
            } catch {
                post.end(.lost(error.message, mayHaveLeft: true))
                stop.cancel(grace: .zero)
            }
        })
        let wanted = program
        work = Task {
            do throws(TaskError) {
                let outcome = try await Sandbox(sandbox).run(
                    wanted,
                    workspace: workspace,
                    readPaths: readPaths,
                    cancellation: stop
                )
                post.end(.lost(Self.ending(outcome.result), mayHaveLeft: true))
            } catch {
                post.end(MCPBreak(code: .lost, error: error, mayHaveLeft: false))
            }
        }
    }

    deinit {
        stop.cancel(grace: .zero)
    }

    let kind = Handshake.Wire.program

    var isOpen: Bool { post.isOpen }

    func ask(
        _ request: ClientRequest,
        _ era: Era,
        within limit: Duration,
        _ cancellation: CancellationSignal
    ) async throws(MCPBreak) -> Handshake.Reply {
        let answer = MessagePost.Expected()
        let id = try post.expect(answer)
        let message = request.message(id: id, era, version: version)
        input.send(message.json.bytes() + [0x0a])
        switch await Patience.wait(for: answer, limit, cancellation) {
        case .value(let result): return .answer(try result.get())
        case .late:
            giveUp(id, request, "timeout")
            throw .timeout(limit)
        case .cancelled:
            giveUp(id, request, "not wanted any more")
            throw .cancelled
        }
    }

    /// The protocol forbids to cancel the first request.
    private func giveUp(_ id: Int64, _ request: ClientRequest, _ reason: String) {
        post.forget(id)
        guard request.method != "initialize" else { return }
        input.send(ServerWish.cancelled(id, reason).json.bytes() + [0x0a])
    }

    func notify(_ message: RPCMessage, _ era: Era) async {
        input.send(message.json.bytes() + [0x0a])
    }

    func takeToolsChanged() -> Bool { post.takeToolsChanged() }

    func close() async {
        input.close()
        if case .value = await Patience.wait(for: work, Self.grace, CancellationSignal()) { return }
        stop.cancel(grace: .zero)
        await work.value
    }

    /// How it ended, and the last line that it complained with.
    private static func ending(_ result: ProgramResult) -> String {
        let how = result.exitCode > 128 ? "was ended by signal \(result.exitCode - 128)" : "ended (\(result.exitCode))"
        let last = result.errors.lastText(400).split(whereSeparator: \.isNewline).last.map { ": \($0)" } ?? ""
        return how + last
    }
}

/// Requests that wait for their answers.
private final class MessagePost: Sendable {
    typealias Expected = Answer<Waited<Result<RPCAnswer, MCPBreak>>>

    private struct State {
        var lines = MessageLines()
        var next: Int64 = 1
        var expected: [Int64: Expected] = [:]
        var end: MCPBreak?
        var toolsChanged = false
    }

    private let state = Mutex(State())

    var isOpen: Bool { state.withLock { $0.end == nil } }

    /// - Throws: When no answer will come any more.
    func expect(_ answer: Expected) throws(MCPBreak) -> Int64 {
        try state.withLock { (state) throws(MCPBreak) in
            if var end = state.end {
                end.mayHaveLeft = false
                throw end
            }
            defer { state.next += 1 }
            state.expected[state.next] = answer
            return state.next
        }
    }

    func forget(_ id: Int64) { state.withLock { $0.expected[id] = nil } }

    func takeToolsChanged() -> Bool {
        state.withLock { state in
            defer { state.toolsChanged = false }
            return state.toolsChanged
        }
    }

    /// Hands answers out; gives what has to be said to the server.
    func take(_ bytes: UnsafeRawBufferPointer) throws(MCPFailure) -> [RPCMessage] {
        let messages = try state.withLock { (state) throws(MCPFailure) in try state.lines.feed(bytes) }
        var replies: [RPCMessage] = []
        for message in messages {
            if case .answer(let id, let answer) = message {
                let expected = state.withLock { state in id.intValue.flatMap { state.expected.removeValue(forKey: $0) }
                }
                expected?.give(.success(.value(.success(answer))))
                continue
            }
            switch ServerWish(message) {
            case .reply(let reply): replies.append(reply)
            case .toolsChanged: state.withLock { $0.toolsChanged = true }
            case .none: break
            }
        }
        return replies
    }

    /// The first end counts.
    func end(_ reason: MCPBreak) {
        let left = state.withLock { state in
            if state.end == nil { state.end = reason }
            defer { state.expected = [:] }
            return state.expected.values
        }
        for expected in left { expected.give(.success(.value(.failure(reason)))) }
    }
}
