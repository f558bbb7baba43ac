// Baton
// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import Synchronization
import Tools

/// What a program has told, shared with the thread that reads its output.
final class SharedReport: Sendable {
    private struct State {
        var report: CLIReport
        var kept: String?
    }

    private let state: Mutex<State>
    private let folder: CLIFolder
    /// What the program is told, if it is more than its task.
    let input: ProgramInput?

    init(_ form: CLIProgram.Form, _ folder: CLIFolder, _ dialogue: ACPDialogue?) {
        var report = CLIReport(form, dialogue)
        input = dialogue.map { _ in ProgramInput() }
        input?.send(report.takeOutgoing())
        state = Mutex(State(report: report))
        self.folder = folder
    }

    /// Reads on; true once the program has said that it is done.
    func feed(_ bytes: UnsafeRawBufferPointer) -> Bool {
        state.withLock { state in
            state.report.feed(bytes)
            // As soon as it is known, for who goes on after a crash.
            if let session = state.report.session, session != state.kept {
                state.kept = session
                folder.keep(session: session)
            }
            input?.send(state.report.takeOutgoing())
            guard state.report.ending != nil else { return false }
            input?.close()
            return true
        }
    }

    /// All of it, when nothing more comes.
    func finished() -> CLIReport {
        state.withLock { state in
            state.report.finish()
            return state.report
        }
    }
}

/// Lets a gateway tell of signs, and of its end, to a watch that is made after it.
final class WatchHandle: Sendable {
    private let watch = Mutex<ProgramWatch?>(nil)

    func connect(_ watch: ProgramWatch) { self.watch.withLock { $0 = watch } }

    func touch() { watch.withLock { $0 }?.touch() }

    func end(within time: Duration) { watch.withLock { $0 }?.expectEnd(within: time) }
}

/// Serves a gateway on a socket that is there when the sandbox is.
final class GatewayListener: Sendable {
    private let starting = Mutex<Task<WebServer?, Never>?>(nil)

    /// Takes the socket over.
    func start(_ listener: Int32, _ handler: @escaping HTTPHandler) {
        starting.withLock { starting in
            starting = Task {
                var configuration = ServerConfiguration(endpoints: [.listening(descriptor: listener)])
                configuration.loops = 1
                configuration.compresses = false
                configuration.limits.connections = 256
                return try? await WebServer.start(configuration, handler: handler)
            }
        }
    }

    func stop() async {
        guard let task = starting.withLock({ $0 }) else { return }
        await task.value?.stop(within: .milliseconds(100))
    }
}
