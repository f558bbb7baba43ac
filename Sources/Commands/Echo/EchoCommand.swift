// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import HTTP
import Threads

/// `baton echo`: a service to try `http` nodes on.
enum EchoCommand {
    static let command: CommandDescription = .init(
        name: "echo",
        summary: "Serve a small HTTP service on this machine to try workflows on",
        discussion: """
            Any path echoes the request. /status/NNN answers with a status, /redirect?to=URL redirects, /fail?key=K&times=N fails the
            first N times, /order?amount=N makes an order once per Idempotency-Key, /slow?ms=N waits, /bytes?count=N sends bytes,
            /ledger counts what was called. With a COMMAND the service lives as long as the command, which may send requests to it;
            the exit code is that of the command.
            """,
        arguments: [.init(name: "COMMAND", summary: "a command to run beside the service", count: .verbatim)],
        options: [
            OptionDescription(
                name: "port",
                kind: .number("PORT", 0...65_535),
                summary: "0 takes any free one",
                defaultValue: "7421"
            )
        ],
        examples: [
            .init(line: "baton echo", comment: "serve until Ctrl-C"),
            .init(line: "baton echo baton run order.yaml", comment: "a run that may call it"),
        ],
        exits: [.unavailable],
        action: serve
    )

    private static func serve(_ context: CommandContext) throws(CommandFailure) -> ExitCode {
        let words = context.invocation.words["COMMAND"] ?? []
        let stop = ThreadSemaphore()
        let child = ChildCommand()
        Interruption.watch { number in
            stop.signal()
            // The terminal sends Ctrl-C to the command too; a second one would make it end at once.
            if number != SIGINT { child.send(number) }
        }
        let server = EchoServer()
        let port: Int
        do throws(EchoServer.Failure) {
            port = try server.start(port: context.invocation.number("port") ?? 7421)
        } catch {
            throw CommandFailure(.unavailable, "port.taken", error.description, hint: "--port 0 takes any free port")
        }
        defer { server.stop() }
        context.console.note("echo on http://127.0.0.1:\(port)")
        if words.isEmpty {
            stop.wait()
            return .ok
        }
        return try child.run(words, environment(context, port))
    }

    /// The command may send requests here.
    private static func environment(_ context: CommandContext, _ port: Int) -> [String: String] {
        var environment = context.environment
        let name = SettingsKey.sandboxNetwork.variable
        let known = environment[name].flatMap { $0.isEmpty ? nil : "\($0)," } ?? ""
        environment[name] = "\(known)127.0.0.1:\(port)"
        environment["BATON_ECHO"] = "http://127.0.0.1:\(port)"
        return environment
    }
}
