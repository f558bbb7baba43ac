// Baton
// SPDX-License-Identifier: Apache-2.0

import Engine
import JSON
import Model
import ProviderCalls
import Providers

/// One call of a session: finds a model, holds the money, passes the call on, settles.
struct GatewayCall: Sendable {
    /// What a model without a known limit may answer when the client names no limit.
    private static let outputLimit = 32_000

    private let session: GatewaySession
    private let call: GatewayRequest
    private let pipe: AnswerPipe
    /// Sent to providers of the same form.
    var headers: [(name: String, value: String)] = []
    var query = ""

    init(_ session: GatewaySession, _ call: GatewayRequest, _ pipe: AnswerPipe) {
        (self.session, self.call, self.pipe) = (session, call, pipe)
    }

    /// Comes to an end of the pipe in any case.
    func carryOut() async {
        let wish = session.wish(for: call.model)
        var failed: Set<ModelReference> = []
        var last: ModelError?
        while true {
            switch await session.models.choose(wish, excluding: failed) {
            case .ask(let model, let isFallback):
                if isFallback { session.note("\(model) is asked in place of the preferred model") }
                do throws(ModelError) {
                    return try await ask(model)
                } catch {
                    session.failed(error)
                    session.note("\(model): \(error)")
                    // A client that has seen a part of the answer asks again by itself.
                    if pipe.hasBegun { return pipe.end(.failure(AnswerPipe.Broken())) }
                    if error.code == "cancelled" || error.errorClass == .permanent { return refuse(.init(error)) }
                    await session.models.fail(model, error.errorClass)
                    failed.insert(model)
                    last = error
                }
            case .wait(let time):
                var refusal = GatewayRefusal(529, "overloaded_error", "all models that could answer failed too often")
                refusal.isRetried = true
                refusal.wait = max(.zero, time - session.models.now())
                return refuse(last.map { .init($0) } ?? refusal)
            case .unavailable:
                return refuse(
                    last.map { .init($0) } ?? GatewayRefusal(404, "not_found_error", "no model serves this task")
                )
            }
        }
    }

    private func refuse(_ refusal: GatewayRefusal) {
        pipe.begin(.refused(refusal))
        pipe.end(.success(()))
    }

    // MARK: One model

    /// Asks a model, unless it cannot be paid; then the client is told.
    private func ask(_ model: ModelReference) async throws(ModelError) {
        guard let provider = session.setup.providers[model.provider] else {
            return refuse(GatewayRefusal(404, "not_found_error", "there is no provider `\(model.provider)`"))
        }
        guard let rate = session.setup.price(of: model) else {
            let error = TaskError.unpriced(model)
            session.fail(error)
            return refuse(.budget(error.message))
        }
        let most = rate.entry.facts.outputLimit ?? call.outputLimit ?? Self.outputLimit
        let price = AskPrice(
            input: call.inputBound,
            output: min(call.outputLimit ?? most, most),
            marksLong: call.marksLong,
            rate,
            of: model
        )
        var record = call.record.objectValue ?? [:]
        for member in session.prompts.record(of: call.served.request).members { record[member.key] = member.value }
        let begin = StepChange.begin(.model, name: model.description, request: .object(record), cost: price.cost)
        guard let receipt = await hold(begin), let step = receipt.begun.first else { return }
        defer { session.release() }
        session.prompts.keep(call.served.request, as: step.number)
        let limit = price.outputLimit(within: receipt.allowances.first ?? nil)
        let answer: Answer
        do throws(ModelError) {
            answer = try await reply(provider, model, limit, step.number)
        } catch {
            await end(step.number, AgentStep.failed(error.taskError), error.mayBeCharged ? nil : CallUsage.none)
            throw error
        }
        await session.models.succeed(model)
        // Known before the client can act on it.
        guard await end(step.number, AgentStep.answered(answer.reply), price.usage(of: answer.reply)) else {
            return pipe.end(.failure(AnswerPipe.Broken()))
        }
        session.succeeded(answer.reply)
        note(answer.reply, model, step.number)
        answer.send(pipe)
        pipe.end(.success(()))
    }

    /// Holds the money for a call; `nil` when it may not be made, which the client was told.
    ///
    /// Others of the session may hold what is left of a budget until they have ended; only without them it is used up.
    private func hold(_ begin: StepChange) async -> StepReceipt? {
        while !Task.isCancelled {
            let releases = session.ask()
            let receipt: StepReceipt
            do throws(TaskError) {
                receipt = try await session.record([begin], isEnd: false)
            } catch {
                session.asked(holds: false)
                session.fail(error)
                break
            }
            let holds = receipt.shortage == nil && !receipt.begun.isEmpty
            session.asked(holds: holds)
            if holds { return receipt }
            guard await session.waitForRelease(since: releases) else {
                if case .begin(_, _, _, let cost?, _) = begin { session.starve(cost) }
                refuse(.budget("the call does not fit the budget of this task"))
                return nil
            }
        }
        refuse(.over)
        return nil
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
        _ step: Int
    ) async throws(ModelError) -> Answer {
        if Task.isCancelled { throw ModelError.cancelled(mayHaveLeft: false) }
        if call.isStream, let provider = provider as? HTTPProvider, provider.format == call.format {
            return try await pass(provider, model, limit)
        }
        return try await translate(provider, model, limit, step)
    }

    /// The provider speaks as the client does: its words go through as they are.
    private func pass(
        _ provider: HTTPProvider,
        _ model: ModelReference,
        _ limit: Int
    ) async throws(ModelError) -> Answer {
        let (pipe, session) = (pipe, session)
        var request = call.served.request
        request.model = model.model
        let (reply, rest) = try await provider.pass(
            call.body(for: model.model, outputLimit: limit),
            headers: headers,
            query: query,
            reading: request
        ) { bytes in
            session.sign()
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
        _ step: Int
    ) async throws(ModelError) -> Answer {
        let session = session
        var request = call.served.request
        request.model = model.model
        request.maxOutputTokens = limit
        request.origin = ModelCallOrigin(agent: session.agent, node: session.node, call: step)
        let reply = try await provider.reply(to: request) { _ in session.sign() }
        // Clients join answers of the same id.
        var shown = reply
        shown.responseID = "\(session.run)_\(step)"
        shown.model = call.model
        let served = ServedReply(shown, as: call.format, includesUsage: call.served.includesUsage)
        let isStream = call.isStream
        return Answer(reply: reply) { pipe in
            guard isStream else { return pipe.begin(.whole(served.whole.bytes())) }
            pipe.begin(.stream)
            for frame in served.frames { pipe.write(frame) }
        }
    }

    /// False when it could not be made durable: then nobody may act on the answer.
    @discardableResult
    private func end(_ number: Int, _ result: JSONValue, _ usage: CallUsage?) async -> Bool {
        do throws(TaskError) {
            _ = try await session.record([.end(number, result: result, usage: usage)], isEnd: true)
            return true
        } catch {
            session.fail(error)
            return false
        }
    }

    private func note(_ reply: ModelReply, _ model: ModelReference, _ step: Int) {
        session.note(
            "step \(step): \(model)\(reply.isSimulated ? " (simulated)" : ""), \(reply.usage.totalInput) LLM tokens in, "
                + "\(reply.usage.output) out"
        )
    }
}
