// Baton
// SPDX-License-Identifier: Apache-2.0

import Reactor

/// A connection that speaks HTTP/1.0 or HTTP/1.1: one request after the other.
///
/// Confined to the thread of its loop; what other threads may call hops there.
final class HTTP1Connection: ConnectionRole, ResponseSink, FollowerClient, @unchecked Sendable {
    // All variables are touched on the thread of the connection's loop only.

    /// What the client sends.
    enum RequestPhase {
        case head
        case body(BodyDecoder)
        /// The request is complete; what follows is the next one and waits.
        case complete
        /// Nothing that comes means anything any more.
        case stopped
    }

    /// What the client gets.
    enum ResponsePhase: Equatable {
        case none
        /// The handler works.
        case awaited
        /// The head is sent, the body comes out of its source.
        case streaming(ResponseEncoder.Framing)
        case done
    }

    let connection: Connection
    var requestPhase = RequestPhase.head
    var responsePhase = ResponsePhase.none
    private var parser: HeadParser
    /// Input that could not be used yet.
    private var pending: [UInt8] = []
    private var bodyPipe: BytePipe?
    var responseSource: BodySource?
    var keepAlive: ResponseStream.KeepAlive?
    var lengthLeft = 0
    private var task: Task<Void, Never>?
    /// What of the request matters for its answer.
    private(set) var isOld = false
    private(set) var isHead = false
    private(set) var wantsTrailers = false
    var isPersistent = true
    private var owesContinue = false
    private var isHeadTimed = false

    init(_ connection: Connection) {
        self.connection = connection
        parser = HeadParser(limits: connection.group.limits.head)
        connection.setDeadline(connection.loop.now + connection.group.timeouts.idle)
    }

    private var group: ConnectionGroup { connection.group }

    // MARK: Input

    func receive(_ bytes: UnsafeBufferPointer<UInt8>) {
        if pending.isEmpty {
            let used = process(bytes)
            if used < bytes.count { pending = Array(bytes[used...]) }
        } else {
            pending.append(contentsOf: bytes)
            processPending()
        }
        adjustReading()
    }

    private func processPending() {
        let bytes = pending
        let used = bytes.withUnsafeBufferPointer(process)
        pending = used == bytes.count ? [] : Array(bytes[used...])
    }

    /// Returns how many bytes are used up.
    private func process(_ bytes: UnsafeBufferPointer<UInt8>) -> Int {
        var index = 0
        do throws(RequestDefect) {
            while index < bytes.count {
                let rest = UnsafeBufferPointer(rebasing: bytes[index...])
                switch requestPhase {
                case .head:
                    guard let (head, count) = try parser.parse(rest) else {
                        startHeadTimer()
                        return index
                    }
                    index += count
                    begin(head)
                case .body(var decoder):
                    index += try feed(&decoder, rest)
                case .complete: return index
                case .stopped: return bytes.count
                }
            }
        } catch {
            refuse(error)
            return bytes.count
        }
        return index
    }

    private func feed(
        _ decoder: inout BodyDecoder,
        _ bytes: UnsafeBufferPointer<UInt8>
    ) throws(RequestDefect) -> Int {
        owesContinue = false
        var chunk: [UInt8] = []
        let used = try decoder.decode(bytes, into: &chunk)
        if !chunk.isEmpty { bodyPipe?.offer(chunk) }
        guard decoder.isDone else {
            let isTooMuch = responsePhase == .done && decoder.discard(chunk.count) > group.limits.discardedBody
            requestPhase = .body(decoder)
            if isTooMuch { endConnection() }
            return used
        }
        requestPhase = .complete
        bodyPipe?.finish()
        bodyPipe = nil
        if responsePhase == .done { beginNext() }
        return used
    }

    private func begin(_ head: HTTP1Head) {
        parser.reset()
        isPersistent = head.isPersistent && !group.isDraining
        isOld = head.head.version == .http1_0
        isHead = head.head.method == "HEAD"
        wantsTrailers =
            head.head.headers.first("te") != nil
            && head.head.headers.list("te").contains { $0.lowercased() == "trailers" }
        owesContinue = head.expectsContinue
        responsePhase = .awaited
        var length: Int? = 0
        switch head.framing {
        case .none: requestPhase = .complete
        case .length(let count):
            length = count
            requestPhase = .body(BodyDecoder(.length(count)))
        case .chunked:
            length = nil
            requestPhase = .body(BodyDecoder(.chunked))
        }
        if head.framing != .none {
            bodyPipe = BytePipe(
                highWater: Connection.highWater,
                onDemand: { [self] in connection.loop.execute { self.bodyIsWanted() } }
            )
        }
        let request = HTTPRequest(
            head: head.head,
            body: HTTPBody(pipe: bodyPipe, length: length),
            remoteAddress: connection.remote,
            isSecure: connection.isSecure
        )
        let run = group.run
        task = Task(executorPreference: connection.loop) { await run.answer(request, to: self) }
        updateDeadline()
    }

    /// The handler reads the body.
    private func bodyIsWanted() {
        guard case .body = requestPhase, bodyPipe != nil else { return }
        if owesContinue {
            owesContinue = false
            connection.send(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8))
        }
        adjustReading()
        updateDeadline()
    }

    private func adjustReading() {
        switch requestPhase {
        case .head, .stopped: connection.setReading(true)
        case .body: connection.setReading(bodyPipe?.isBelowHighWater ?? true)
        case .complete: connection.setReading(pending.isEmpty)
        }
    }

    func inputEnded() {
        switch requestPhase {
        case .complete where responsePhase != .none: isPersistent = false
        case .stopped where connection.outputCount > 0: break
        default: connection.close(.connectionClosed)
        }
    }

    // MARK: The end of a request

    /// Answers what is no proper request, unless an answer has begun.
    private func refuse(_ defect: RequestDefect) {
        requestPhase = .stopped
        isPersistent = false
        bodyPipe?.fail(defect.status == 408 ? .timeout : HTTPStreamError(.malformed, defect.reason))
        bodyPipe = nil
        switch responsePhase {
        case .none, .awaited:
            task?.cancel()
            responsePhase = .awaited
            respond(defect.response)
        case .streaming: break
        case .done: endConnection()
        }
    }

    /// The answer is complete.
    func finishResponse() {
        responsePhase = .done
        responseSource?.finish()
        responseSource = nil
        keepAlive = nil
        task = nil
        switch requestPhase {
        case .complete: beginNext()
        case .body:
            let isLast = bodyMustEndConnection || !isPersistent
            owesContinue = false
            bodyPipe?.abandon()
            if isLast { return endConnection() }
            adjustReading()
            updateDeadline()
        case .head, .stopped: endConnection()
        }
    }

    /// What is left of the request keeps the next one from being found, or would take too long to throw away.
    var bodyMustEndConnection: Bool {
        switch requestPhase {
        case .head, .complete: false
        case .stopped: true
        // A client that waits for leave may send the body or not, so what comes next cannot be told.
        case .body(let decoder): owesContinue || decoder.remaining > group.limits.discardedBody
        }
    }

    private func beginNext() {
        guard isPersistent, !group.isDraining else { return endConnection() }
        requestPhase = .head
        responsePhase = .none
        (isOld, isHead, wantsTrailers) = (false, false, false)
        isHeadTimed = false
        connection.setDeadline(connection.loop.now + group.timeouts.idle)
        guard !pending.isEmpty else { return adjustReading() }
        // In a step of its own, so that a client who sends many requests at once does not make the stack grow.
        connection.loop.executeLater { [self] in
            guard connection.isOpen else { return }
            processPending()
            adjustReading()
        }
    }

    /// The task has nothing more to do for this request.
    func endTask() { task = nil }

    func endConnection() {
        requestPhase = .stopped
        connection.setDeadline(.max)
        connection.setReading(true)
        connection.closeAfterOutput()
    }

    // MARK: Becoming something else

    func upgrade(_ upgrade: WebSocketUpgrade) -> WebSocket? {
        guard !isOld else { return nil }
        let link = WebSocketLink(connection.loop)
        let socket = WebSocket(
            upgrade,
            onDemand: { link.tell { $0.adjustReading() } },
            onSupply: { link.tell { $0.pull() } }
        )
        connection.loop.execute { [self] in become(upgrade, socket, link) }
        return socket
    }

    private func become(_ upgrade: WebSocketUpgrade, _ socket: WebSocket, _ link: WebSocketLink) {
        guard connection.isOpen, responsePhase == .awaited, case .complete = requestPhase else {
            return socket.fail(.connectionClosed)
        }
        let role = WebSocketConnection(connection, socket, upgrade.options, task: task)
        link.role = role
        let rest = pending
        (responsePhase, requestPhase, task, pending) = (.done, .stopped, nil, [])
        connection.send(upgrade.head)
        connection.become(role)
        role.begin(with: rest)
        if group.isDraining { role.drain() }
    }

    func drain() {
        isPersistent = false
        if case .head = requestPhase, responsePhase == .none, pending.isEmpty, !parser.hasStarted {
            endConnection()
        }
    }

    func connectionClosed(_ reason: HTTPStreamError) {
        requestPhase = .stopped
        responsePhase = .done
        // Before the cancellation, which would be told instead of the reason.
        bodyPipe?.fail(reason)
        responseSource?.fail(reason)
        task?.cancel()
        (task, bodyPipe, responseSource, pending) = (nil, nil, nil, [])
    }

    // MARK: Time

    private func startHeadTimer() {
        guard !isHeadTimed else { return }
        isHeadTimed = true
        connection.setDeadline(connection.loop.now + group.timeouts.head)
    }

    /// Not for the head, whose time runs from its first byte on.
    func updateDeadline() {
        let now = connection.loop.now
        var deadline = Int64.max
        if case .body = requestPhase, responsePhase == .done || bodyPipe?.isReaderWaiting == true {
            deadline = now + group.timeouts.body
        }
        if let keepAlive { deadline = min(deadline, now + keepAlive.interval.milliseconds) }
        connection.setDeadline(deadline)
    }

    func deadlinePassed() {
        switch requestPhase {
        case .head:
            if pending.isEmpty { connection.closeAfterOutput() } else { refuse(.timeout) }
        case .body where responsePhase == .done || bodyPipe?.isReaderWaiting == true: refuse(.timeout)
        case .body, .complete, .stopped:
            sendKeepAlive()
            updateDeadline()
        }
    }
}
