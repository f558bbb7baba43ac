// Baton
// SPDX-License-Identifier: Apache-2.0

import CNghttp2
import Reactor

/// One request and its answer on an HTTP/2 connection.
///
/// Confined to the thread of the connection's loop; what other threads may call hops there.
final class HTTP2Stream: ResponseSink, FollowerClient, @unchecked Sendable {
    // All variables are touched on the thread of the connection's loop only.

    let id: Int32
    /// `nil` once the stream is closed.
    private(set) weak var owner: HTTP2Connection?
    private let loop: EventLoop
    private var fields: [(name: [UInt8], value: [UInt8])] = []
    private var fieldBytes = 0
    private var bodyPipe: BytePipe?
    /// Bytes that came and do not count as taken yet.
    private var untaken = 0
    private var bodyDeadline = Int64.max
    private var task: Task<Void, Never>?
    private var isHead = false
    private var owesContinue = false
    private var hasResponded = false
    /// All of the request came; all of the answer is on its way.
    private var bodyIsWhole = false
    private var answerIsWhole = false
    var source: HTTP2Source?
    private var isDeferred = false
    private var keepAlive: ResponseStream.KeepAlive?
    private var quietSince: Int64 = 0

    init(_ owner: HTTP2Connection, _ id: Int32) {
        self.owner = owner
        self.id = id
        loop = owner.connection.loop
    }

    // MARK: The request

    func addHeader(_ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>) {
        fieldBytes += name.count + value.count + 32
        guard let limits = owner?.connection.group.limits.head else { return }
        // What is beyond is counted and answered with 431.
        guard fieldBytes <= limits.bytes, fields.count < limits.fieldCount + 5 else { return }
        fields.append((Array(name), Array(value)))
    }

    /// The head is complete.
    func begin(hasBody: Bool) {
        guard let owner else { return }
        let head: RequestHead
        do throws(RequestDefect) {
            head = try readHead(owner.connection.group.limits.head)
        } catch {
            bodyIsWhole = !hasBody
            return respond(error.response)
        }
        fields = []
        let length = head.headers.first("content-length").flatMap { Int($0) }
        bodyIsWhole = !hasBody
        if hasBody {
            owesContinue = head.headers.first("expect")?.lowercased() == "100-continue"
            bodyPipe = BytePipe(
                highWater: Connection.highWater,
                onDemand: { [self] in loop.execute { self.bodyIsWanted() } }
            )
        }
        isHead = head.method == "HEAD"
        let connection = owner.connection
        let request = HTTPRequest(
            head: head,
            body: HTTPBody(pipe: bodyPipe, length: hasBody ? length : 0),
            remoteAddress: connection.remote,
            isSecure: connection.isSecure
        )
        let run = connection.group.run
        task = Task(executorPreference: loop) { await run.answer(request, to: self) }
    }

    func receive(_ bytes: UnsafeBufferPointer<UInt8>) {
        owesContinue = false
        untaken += bytes.count
        if let bodyPipe {
            bodyPipe.offer(Array(bytes))
            bodyDeadline = bodyPipe.isReaderWaiting ? bodyTime : .max
        }
        giveBack()
    }

    func endBody() {
        bodyIsWhole = true
        bodyPipe?.finish()
        bodyDeadline = .max
    }

    private var bodyTime: Int64 { loop.now + (owner?.connection.group.timeouts.body ?? 0) }

    /// The handler has taken bytes, waits for some, or will take no more.
    private func bodyIsWanted() {
        guard let owner else { return }
        if owesContinue, !hasResponded {
            owesContinue = false
            HTTP2Fields([(":status", "100")]).withEntries { entries in
                _ = nghttp2_submit_headers(owner.session, 0, id, nil, entries.baseAddress, entries.count, nil)
            }
        }
        bodyDeadline = bodyPipe?.isReaderWaiting == true ? bodyTime : .max
        giveBack()
        owner.pumpSoon()
    }

    /// Opens the windows for what was taken.
    private func giveBack() {
        // A client that goes on sending after its answer is slowed down until the tick tells it to stop.
        guard let owner, !answerIsWhole else { return }
        let taken = untaken - (bodyPipe?.count ?? 0)
        guard taken > 0 else { return }
        untaken -= taken
        nghttp2_session_consume(owner.session, id, taken)
    }

    private func readHead(_ limits: HeadLimits) throws(RequestDefect) -> RequestHead {
        guard fieldBytes <= limits.bytes, fields.count <= limits.fieldCount + 4 else {
            throw .headersTooLarge("The request has too many or too long header fields.")
        }
        // nghttp2 has checked names, values, and which of these there are.
        var (method, path, authority, headers) = ("", "", nil as String?, HTTPHeaders())
        for field in fields {
            let value = String(decoding: field.value, as: UTF8.self)
            switch String(decoding: field.name, as: UTF8.self) {
            case ":method": method = value
            case ":path": path = value
            case ":authority": authority = value
            case ":scheme", ":protocol": break
            case let name: headers.append(lowercase: name, value)
            }
        }
        guard method != "CONNECT" else { throw .unsupported("This server is no proxy.") }
        guard path.utf8.count <= limits.targetBytes else {
            throw .tooLong("The request target has more than \(limits.targetBytes) bytes.")
        }
        return RequestHead(
            method: method,
            target: try RequestTarget(path),
            version: .http2,
            headers: headers,
            authority: authority ?? headers.first("host")
        )
    }

    // MARK: The answer

    func send(_ response: HTTPResponse) {
        loop.execute { [self] in respond(response) }
    }

    func start(_ response: HTTPResponse, _ stream: ResponseStream) -> BytePipe {
        let pipe = BytePipe(highWater: Connection.highWater, onSupply: { [self] in loop.execute { self.supply() } })
        loop.execute { [self] in
            guard owner != nil, !hasResponded else { return pipe.fail(.connectionClosed) }
            begin(response, stream, .pipe(pipe))
        }
        return pipe
    }

    func follow(_ response: HTTPResponse, _ stream: ResponseStream, _ followed: any Followed) -> Bool {
        loop.execute { [self] in
            guard owner != nil, !hasResponded else { return }
            task = nil
            begin(response, stream, .follower(Follower(followed, on: loop, for: self)))
        }
        return true
    }

    func followerHasNews() { supply() }

    private func begin(_ response: HTTPResponse, _ stream: ResponseStream, _ source: BodySource) {
        keepAlive = stream.keepAlive
        quietSince = loop.now
        submit(response, length: stream.length, HTTP2Source(.stream(source, left: stream.length)))
    }

    func upgrade(_ upgrade: WebSocketUpgrade) -> WebSocket? { nil }

    private func respond(_ response: HTTPResponse) {
        guard owner != nil, !hasResponded else { return }
        let hasBody = !isHead && response.status != 204 && response.status != 304
        switch response.body {
        case .bytes(let bytes):
            submit(response, length: bytes.count, hasBody && !bytes.isEmpty ? HTTP2Source(.bytes(bytes)) : nil)
        case .file(let file):
            submit(response, length: file.count, hasBody && file.count > 0 ? HTTP2Source(.file(file)) : nil)
        case .stream(let stream): submit(response, length: stream.length, nil)
        case .none, .webSocket: submit(response, length: 0, nil)
        }
    }

    private func submit(_ response: HTTPResponse, length: Int?, _ source: HTTP2Source?) {
        guard let owner else { return }
        hasResponded = true
        self.source = source
        var list = [(":status", String(response.status))]
        list += response.allFields.map { ($0.name, $0.value) }
        list.append(("date", owner.connection.group.dateValue))
        if let length, response.status != 204, response.status != 304 {
            list.append(("content-length", String(length)))
        }
        HTTP2Fields(list).withEntries { entries in
            guard source != nil else {
                _ = nghttp2_submit_response(owner.session, id, entries.baseAddress, entries.count, nil)
                return
            }
            var provider = nghttp2_data_provider(source: nghttp2_data_source(ptr: nil), read_callback: readSource)
            _ = nghttp2_submit_response(owner.session, id, entries.baseAddress, entries.count, &provider)
        }
        if source == nil { endAnswer() }
        owner.pumpSoon()
    }

    /// There may be something to send.
    private func supply() {
        guard isDeferred, let owner else { return }
        isDeferred = false
        nghttp2_session_resume_data(owner.session, id)
        owner.pumpSoon()
    }

    /// What nghttp2 asks for; called within `pump`.
    func read(into buffer: UnsafeMutableRawBufferPointer, flags: inout UInt32) -> Int {
        guard var source else { return Int(NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue) }
        self.source = nil
        defer { self.source = source }
        switch source.read(into: buffer) {
        case .bytes(let count):
            quietSince = loop.now
            return count
        case .wait:
            isDeferred = true
            return Int(NGHTTP2_ERR_DEFERRED.rawValue)
        case .end(let count, let trailers):
            flags |= NGHTTP2_DATA_FLAG_EOF.rawValue
            source.finish()
            endAnswer()
            if !trailers.fields.isEmpty, trailers.defect == nil {
                flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM.rawValue
                HTTP2Fields(trailers.fields.map { ($0.name, $0.value) }).withEntries { entries in
                    _ = nghttp2_submit_trailer(owner?.session, id, entries.baseAddress, entries.count)
                }
            }
            return count
        // Resets the stream, so that the client knows that the body is not whole.
        case .failed: return Int(NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue)
        }
    }

    // MARK: Time and the end

    /// Once a tick.
    func lookAfter(at now: Int64) {
        if now >= bodyDeadline, let owner {
            bodyDeadline = .max
            bodyPipe?.fail(.timeout)
            task?.cancel()
            if hasResponded {
                nghttp2_submit_rst_stream(owner.session, 0, id, NGHTTP2_CANCEL.rawValue)
            } else {
                respond(RequestDefect.timeout.response)
            }
        }
        if answerIsWhole, !bodyIsWhole, let owner {
            nghttp2_submit_rst_stream(owner.session, 0, id, NGHTTP2_NO_ERROR.rawValue)
        }
        if let keepAlive, isDeferred, now - quietSince >= keepAlive.interval.milliseconds {
            source?.offer(keepAlive.bytes)
            supply()
        }
    }

    /// The stream is gone, by its end or otherwise.
    func closed(_ reason: HTTPStreamError) {
        // What nobody read still counts for the window of the connection.
        if untaken > 0, let owner { nghttp2_session_consume_connection(owner.session, untaken) }
        untaken = 0
        owner = nil
        bodyPipe?.fail(reason)
        source?.fail(reason)
        task?.cancel()
        (task, bodyPipe, source) = (nil, nil, nil)
    }

    private func endAnswer() {
        bodyPipe?.abandon()
        answerIsWhole = true
        keepAlive = nil
    }
}

private func readSource(
    _: OpaquePointer?,
    _ id: Int32,
    _ buffer: UnsafeMutablePointer<UInt8>?,
    _ count: Int,
    _ flags: UnsafeMutablePointer<UInt32>?,
    _: UnsafeMutablePointer<nghttp2_data_source>?,
    _ context: UnsafeMutableRawPointer?
) -> Int {
    let failure = Int(NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue)
    guard let context, let flags else { return failure }
    let connection = Unmanaged<HTTP2Connection>.fromOpaque(context).takeUnretainedValue()
    let room = UnsafeMutableRawBufferPointer(start: buffer, count: count)
    return connection.stream(id)?.read(into: room, flags: &flags.pointee) ?? failure
}
