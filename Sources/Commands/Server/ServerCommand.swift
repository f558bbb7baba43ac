// Baton
// SPDX-License-Identifier: Apache-2.0

import Engine
import Glibc
import HTTP
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
            --tls-cert and --tls-key, or put a proxy in front: without TLS everybody on the way can read credentials, and a
            warning says so. The settings `server.…` hold where no option is given; the log goes to the standard error.
            Whoever can read the file `token` in the data folder is an administrator; the first account that is registered is
            one too. On Ctrl-C or `kill` no new work begins, requests and tasks in flight get 30 seconds, and everything goes
            on at the next start; a second signal ends it at once. SIGHUP ends nothing: agents, skills, profiles, prices and the
            level of the log are read again, as they are when their files change.
            """,
        options: options,
        examples: [
            .init(line: "baton server", comment: "on http://127.0.0.1:7420"),
            .init(line: "baton server --port 0 -o json", comment: "on a free port, which is shown"),
        ],
        exits: [.unavailable]
    ) { context throws(CommandFailure) in
        let signals = ServerSignals()
        let session = try ServerSession(context)
        session.announce()
        signals.serve(session)
        session.stop()
        return .ok
    }

    static let options: [OptionDescription] = [
        OptionDescription(
            name: "address",
            kind: .text("ADDRESS"),
            summary: "where it listens; `server.address` when not given"
        ),
        OptionDescription(
            name: "port",
            kind: .number("PORT", 0...65_535),
            summary: "the port, 0 for any that is free; `server.port` when not given"
        ),
        OptionDescription(name: "socket", kind: .path("PATH"), summary: "also a Unix socket there"),
        OptionDescription(name: "tls-cert", kind: .path("FILE"), summary: "a certificate chain in PEM, for HTTPS"),
        OptionDescription(name: "tls-key", kind: .path("FILE"), summary: "its key in PEM"),
    ]

    /// The settings, with what the options say in place of them.
    static func settings(_ context: CommandContext) throws(CommandFailure) -> (Settings, SettingsReader.Origins) {
        var (settings, origins) = try SettingsReader.readWithOrigins(context)
        let invocation = context.invocation
        if let address = invocation.text("address") {
            settings.server.address = address
            origins[.serverAddress] = .option("--address")
        }
        if let port = invocation.number("port") {
            settings.server.port = port
            origins[.serverPort] = .option("--port")
        }
        if let path = invocation.text("socket") {
            settings.server.unixSocket = context.absolute(path)
            origins[.serverUnixSocket] = .option("--socket")
        }
        switch (invocation.text("tls-cert"), invocation.text("tls-key")) {
        case (nil, nil): break
        case (let certificate?, let key?):
            (settings.server.certificate, settings.server.key) = (context.absolute(certificate), context.absolute(key))
            (origins[.serverCertificate], origins[.serverKey]) = (.option("--tls-cert"), .option("--tls-key"))
        default: throw .usage("--tls-cert and --tls-key belong together")
        }
        return (settings, origins)
    }
}

/// What a server is told by signals.
struct ServerSignals {
    private enum Call { case reload, stop }
    private let calls = Mailbox<Call>()

    /// Watches for them. Make one before other threads start.
    init() {
        Interruption.watch(onHangup: { [calls] in calls.send(.reload) }) { [calls] _ in calls.send(.stop) }
    }

    /// Blocks until the server shall stop.
    func serve(_ session: ServerSession) {
        while true {
            for call in calls.receive(limit: .max, timeout: 3_600_000) {
                guard call == .reload else { return }
                session.reload()
            }
        }
    }
}

extension ServerSettings {
    /// Where it listens; the first one is what people are told.
    var endpoints: [Endpoint] {
        var endpoints: [Endpoint] = []
        if let certificate, let key {
            endpoints.append(.tls(host: address, port: port, TLSIdentity(certificateFile: certificate, keyFile: key)))
        } else {
            endpoints.append(.tcp(host: address, port: port))
        }
        if let unixSocket { endpoints.append(.unix(path: unixSocket)) }
        return endpoints
    }

    /// Credentials could be read on the way to it: it listens to other machines without TLS.
    var isOpen: Bool {
        guard certificate == nil, address != "localhost" else { return false }
        guard let ip = IPAddress(address) else { return true }
        return !["127.0.0.0/8", "::1"].contains { IPNetwork($0)?.contains(ip) == true }
    }
}
