// Baton
// SPDX-License-Identifier: Apache-2.0

import HTTP
public import JSON
public import Providers

/// Calls that somebody else wrote in the provider's own form.
extension HTTPProvider {
    /// The form that the provider speaks.
    public var format: WireFormat { endpoint.format }

    /// Passes a request on as it is, and its answer as it comes.
    ///
    /// The answer is read on the way. What comes from when the model has stopped on is not passed but returned, so that the
    /// caller can write down what the call did cost before anybody knows of its end.
    ///
    /// - Parameters:
    ///   - body: In the provider's form, asking for a stream.
    ///   - headers: Sent besides; those of the settings and of the key win.
    ///   - query: Without `?`; empty for none.
    ///   - request: What `body` asks, for reading the answer.
    ///   - onBytes: Called for every piece in order; a slow one holds the provider back.
    /// - Returns: The answer, and its bytes from where the model stopped.
    /// - Throws: ``ModelError``; when nothing was passed yet, nothing of an answer had come.
    public func pass(
        _ body: JSONValue,
        headers: [(name: String, value: String)] = [],
        query: String = "",
        reading request: ModelRequest,
        onBytes: @Sendable ([UInt8]) async -> Void
    ) async throws(ModelError) -> (reply: ModelReply, rest: [UInt8]) {
        try keepPause(of: request.model)
        try takeCall()
        let secret = try await secret()
        do throws(ModelError) {
            let answer = try await open(body, headers, query, of: request.model, secret)
            return try await pass(answer, request, onBytes)
        } catch {
            throw error.without(secret)
        }
    }

    private func open(
        _ body: JSONValue,
        _ more: [(name: String, value: String)],
        _ query: String,
        of model: String,
        _ secret: String?
    ) async throws(ModelError) -> HTTPStream {
        let own = headers(secret, isCall: true)
        let taken = Set(own.map { $0.name.lowercased() })
        let request = HTTPRequest(
            method: "POST",
            url: query.isEmpty ? endpoint.url : "\(endpoint.url)?\(query)",
            headers: own + more.filter { !taken.contains($0.name.lowercased()) },
            body: body.bytes()
        )
        return try await send(request, of: model)
    }

    private func pass(
        _ answer: HTTPStream,
        _ request: ModelRequest,
        _ onBytes: @Sendable ([UInt8]) async -> Void
    ) async throws(ModelError) -> (reply: ModelReply, rest: [UInt8]) {
        var stream = ReplyStream(
            endpoint.format,
            to: request,
            provider: name,
            requestID: answer.header("request-id") ?? answer.header("x-request-id")
        )
        var rest: [UInt8] = []
        var lost: ModelError?
        while lost == nil, !stream.isOver {
            let bytes: [UInt8]?
            do throws(HTTPClientError) {
                bytes = try await answer.next()
            } catch {
                lost = self.lost(error, stream.partial)
                break
            }
            guard let bytes else { break }
            _ = stream.feed(bytes)
            if stream.hasStopped || stream.isOver { rest += bytes } else { await onBytes(bytes) }
        }
        do throws(ModelError) {
            return (try stream.finish(), rest)
        } catch {
            throw lost ?? error
        }
    }
}
