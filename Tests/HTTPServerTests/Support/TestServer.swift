// Baton
// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import Reactor

/// Serves while the body runs.
func withServer<Value: Sendable>(
    _ change: (inout ServerConfiguration) -> Void = { _ in },
    handler: @escaping HTTPHandler = echo,
    body: (WebServer, SocketAddress) async throws -> Value
) async throws -> Value {
    var configuration = ServerConfiguration(endpoints: [.tcp(host: "127.0.0.1", port: 0)])
    configuration.loops = 2
    change(&configuration)
    let server = try await WebServer.start(configuration, handler: handler)
    do {
        let value = try await body(server, server.addresses[0])
        await server.stop(within: .zero)
        return value
    } catch {
        await server.stop(within: .zero)
        throw error
    }
}

/// Says what it was asked: method, target and body.
let echo: HTTPHandler = { request in
    do throws(HTTPStreamError) {
        let body = try await request.body.collect(limit: 1 << 20)
        return .text("\(request.method) \(request.target.raw) \(String(decoding: body, as: UTF8.self))")
    } catch {
        return .text("\(error.code)", status: error.code == .tooLarge ? 413 : 400)
    }
}
