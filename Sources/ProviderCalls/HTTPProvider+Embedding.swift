// Baton
// SPDX-License-Identifier: Apache-2.0

import HTTP
import JSON
import Model
public import Providers

extension HTTPProvider: EmbeddingProvider {
    /// Asks once for vectors, as ``EmbeddingProvider`` says.
    public func embed(_ texts: [String], model: String) async throws(ModelError) -> EmbeddingReply {
        guard let url = endpoint.embeddingsURL else {
            throw ModelError(
                code: "provider.unavailable",
                errorClass: .permanent,
                message: "\(name): providers of the kind \(settings.kind.rawValue) make no vectors"
            )
        }
        try keepPause(of: model)
        try takeCall()
        let secret = try await secret()
        let body = EmbeddingWire.body(texts, model: model, as: endpoint.format)
        var sent = headers(secret, isCall: true).filter { $0.name.lowercased() != "accept" }
        sent.append(("Accept", "application/json"))
        let answer: HTTPResponse
        do throws(HTTPClientError) {
            answer = try await client.send(
                HTTPRequest(method: "POST", url: url, headers: sent, body: body.bytes(), timeout: settings.idleLimit)
            )
        } catch {
            throw lost(error, nil).without(secret)
        }
        pauses.learn(answer.headers, of: model, at: now())
        guard answer.status == 200 else {
            let failure = ResponseFailure(status: answer.status, headers: answer.headers, body: answer.body, now: now())
            throw failure.error(provider: name).without(secret)
        }
        guard let json = try? JSONValue(parsing: answer.body),
            let reply = EmbeddingWire.read(json, count: texts.count, as: endpoint.format)
        else {
            throw ModelError(
                code: "provider.failed",
                errorClass: .transient,
                message: "\(name): the answer has not one vector for each text",
                status: 200,
                mayHaveLeft: true,
                mayBeCharged: true
            )
        }
        return reply
    }
}
