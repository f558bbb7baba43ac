// Baton
// SPDX-License-Identifier: Apache-2.0

import Engine
import JSON
import Model
import ProviderCalls
import Providers

/// One call over a gateway: finds a model, holds the money, passes the call on, settles.
struct GatewayCall<Payer: GatewayPayer>: Sendable {
    private let payer: Payer
    private let call: GatewayRequest
    private let pipe: AnswerPipe
    /// Sent to providers of the same form.
    var headers: [(name: String, value: String)] = []
    var query = ""

    init(_ payer: Payer, _ call: GatewayRequest, _ pipe: AnswerPipe) {
        (self.payer, self.call, self.pipe) = (payer, call, pipe)
    }

    /// Comes to an end of the pipe in any case.
    func carryOut() async {
        do throws(GatewayRefusal) {
            try await findAnswer(try payer.wish(for: call.model))
        } catch {
            pipe.begin(.refused(error))
            pipe.end(.success(()))
        }
    }

    private func findAnswer(_ wish: ModelRouter.Wish) async throws(GatewayRefusal) {
        var failed: Set<ModelReference> = []
        var last: ModelError?
        while true {
            switch await payer.models.choose(wish, excluding: failed) {
            case .ask(let model, let isFallback):
                if isFallback { payer.note("\(model) is asked in place of the preferred model") }
                guard let error = try await ask(model) else { return }
                // A client that has seen a part of the answer asks again by itself.
                if pipe.hasBegun { return pipe.end(.failure(AnswerPipe.Broken())) }
                if error.code == "cancelled" || error.errorClass == .permanent { throw GatewayRefusal(error) }
                await payer.models.fail(model, error.errorClass)
                failed.insert(model)
                last = error
            case .wait(let time):
                var refusal = GatewayRefusal(529, "overloaded_error", "all models that could answer failed too often")
                refusal.isRetried = true
                refusal.wait = max(.zero, time - payer.models.now())
                throw last.map { .init($0) } ?? refusal
            case .unavailable:
                throw last.map { .init($0) } ?? GatewayRefusal(404, "not_found_error", "no model serves this task")
            }
        }
    }

    // MARK: One model

    /// Asks a model, unless it cannot be paid; why it gave no answer.
    private func ask(_ model: ModelReference) async throws(GatewayRefusal) -> ModelError? {
        guard let provider = payer.setup.providers[model.provider] else {
            throw GatewayRefusal(404, "not_found_error", "there is no provider `\(model.provider)`")
        }
        guard let rate = payer.setup.price(of: model) else { throw payer.refuse(unpriced: model) }
        let price = price(rate, of: model)
        let hold = try await payer.hold(call, model, price.cost)
        let limit = price.outputLimit(within: hold.allowance)
        let answer: Answer
        do throws(ModelError) {
            answer = try await reply(provider, model, limit, hold)
        } catch {
            _ = await payer.settle(hold, model, .failure(error), error.mayBeCharged ? nil : CallUsage.none)
            return error
        }
        await payer.models.succeed(model)
        // Known before the client can act on it.
        guard await payer.settle(hold, model, .success(answer.reply), price.usage(of: answer.reply)) else {
            pipe.end(.failure(AnswerPipe.Broken()))
            return nil
        }
        answer.send(pipe)
        pipe.end(.success(()))
        return nil
    }

    private func price(_ rate: ModelRate, of model: ModelReference) -> AskPrice {
        // What a model without a known limit may answer when the client names none.
        let most = rate.entry.facts.outputLimit ?? call.outputLimit ?? 32_000
        return AskPrice(
            input: call.inputBound,
            output: min(call.outputLimit ?? most, most),
            marksLong: call.marksLong,
            rate,
            of: model
        )
    }

    private struct Answer {
        let reply: ModelReply
        /// Passes on what the client has not got yet.
        let send: @Sendable (AnswerPipe) -> Void
    }

    private func reply(
        _ provider: any ModelProvider,
        _ model: ModelReference,
        _ limit: Int,
        _ hold: GatewayHold<Payer.Record>
    ) async throws(ModelError) -> Answer {
        if Task.isCancelled { throw ModelError.cancelled(mayHaveLeft: false) }
        if call.isStream, let provider = provider as? HTTPProvider, provider.format == call.format {
            return try await pass(provider, model, limit)
        }
        return try await translate(provider, model, limit, hold)
    }

    /// The provider speaks as the client does: its words go through as they are.
    private func pass(
        _ provider: HTTPProvider,
        _ model: ModelReference,
        _ limit: Int
    ) async throws(ModelError) -> Answer {
        let (pipe, payer) = (pipe, payer)
        var request = call.served.request
        request.model = model.model
        let (reply, rest) = try await provider.pass(
            call.body(for: model.model, outputLimit: limit),
            headers: headers,
            query: query,
            reading: request
        ) { bytes in
            payer.sign()
            pipe.begin(.stream)
            pipe.write(bytes)
        }
        return Answer(reply: reply) { pipe in
            pipe.begin(.stream)
            pipe.write(rest)
        }
    }

    /// It speaks otherwise: what both know is translated, and the answer comes when it is whole.
    private func translate(
        _ provider: any ModelProvider,
        _ model: ModelReference,
        _ limit: Int,
        _ hold: GatewayHold<Payer.Record>
    ) async throws(ModelError) -> Answer {
        let payer = payer
        var request = call.served.request
        request.model = model.model
        request.maxOutputTokens = limit
        request.origin = hold.origin
        let reply = try await provider.reply(to: request) { _ in payer.sign() }
        var shown = reply
        shown.responseID = hold.responseID
        shown.model = call.model
        let served = ServedReply(shown, as: call.format, includesUsage: call.served.includesUsage)
        let isStream = call.isStream
        return Answer(reply: reply) { pipe in
            guard isStream else { return pipe.begin(.whole(served.whole.bytes())) }
            pipe.begin(.stream)
            for frame in served.frames { pipe.write(frame) }
        }
    }
}
