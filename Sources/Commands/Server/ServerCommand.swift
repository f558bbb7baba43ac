// Baton
// SPDX-License-Identifier: Apache-2.0

import Engine
import Glibc
import HTTPServer
import JSON
import Server
import Store
import Threads

/// `baton server`: the API over HTTP, and the engine behind it.
enum ServerCommand {
    static let command: CommandDescription = .init(
        name: "server",
        summary: "Serve the API over HTTP and drive all runs and schedules, until Ctrl-C",
        discussion: """
            Needs the data folder for itself. Listens on the loopback address; for other machines give --address together with
            --tls-cert and --tls-key, or put a proxy in front. Whoever can read the file `token` in the data folder is an
            administrator; the first account that is registered is one too. On Ctrl-C or `kill` no new work begins, requests and
            tasks in flight get 30 seconds, and everything goes on at the next start; a second signal ends it at once.
            """,
        options: options,
        examples: [
            .init(line: "baton server", comment: "on http://127.0.0.1:7420"),
            .init(line: "baton server --port 0 -o json", comment: "on a free port, which is shown"),
        ],
        exits: [.unavailable]
    ) { context throws(CommandFailure) in
        let stop = ThreadSemaphore()
        Interruption.watch { _ in stop.signal() }
        let session = try ServerSession(context)
        session.announce()
        stop.wait()
        context.console.note("stopping; what is in flight gets 30 seconds")
        session.stop()
        return .ok
    }

    static let options: [OptionDescription] = [
        OptionDescription(
            name: "address",
            kind: .text("ADDRESS"),
            summary: "where it listens",
            defaultValue: "127.0.0.1"
        ),
        OptionDescription(
            name: "port",
            kind: .number("PORT", 0...65_535),
            summary: "the port; 0 for any that is free",
            defaultValue: "7420"
        ),
        OptionDescription(name: "socket", kind: .path("PATH"), summary: "also a Unix socket there"),
        OptionDescription(name: "tls-cert", kind: .path("FILE"), summary: "a certificate chain in PEM, for HTTPS"),
        OptionDescription(name: "tls-key", kind: .path("FILE"), summary: "its key in PEM"),
    ]

    /// Where the options want it to listen.
    static func endpoints(_ context: CommandContext) throws(CommandFailure) -> [Endpoint] {
        let host = context.invocation.text("address") ?? "127.0.0.1"
        let port = context.invocation.number("port") ?? 7420
        var endpoints: [Endpoint] = []
        switch (context.invocation.text("tls-cert"), context.invocation.text("tls-key")) {
        case (nil, nil): endpoints.append(.tcp(host: host, port: port))
        case (let cert?, let key?):
            let identity = TLSIdentity(certificateFile: context.absolute(cert), keyFile: context.absolute(key))
            endpoints.append(.tls(host: host, port: port, identity))
        default: throw .usage("--tls-cert and --tls-key belong together")
        }
        if let path = context.invocation.text("socket") { endpoints.append(.unix(path: context.absolute(path))) }
        return endpoints
    }
}
