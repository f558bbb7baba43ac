// Baton
// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import JSON
import Model
import Synchronization
import Webhooks

@testable import Server

/// The other side of webhooks: a server that keeps what comes and answers as it is told.
final class Receiver: Sendable {
    struct Call: Sendable {
        let headers: [String: String]
        let body: [UInt8]
        let status: Int
        var json: JSONValue { (try? JSONValue(parsing: body)) ?? .null }
        var id: String { headers["webhook-id"] ?? "" }
        var type: String { json["type"]?.stringValue ?? "" }
    }

    private struct State {
        var calls: [Call] = []
        /// What comes of a message.
        var rule: @Sendable (Call, Int) -> Int = { _, _ in 204 }
    }

    private let state = Mutex(State())
    private let web = Mutex<WebServer?>(nil)
    let address: String

    var url: String { "http://\(address)/in" }

    init() async throws {
        let shared = Box()
        let server = try await WebServer.start(
            ServerConfiguration(endpoints: [.tcp(host: "127.0.0.1", port: 0)])
        ) { request in
            let bytes = (try? await request.body.collect(limit: 1 << 20)) ?? []
            let headers = Dictionary(request.headers.fields.map { ($0.name, $0.value) }) { first, _ in first }
            return HTTPResponse(status: shared.box.withLock { $0 }?.take(headers, bytes) ?? 503)
        }
        address = "\(server.addresses[0])"
        web.withLock { $0 = server }
        shared.box.withLock { $0 = self }
    }

    private final class Box: Sendable {
        let box = Mutex<Receiver?>(nil)
    }

    private func take(_ headers: [String: String], _ body: [UInt8]) -> Int {
        state.withLock { state in
            let call = Call(headers: headers, body: body, status: 0)
            let status = state.rule(call, state.calls.count)
            state.calls.append(Call(headers: headers, body: body, status: status))
            return status
        }
    }

    /// Says what comes of a message, given how many came before.
    func answer(_ rule: @escaping @Sendable (Call, Int) -> Int) { state.withLock { $0.rule = rule } }

    var calls: [Call] { state.withLock { $0.calls } }
    /// The messages that were taken.
    var taken: [Call] { calls.filter { (200..<300).contains($0.status) } }

    /// Returns when it is so.
    func wait(_ what: ([Call]) -> Bool) async {
        while !what(calls) { await Task.yield() }
    }

    func stop() async {
        let server = web.withLock { $0 }
        await server?.stop(within: .zero)
    }
}
