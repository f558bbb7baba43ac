// Baton
// SPDX-License-Identifier: Apache-2.0

public import Engine
public import Knowledge
public import Model
import ProviderCalls
public import Providers
import Store
import Synchronization

/// Vectors from a model of the settings. What a call can cost is held in all budgets before it leaves, and what it did cost is
/// recorded (spec 8.11, 8.12).
public final class PaidEmbedder: Embedder {
    private let models: AgentModels
    private let reference: ModelReference
    private let engine = Mutex<DurableEngine?>(nil)

    /// - Parameters:
    ///   - models: Set up when the first text comes.
    ///   - model: One of theirs.
    public init(_ models: AgentModels, model: ModelReference) {
        (self.models, reference) = (models, model)
    }

    /// The engine that keeps the budgets; before it is given nothing can be paid.
    public func pay(through engine: DurableEngine) { self.engine.withLock { $0 = engine } }

    /// The model.
    public var model: String { reference.description }

    /// What so many LLM tokens cost.
    public func price(ofTokens count: Int) async throws(EmbeddingFailure) -> Money? {
        let setup = try await setup()
        guard let rate = setup.price(of: reference), rate.version != ModelRate.unpriced else { return nil }
        return rate.entry.price.cost(of: ModelUsage(input: count))
    }

    /// Makes vectors and pays for them.
    public func embed(
        _ texts: [String],
        for payer: PaidCaller,
        keep: @escaping @Sendable ([[Float]]) async throws(LibraryError) -> Void
    ) async throws(EmbeddingFailure) {
        let setup = try await setup()
        guard let provider = setup.providers[reference.provider] as? any EmbeddingProvider else {
            throw EmbeddingFailure(
                "provider.unavailable",
                "there is no provider `\(reference.provider)` that makes vectors"
            )
        }
        guard let rate = setup.price(of: reference) else {
            let error = TaskError.unpriced(reference)
            throw EmbeddingFailure(error.code, error.message)
        }
        let (engine, call) = try await hold(texts, rate, payer)
        let reply: EmbeddingReply
        do throws(ModelError) {
            reply = try await provider.embed(texts, model: reference.model)
        } catch {
            // When that fails, the next process settles what is held in full.
            try? await engine.settle(call, error.mayBeCharged ? .unknown : .free)
            throw EmbeddingFailure(error.code, error.message)
        }
        var failure: LibraryError?
        do throws(LibraryError) {
            try await keep(reply.vectors)
        } catch {
            failure = error
        }
        do throws(EngineError) {
            try await engine.settle(call, Self.end(of: reply, rate))
        } catch {
            throw EmbeddingFailure(error.code.rawValue, error.message)
        }
        if let failure { throw EmbeddingFailure(failure.code.rawValue, failure.message) }
    }

    private func hold(
        _ texts: [String],
        _ rate: ModelRate,
        _ payer: PaidCaller
    ) async throws(EmbeddingFailure) -> (DurableEngine, ReservationID) {
        guard let engine = engine.withLock(\.self) else {
            throw EmbeddingFailure("provider.unavailable", "nothing is paid here")
        }
        let bound = EmbeddingBound.input(of: texts)
        let most = Charge(
            money: rate.entry.price.worstCost(input: bound, output: 0),
            languageModelTokens: Int64(bound)
        )
        let cost = CallCost(
            most: most,
            provider: reference.provider,
            model: reference.model,
            purpose: .embedding
        )
        do throws(EngineError) {
            switch try await engine.hold(cost, for: payer) {
            case .held(let call, _): return (engine, call)
            case .refused(let shortage): throw EngineError(.conflict, shortage.sentence)
            }
        } catch {
            throw EmbeddingFailure(error.code == .conflict ? "budget.exhausted" : error.code.rawValue, error.message)
        }
    }

    private static func end(of reply: EmbeddingReply, _ rate: ModelRate) -> PaidCallEnd {
        guard reply.usage.certainty != .unknown else { return .unknown }
        return .spent(
            CallUsage(
                charge: Charge(
                    money: rate.entry.price.cost(of: reply.usage),
                    languageModelTokens: Int64(reply.usage.totalInput)
                ),
                tokens: TokenCounts(input: Int64(reply.usage.totalInput)),
                pricedBy: rate.version,
                isSimulated: reply.isSimulated
            )
        )
    }

    private func setup() async throws(EmbeddingFailure) -> ModelSetup {
        do throws(TaskError) {
            return try await models.setup()
        } catch {
            throw EmbeddingFailure(error.code, error.message)
        }
    }
}
