// Baton
// SPDX-License-Identifier: Apache-2.0

import HTTP
import JSON
import MCP
import Model
import Synchronization
import Threads

/// Speaks to an MCP server over HTTP (Streamable HTTP): each request is a POST whose answer is JSON or a stream of events.
///
/// Requests go where the policy lets them; redirects are not followed.
final class HTTPWire: MCPWire {
    /// Of an answer that is an error.
    private static let errorLimit = 64 << 10
    /// How often a stream that breaks is asked to go on.
    private static let resumptions = 2

    private struct State {
        var next: Int64 = 1
        var session: String?
        var toolsChanged = false
        var isClosed = false
    }

    private let client: HTTPClient
    private let url: String
    private let version: String
    private let headers: [(name: String, value: String)]
    private let state = Mutex(State())

    /// - Parameters:
    ///   - headers: With their secrets.
    ///   - version: Of ours, for the server.
    init(_ url: String, headers: [(name: String, value: String)], _ policy: AddressPolicy, version: String) {
        (self.url, self.headers, self.version) = (url, headers, version)
        client = HTTPClient(policy: policy)
    }

    let kind = Handshake.Wire.http

    var isOpen: Bool { state.withLock { !$0.isClosed } }

    func takeToolsChanged() -> Bool {
        state.withLock { state in
            defer { state.toolsChanged = false }
            return state.toolsChanged
        }
    }

    func ask(
        _ request: ClientRequest,
        _ era: Era,
        within limit: Duration,
        _ cancellation: CancellationSignal
    ) async throws(MCPBreak) -> Handshake.Reply {
        let id = state.withLock { state in
            if request.method == "initialize" { state.session = nil }
            defer { state.next += 1 }
            return state.next
        }
        let work = Task { () async -> Result<Handshake.Reply, MCPBreak> in
            do throws(MCPBreak) {
                return .success(try await self.exchange(request, id, era, limit))
            } catch {
                return .failure(error)
            }
        }
        switch await Patience.wait(for: work, limit, cancellation) {
        case .value(let result): return try result.get()
        case .late:
            giveUp(id, request, era, work)
            throw .timeout(limit)
        case .cancelled:
            giveUp(id, request, era, work)
            throw .cancelled
        }
    }

    /// In the modern era the end of the connection says it.
    private func giveUp(
        _ id: Int64,
        _ request: ClientRequest,
        _ era: Era,
        _ work: Task<Result<Handshake.Reply, MCPBreak>, Never>
    ) {
        work.cancel()
        guard !era.isModern, request.method != "initialize" else { return }
        // Nobody waits for it.
        Task { await self.notify(ServerWish.cancelled(id, "not wanted any more"), era) }
    }

    func notify(_ message: RPCMessage, _ era: Era) async {
        var request = post(message, [("mcp-protocol-version", era.version)])
        request.timeout = .seconds(5)
        _ = try? await client.send(request)
    }

    func close() async {
        let session = state.withLock { state in
            state.isClosed = true
            return state.session
        }
        guard let session else { return }
        var request = HTTPRequest(method: "DELETE", url: url, headers: headers + [("mcp-session-id", session)])
        (request.timeout, request.byteLimit) = (.seconds(2), Self.errorLimit)
        _ = try? await client.send(request)
    }

    // MARK: One request

    private func post(_ message: RPCMessage, _ more: [(name: String, value: String)]) -> HTTPRequest {
        var all = headers + more
        all.append(("content-type", "application/json"))
        all.append(("accept", "application/json, text/event-stream"))
        if let session = state.withLock({ $0.session }) { all.append(("mcp-session-id", session)) }
        return HTTPRequest(method: "POST", url: url, headers: all, body: message.json.bytes())
    }

    private func exchange(
        _ request: ClientRequest,
        _ id: Int64,
        _ era: Era,
        _ limit: Duration
    ) async throws(MCPBreak) -> Handshake.Reply {
        let message = request.message(id: id, era, version: version)
        var sent = post(message, request.headers(era))
        sent.timeout = limit
        let stream = try await open(sent, limit)
        if request.method == "initialize", let session = stream.header("mcp-session-id"), session.utf8.count <= 1024 {
            state.withLock { $0.session = session }
        }
        guard (200..<300).contains(stream.status) else { return try await refusal(stream, request) }
        let type = stream.header("content-type")?.prefix { $0 != ";" }.lowercased() ?? ""
        if type == "text/event-stream" { return try await events(stream, id, era, limit) }
        let bytes = try await collect(stream, MessageLines.byteLimit)
        guard case .answer(_, let answer)? = RPCMessage(bytes: bytes) else {
            throw .lost("answered with what is no message (status \(stream.status))", mayHaveLeft: true)
        }
        return .answer(answer)
    }

    private func refusal(_ stream: HTTPStream, _ request: ClientRequest) async throws(MCPBreak) -> Handshake.Reply {
        let hasSession = state.withLock { $0.session != nil }
        if stream.status == 404, hasSession, request.method != "initialize" {
            throw MCPBreak(
                code: .sessionGone,
                error: .server("has forgotten the session", .transient),
                mayHaveLeft: false
            )
        }
        let bytes = (try? await collect(stream, Self.errorLimit)) ?? []
        if case .answer(_, .error(let error))? = RPCMessage(bytes: bytes) { return .answer(.error(error)) }
        return .refused(status: stream.status)
    }

    /// Reads events until the answer is there; a stream of a session that breaks is asked to go on.
    private func events(
        _ first: HTTPStream,
        _ id: Int64,
        _ era: Era,
        _ limit: Duration
    ) async throws(MCPBreak) -> Handshake.Reply {
        var (stream, left) = (first, Self.resumptions)
        var parser = ServerSentEventParser()
        while true {
            var broken = MCPBreak.lost("ended the answer before its end", mayHaveLeft: true)
            do throws(MCPBreak) {
                if let answer = try await answer(in: stream, id, era, &parser) { return .answer(answer) }
            } catch {
                broken = error
            }
            guard broken.code == .lost, !era.isModern, left > 0, !parser.lastID.isEmpty else { throw broken }
            left -= 1
            let pause = min(parser.retry ?? .milliseconds(200), .seconds(5))
            guard (try? await Task.sleep(for: pause)) != nil else { throw .cancelled }
            var request = HTTPRequest(method: "GET", url: url, headers: headers)
            request.headers += [
                ("accept", "text/event-stream"), ("last-event-id", parser.lastID),
                ("mcp-protocol-version", era.version),
            ]
            if let session = state.withLock({ $0.session }) { request.headers.append(("mcp-session-id", session)) }
            request.timeout = limit
            stream = try await open(request, limit)
            guard stream.status == 200 else { throw broken }
            parser = ServerSentEventParser(lastID: parser.lastID)
        }
    }

    /// `nil` when the stream ends without it.
    private func answer(
        in stream: HTTPStream,
        _ id: Int64,
        _ era: Era,
        _ parser: inout ServerSentEventParser
    ) async throws(MCPBreak) -> RPCAnswer? {
        while let bytes = try await next(stream) {
            let events: [ServerSentEvent]
            do throws(ServerSentEventError) {
                events = try parser.feed(bytes)
            } catch {
                throw .lost("answered with \(error.message)", mayHaveLeft: true)
            }
            for event in events {
                guard let message = RPCMessage(bytes: Array(event.data.utf8)) else { continue }
                if case .answer(let name, let answer) = message {
                    if name == .int(id) || name == .string(String(id)) { return answer }
                    continue
                }
                switch ServerWish(message) {
                case .reply(let reply): await notify(reply, era)
                case .toolsChanged: state.withLock { $0.toolsChanged = true }
                case .none: break
                }
            }
        }
        return nil
    }

    // MARK: Bytes

    private func open(_ request: HTTPRequest, _ silence: Duration) async throws(MCPBreak) -> HTTPStream {
        do throws(HTTPClientError) {
            return try await client.stream(request, silence: max(silence, .seconds(1)))
        } catch {
            throw Self.broken(error)
        }
    }

    private func next(_ stream: HTTPStream) async throws(MCPBreak) -> [UInt8]? {
        do throws(HTTPClientError) {
            return try await stream.next()
        } catch {
            throw Self.broken(error)
        }
    }

    private func collect(_ stream: HTTPStream, _ limit: Int) async throws(MCPBreak) -> [UInt8] {
        var bytes: [UInt8] = []
        while let more = try await next(stream) {
            bytes += more
            guard bytes.count <= limit else {
                throw .lost("answered with more than \(limit) bytes", mayHaveLeft: true)
            }
        }
        return bytes
    }

    private static func broken(_ error: HTTPClientError) -> MCPBreak {
        switch error.code {
        case .cancelled: return .cancelled
        case .blocked:
            let refused = TaskError(code: "http.blocked", errorClass: .permanent, message: error.message)
            return MCPBreak(code: .lost, error: refused, mayHaveLeft: false)
        case .invalid, .untrusted:
            return MCPBreak(
                code: .lost,
                error: .server("cannot be reached: \(error.message)", .permanent),
                mayHaveLeft: error.mayHaveLeft
            )
        default: return .lost("cannot be reached: \(error.message)", mayHaveLeft: error.mayHaveLeft)
        }
    }
}
