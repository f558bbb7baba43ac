// Baton
// SPDX-License-Identifier: Apache-2.0

import Cryptography
import Glibc
import HTTPServer
import JSON
import Synchronization
import Testing

/// A receiver of webhooks gets every event of a server that is killed again and again, also those of times when it takes
/// nothing itself.
@Suite(.offPool, .timeLimit(.minutes(5)), .serialized) struct WebhookCrashTests {
    private static let kills = 5
    private static let workflow = """
        workflow: count
        nodes:
          - {id: a, type: transform, config: {expr: "1"}}
          - {id: b, type: transform, depends_on: [a], config: {expr: "nodes.a.output + 1"}}
        """

    /// The other side. What it did not take it has not seen.
    private final class Receiver: Sendable {
        enum Mood: Sendable, CaseIterable {
            /// Takes everything.
            case open
            /// Takes nothing.
            case closed
            /// Takes everything but one type of event.
            case picky
        }
        struct State {
            var mood = Mood.open
            var attempts = 0
            /// The ids that came with each event that was taken.
            var taken: [Int64: Set<String>] = [:]
            var forged = 0
            var secret: [UInt8] = []
        }
        let state = Mutex(State())

        func take(_ request: HTTPRequest) async -> HTTPResponse {
            let body = (try? await request.body.collect(limit: 1 << 20)) ?? []
            let (id, time) = (request.header("webhook-id") ?? "", request.header("webhook-timestamp") ?? "")
            let json = (try? JSONValue(parsing: body)) ?? .null
            let status = state.withLock { state -> Int in
                state.attempts += 1
                let code = HMACSHA256.code(Array("\(id).\(time).".utf8) + body, key: state.secret)
                if request.header("webhook-signature") != "v1," + Base64.encode(code, .standard, isPadded: true) {
                    state.forged += 1
                }
                switch state.mood {
                case .closed: return 503
                case .picky where json["type"] == "dev.baton.task.completed.v1": return 422
                default: break
                }
                state.taken[json["data"]?["seq"]?.intValue ?? 0, default: []].insert(id)
                return 204
            }
            return HTTPResponse(status: status)
        }

        func wait(_ what: (State) -> Bool) async {
            while !state.withLock({ what($0) }) { await Task.yield() }
        }
    }

    private let folder: CrashFolder

    init() throws { folder = try CrashFolder(Self.workflow) }

    @Test func `no event is lost over kills while the receiver is down at times`() async throws {
        let receiver = Receiver()
        let web = try await WebServer.start(
            ServerConfiguration(endpoints: [.tcp(host: "127.0.0.1", port: 0)]),
            handler: { await receiver.take($0) }
        )
        let address = "\(web.addresses[0])"
        for kill in 0...Self.kills {
            let server = try ServerProcess(
                folder: folder.path,
                program: BatonProcess.path,
                variables: ["BATON_SANDBOX_NETWORK": address]
            )
            let authorization = "Authorization: Bearer \(try token())"
            if kill == 0 { try prepare(server, authorization, address, receiver) }
            let isLast = kill == Self.kills
            // The first time down, then picky, then open; in the end open.
            let mood = isLast ? Receiver.Mood.open : [.closed, .picky, .open, .closed, .picky][kill]
            receiver.state.withLock { ($0.mood, $0.attempts) = (mood, 0) }
            for _ in 1...5 {
                let wait = isLast ? ["Prefer: wait=60"] : []
                let reply = try WireClient(port: server.port)
                    .request("POST", "/v1/workflows/count/runs", [authorization] + wait)
                #expect(reply?.status == (isLast ? 200 : 202))
            }
            guard !isLast else {
                let total = try lastEvent(server, authorization)
                await receiver.wait { $0.taken.count >= total }
                let state = receiver.state.withLock { $0 }
                #expect(Set(state.taken.keys) == Set(1...total) && state.forged == 0)
                #expect(state.taken.allSatisfy { $0.value.count == 1 }, "the same id for every attempt")
                #expect(server.stop() == 0)
                break
            }
            // Where the cut comes among the messages is chance.
            let count = mood == .closed ? 1 : Int.random(in: 1...20)
            await receiver.wait { $0.attempts >= count }
            server.kill()
        }
        await web.stop(within: .zero)
    }

    private func prepare(
        _ server: ServerProcess,
        _ authorization: String,
        _ address: String,
        _ receiver: Receiver
    ) throws {
        let published = try WireClient(port: server.port).request(
            "POST",
            "/v1/workflows",
            [authorization, "Content-Type: application/yaml"],
            Self.workflow
        )
        #expect(published?.status == 201)
        let made = try WireClient(port: server.port).request(
            "POST",
            "/v1/webhooks",
            [authorization, "Content-Type: application/json"],
            "{\"url\": \"http://\(address)/in\"}"
        )
        #expect(made?.status == 201, "\(made?.body ?? "")")
        let secret = try JSONValue(parsing: Array((made?.body ?? "").utf8))["secret"]?.stringValue ?? ""
        let digits = secret.dropFirst(6).prefix { $0 != "=" }
        let key = try #require(Base64.decode(digits, .standard))
        receiver.state.withLock { $0.secret = key }
    }

    /// The number of the last event, from pages.
    private func lastEvent(_ server: ServerProcess, _ authorization: String) throws -> Int64 {
        var last: Int64 = 0
        while true {
            let reply = try WireClient(port: server.port)
                .request("GET", "/v1/events?limit=500&after=\(last)", [authorization])
            let items = try JSONValue(parsing: Array((reply?.body ?? "").utf8))["items"]?.arrayValue ?? []
            guard let next = items.last?["seq"]?.intValue else { return last }
            last = next
        }
    }

    private func token() throws -> String {
        let descriptor = open("\(folder.path)/data/token", O_RDONLY | O_CLOEXEC)
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 200)
        let count = max(0, Glibc.read(descriptor, &bytes, bytes.count))
        return String(decoding: bytes.prefix(count), as: UTF8.self).filter { !$0.isWhitespace }
    }
}
