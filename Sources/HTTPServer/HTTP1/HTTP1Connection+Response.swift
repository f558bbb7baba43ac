// Baton
// SPDX-License-Identifier: Apache-2.0

import Reactor

extension HTTP1Connection {
    func send(_ response: HTTPResponse) {
        if connection.loop.isCurrent { return respond(response) }
        connection.loop.execute { [self] in respond(response) }
    }

    func start(_ response: HTTPResponse, _ stream: ResponseStream) -> BytePipe {
        let pipe = BytePipe(
            highWater: Connection.highWater,
            onSupply: { [self] in connection.loop.execute { self.pull() } }
        )
        connection.loop.execute { [self] in
            guard canStream(response) else { return pipe.fail(.connectionClosed) }
            begin(response, stream, .pipe(pipe))
        }
        return pipe
    }

    func follow(_ response: HTTPResponse, _ stream: ResponseStream, _ followed: any Followed) -> Bool {
        connection.loop.execute { [self] in
            guard canStream(response) else { return }
            endTask()
            begin(response, stream, .follower(Follower(followed, on: connection.loop, for: self)))
        }
        return true
    }

    func followerHasNews() { pull() }

    /// Sends an answer whose body is there.
    func respond(_ response: HTTPResponse) {
        guard responsePhase == .awaited else { return }
        var framing = ResponseEncoder.Framing.length(0)
        var small: [UInt8] = []
        switch response.body {
        case .none: break
        case .bytes(let bytes):
            framing = .length(bytes.count)
            small = bytes
        case .file(let file): framing = .length(file.count)
        case .stream(let stream): framing = self.framing(of: stream)
        case .webSocket: break
        }
        if Self.hasNoBody(response.status) { framing = .none }
        if bodyMustEndConnection { isPersistent = false }
        let hasBody = !isHead && framing != .none
        let joins = hasBody && small.count <= 16384
        connection.send(head(response, framing, body: joins ? small : []))
        if hasBody, !joins { connection.send(small) }
        if hasBody, case .file(let file) = response.body { connection.send(file) }
        finishResponse()
    }

    /// False when nobody waits for the answer any more, or when it has no body, and then it is sent.
    private func canStream(_ response: HTTPResponse) -> Bool {
        guard responsePhase == .awaited else { return false }
        guard Self.hasNoBody(response.status) else { return true }
        var empty = response
        empty.body = .none
        respond(empty)
        return false
    }

    private func begin(_ response: HTTPResponse, _ stream: ResponseStream, _ source: BodySource) {
        let framing = framing(of: stream)
        if framing == .untilClose || bodyMustEndConnection { isPersistent = false }
        connection.send(head(response, framing))
        responsePhase = .streaming(framing)
        responseSource = source
        keepAlive = stream.keepAlive
        lengthLeft = stream.length ?? 0
        updateDeadline()
        pull()
    }

    func outputHasRoom() {
        if responseSource != nil { pull() }
    }

    /// Moves what there is of the body into the output, as far as there is room.
    func pull() {
        guard case .streaming(let framing) = responsePhase, let source = responseSource else { return }
        while connection.outputCount < source.highWater {
            switch source.take() {
            case .nothing: return
            case .part(let part): connection.sendAtOnce(framing == .chunked ? part.chunk : part.bytes)
            case .bytes(let bytes):
                guard framing != .chunked else {
                    connection.send(ResponseEncoder.chunk(bytes))
                    continue
                }
                lengthLeft -= bytes.count
                // More than announced would be taken for the next answer.
                if case .length = framing, lengthLeft < 0 { return breakOff() }
                connection.send(bytes)
            case .end(let trailers):
                if case .length = framing, lengthLeft != 0 { return breakOff() }
                if framing == .chunked {
                    let sent = wantsTrailers && trailers.defect == nil ? trailers : HTTPHeaders()
                    connection.send(ResponseEncoder.lastChunk(trailers: sent))
                }
                return finishResponse()
            case .failed: return breakOff()
            }
        }
    }

    /// Says something when nothing was said for a while.
    func sendKeepAlive() {
        guard case .streaming(let framing) = responsePhase, let keepAlive, connection.outputCount == 0 else { return }
        connection.send(framing == .chunked ? ResponseEncoder.chunk(keepAlive.bytes) : keepAlive.bytes)
    }

    /// Nothing but the missing end tells the client that the body is not whole.
    private func breakOff() {
        // Where the end of the connection is the end of the body, only a reset is no end.
        guard responsePhase != .streaming(.untilClose) else {
            return connection.reset(HTTPStreamError(.connectionClosed, "The answer broke off."))
        }
        isPersistent = false
        finishResponse()
    }

    private func head(_ response: HTTPResponse, _ framing: ResponseEncoder.Framing, body: [UInt8] = []) -> [UInt8] {
        ResponseEncoder.head(
            response,
            framing,
            isPersistent: isPersistent,
            isOld: isOld,
            date: connection.group.dateLine,
            body: body
        )
    }

    private func framing(of stream: ResponseStream) -> ResponseEncoder.Framing {
        if let length = stream.length { .length(length) } else { isOld ? .untilClose : .chunked }
    }

    private static func hasNoBody(_ status: Int) -> Bool {
        status == 204 || status == 304
    }
}
