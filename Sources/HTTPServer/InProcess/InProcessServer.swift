// Baton
// SPDX-License-Identifier: Apache-2.0

public import Reactor
import Synchronization

/// Calls a handler as the server would, without sockets; for tests.
///
/// Requests are checked and answers finished in the same way: bad targets get a 400, headers that cannot be sent a 500.
public struct InProcessServer: Sendable {
    private let run: HandlerRun

    /// A server around a handler.
    ///
    /// - Parameter compresses: As in ``ServerConfiguration``.
    public init(compresses: Bool = true, handler: @escaping HTTPHandler) {
        run = HandlerRun(handler: handler, compresses: compresses)
    }

    /// Sends a request and returns once the head of the answer is there; the body comes while it is read, with the same
    /// bounds as on a socket.
    ///
    /// - Parameter body: All of the body.
    public func send(
        _ method: String = "GET",
        _ target: String,
        headers: HTTPHeaders = HTTPHeaders(),
        body: [UInt8] = [],
        remoteAddress: SocketAddress = .ip(host: "127.0.0.1", port: 1),
        isSecure: Bool = false
    ) async -> InProcessResponse {
        let sink = InProcessSink()
        let head: RequestHead
        do throws(RequestDefect) {
            head = RequestHead(
                method: method,
                target: try RequestTarget(target),
                version: .http1_1,
                headers: headers,
                authority: headers["host"] ?? "localhost"
            )
        } catch {
            sink.send(error.response)
            return await sink.response(of: nil)
        }
        let request = HTTPRequest(
            head: head,
            body: HTTPBody(body),
            remoteAddress: remoteAddress,
            isSecure: isSecure
        )
        let task = Task { await run.answer(request, to: sink) }
        return await withTaskCancellationHandler {
            await sink.response(of: task)
        } onCancel: {
            task.cancel()
        }
    }
}

/// An answer as a client would see it.
public struct InProcessResponse: Sendable {
    /// 200–599, or 101 when it is a WebSocket.
    public let status: Int
    /// As a client sees them, except for those that frame the message.
    public let headers: HTTPHeaders
    /// Read it once. It throws where the connection would be broken off.
    public let body: HTTPBody
    /// The other end of a WebSocket.
    public let webSocket: InProcessWebSocket?
    private let task: Task<Void, Never>?
    private let pipe: BytePipe?

    init(
        _ response: HTTPResponse,
        body: HTTPBody,
        pipe: BytePipe?,
        task: Task<Void, Never>?,
        webSocket: InProcessWebSocket? = nil
    ) {
        status = response.status
        var headers = HTTPHeaders()
        for field in response.allFields { headers.append(lowercase: field.name, field.value) }
        self.headers = headers
        self.body = body
        self.pipe = pipe
        self.task = task
        self.webSocket = webSocket
    }

    /// The value of the first header with that name (any case).
    public func header(_ name: String) -> String? { headers[name] }

    /// Goes away, as a client does that closes its connection.
    public func disconnect() {
        task?.cancel()
        pipe?.abandon()
        webSocket?.disconnect()
    }

    /// Returns when the task of the handler has ended.
    public func finished() async {
        await task?.value
    }

    /// The fields after a streamed body, once it was read.
    public var trailers: HTTPHeaders { pipe?.finalTrailers ?? HTTPHeaders() }
}

/// Keeps the answer until it is asked for.
private final class InProcessSink: ResponseSink {
    private enum Answer {
        case whole(HTTPResponse)
        case streamed(HTTPResponse, BytePipe, length: Int?)
        case webSocket(InProcessWebSocket)
    }

    private struct State {
        var answer: Answer?
        var waiting: CheckedContinuation<Answer, Never>?
    }

    private let state = Mutex(State())

    func send(_ response: HTTPResponse) {
        give(.whole(response))
    }

    func start(_ response: HTTPResponse, _ stream: ResponseStream) -> BytePipe {
        let pipe = BytePipe(highWater: Connection.highWater)
        give(.streamed(response, pipe, length: stream.length))
        return pipe
    }

    func follow(_ response: HTTPResponse, _ stream: ResponseStream, _ followed: any Followed) -> Bool { false }

    func upgrade(_ upgrade: WebSocketUpgrade) -> WebSocket? {
        let socket = WebSocket(upgrade, onDemand: {}, onSupply: {})
        give(.webSocket(InProcessWebSocket(socket, upgrade.options)))
        return socket
    }

    func response(of task: Task<Void, Never>?) async -> InProcessResponse {
        let answer = await withCheckedContinuation { continuation in
            let ready: Answer? = state.withLock { state in
                if state.answer == nil { state.waiting = continuation }
                return state.answer
            }
            if let ready { continuation.resume(returning: ready) }
        }
        switch answer {
        case .whole(let response):
            return InProcessResponse(response, body: HTTPBody(Self.bytes(response)), pipe: nil, task: task)
        case .streamed(let response, let pipe, let length):
            return InProcessResponse(response, body: HTTPBody(pipe: pipe, length: length), pipe: pipe, task: task)
        case .webSocket(let socket):
            let head = HTTPResponse(status: 101)
            return InProcessResponse(head, body: HTTPBody([]), pipe: nil, task: task, webSocket: socket)
        }
    }

    private func give(_ answer: Answer) {
        let waiting: CheckedContinuation<Answer, Never>? = state.withLock { state in
            state.answer = answer
            defer { state.waiting = nil }
            return state.waiting
        }
        waiting?.resume(returning: answer)
    }

    private static func bytes(_ response: HTTPResponse) -> [UInt8] {
        switch response.body {
        case .bytes(let bytes): return bytes
        case .file(let file):
            return [UInt8](unsafeUninitializedCapacity: file.count) { buffer, count in
                let all = UnsafeMutableRawBufferPointer(buffer)
                while count < file.count {
                    let rest = UnsafeMutableRawBufferPointer(rebasing: all[count...])
                    guard let read = file.read(at: count, into: rest) else { return }
                    count += read
                }
            }
        case .none, .stream, .webSocket: return []
        }
    }
}
