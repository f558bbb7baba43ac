// Baton
// SPDX-License-Identifier: Apache-2.0

/// Takes the one answer to one request. May be called from any thread.
protocol ResponseSink: AnyObject, Sendable {
    /// Sends an answer whose body is there; of a stream, when only the head was asked for, the head.
    func send(_ response: HTTPResponse)
    /// Sends the head; the body is what comes out of the pipe.
    func start(_ response: HTTPResponse, _ stream: ResponseStream) -> BytePipe
    /// Sends the head; the body is what somebody follows. False where that takes a task.
    func follow(_ response: HTTPResponse, _ stream: ResponseStream, _ followed: any Followed) -> Bool
    /// Makes the connection a WebSocket; `nil` where that is not possible.
    func upgrade(_ upgrade: WebSocketUpgrade) -> WebSocket?
}

/// Runs a handler and brings its answer on the way.
struct HandlerRun: Sendable {
    let handler: HTTPHandler
    let compresses: Bool

    /// In the task of one request.
    func answer(_ request: HTTPRequest, to sink: any ResponseSink) async {
        var response = Finishing.checked(await handler(request))
        if compresses { await Finishing.compress(&response, for: request) }
        switch response.body {
        case .none, .bytes, .file: sink.send(response)
        case .stream(let stream):
            if request.method == "HEAD" { return sink.send(response) }
            if let followed = stream.followed, sink.follow(response, stream, followed) { return }
            await produce(stream, response, sink)
        case .webSocket(let upgrade):
            guard let socket = sink.upgrade(upgrade) else {
                return sink.send(WebSocketUpgrade.refusal("WebSockets are spoken over HTTP/1.1 here."))
            }
            await upgrade.run(socket)
        }
    }

    private func produce(_ stream: ResponseStream, _ response: HTTPResponse, _ sink: any ResponseSink) async {
        let pipe = sink.start(response, stream)
        let writer = ResponseWriter(pipe)
        do {
            try await stream.produce(writer)
            pipe.finish(trailers: writer.finalTrailers)
        } catch {
            // The client sees that the body broke off; whoever made it knows why.
            pipe.breakOff(HTTPStreamError(.connectionClosed, "The body broke off."))
        }
    }
}
