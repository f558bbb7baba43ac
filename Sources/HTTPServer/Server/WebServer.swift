// Baton
// SPDX-License-Identifier: Apache-2.0

public import Reactor
import Synchronization

/// Serves HTTP until it is stopped.
public final class WebServer: Sendable {
    /// Where it listens, in the order of the configuration; with the ports that the system chose.
    public let addresses: [SocketAddress]
    private let sockets: [ListeningSocket]
    private let groups: [ConnectionGroup]
    private let listeners: [Listener]

    /// Binds all endpoints and begins to serve.
    ///
    /// - Throws: `ServerError` when one endpoint cannot be bound or its certificate cannot be used; nothing is left open
    ///   then.
    public static func start(
        _ configuration: ServerConfiguration,
        handler: @escaping HTTPHandler
    ) async throws(ServerError) -> WebServer {
        let server = try WebServer(configuration, handler: handler)
        for listener in server.listeners {
            let failure: SocketError?? = await listener.loop.perform {
                do throws(SocketError) {
                    try listener.start()
                    return nil
                } catch { return error }
            }
            if let failure = failure ?? nil {
                await server.stop(within: .zero)
                throw ServerError(failure)
            }
        }
        return server
    }

    private init(_ configuration: ServerConfiguration, handler: @escaping HTTPHandler) throws(ServerError) {
        var contexts: [TLSContext?] = []
        for endpoint in configuration.endpoints { contexts.append(try Self.context(of: endpoint)) }
        var sockets: [ListeningSocket] = []
        var groups: [ConnectionGroup] = []
        do throws(SocketError) {
            for endpoint in configuration.endpoints { sockets.append(try Self.bind(endpoint)) }
            for number in 1...max(1, configuration.loops) {
                let loop = try EventLoop(named: "http-\(number)")
                groups.append(ConnectionGroup(loop: loop, configuration: configuration, handler: handler))
            }
        } catch {
            for socket in sockets { socket.close() }
            for group in groups { group.loop.stop() }
            throw ServerError(error)
        }
        addresses = sockets.map(\.address)
        listeners = zip(sockets, contexts).flatMap { socket, context in
            groups.map { Listener(socket: socket, tls: context, own: $0, groups: groups) }
        }
        (self.sockets, self.groups) = (sockets, groups)
    }

    /// Connections that are open.
    public var connectionCount: Int {
        groups.reduce(0) { $0 + $1.count.load(ordering: .relaxed) }
    }

    /// Stops: takes no more connections at once, lets requests that are being answered end, and returns when all
    /// connections are gone.
    ///
    /// - Parameter limit: After this time what still goes on is cut off: tasks of handlers are cancelled and connections
    ///   closed.
    public func stop(within limit: Duration) async {
        for listener in listeners { _ = await listener.loop.perform { listener.stop() } }
        for socket in sockets { socket.close() }
        for group in groups { group.loop.execute { group.drain() } }
        await withTaskGroup { tasks in
            tasks.addTask {
                try? await Task.sleep(for: limit)
                for group in self.groups { group.loop.execute { group.closeAll() } }
            }
            for group in groups { await group.waitUntilEmpty() }
            tasks.cancelAll()
        }
        for group in groups { group.loop.stop() }
    }

    private static func bind(_ endpoint: Endpoint) throws(SocketError) -> ListeningSocket {
        switch endpoint {
        case .tcp(let host, let port), .tls(let host, let port, _): try .tcp(host: host, port: port)
        case .unix(let path): try .unix(path: path)
        case .listening(let descriptor): try .adopting(descriptor)
        }
    }

    private static func context(of endpoint: Endpoint) throws(ServerError) -> TLSContext? {
        guard case .tls(_, _, let identity) = endpoint else { return nil }
        return try TLSContext(identity)
    }
}
