// Baton
// SPDX-License-Identifier: Apache-2.0

public import Engine
public import HTTPServer
public import Model
import ProviderCalls
import Providers
import Store
import Synchronization

/// Models for programs that are no part of a run, at the addresses of their providers: `/gateway/anthropic` and
/// `/gateway/openai` (spec 10.5). What a call can cost is held in the budgets of whoever asks before it leaves, and is
/// settled before the client sees its end.
public final class ModelGateway: Sendable {
    private let models: AgentModels
    private let engine: DurableEngine
    private let calls = GatewayCalls()

    /// - Parameters:
    ///   - models: Set up when the first call comes.
    ///   - engine: Keeps the budgets.
    public init(_ models: AgentModels, payingThrough engine: DurableEngine) {
        (self.models, self.engine) = (models, engine)
    }

    /// Answers a request; refusals have the form of the provider whose client asks.
    ///
    /// - Parameter payer: Who asks, and is charged.
    public func answer(_ request: HTTPRequest, for payer: PaidCaller) async -> HTTPResponse {
        guard let route = GatewayRoute(request.method, request.path), route != .result else {
            let path = request.target.rawPath
            return GatewayRefusal(404, "not_found_error", "there is no \(request.method) \(path)").response(.messages)
        }
        if route == .count { return await GatewayExchange.count(request) }
        let setup: ModelSetup
        do throws(TaskError) {
            setup = try await models.setup()
        } catch {
            return GatewayRefusal(503, "api_error", error.message).response(route.format)
        }
        guard case .call(let format) = route else { return GatewayExchange.list(Self.names(setup), route.format) }
        let client = GatewayClient(models: models, setup: setup, engine: engine, payer: payer, calls: calls)
        return await GatewayExchange.answer(request, format, for: client, among: calls)
    }

    /// Takes no more calls, ends those that are under way after `limit`, and returns when all that they cost is written down.
    public func close(within limit: Duration) async {
        calls.close()
        let end = Task { [calls] in
            guard (try? await Task.sleep(for: limit)) != nil else { return }
            calls.cancel()
        }
        await calls.finish()
        end.cancel()
    }

    /// What clients may ask for: the tiers that some model serves, and the models of the tiers and the providers.
    private static func names(_ setup: ModelSetup) -> [String] {
        let tiers = ModelTier.allCases.filter { !setup.tiers.candidates(for: $0).isEmpty }
        let ofTiers = tiers.flatMap { setup.tiers.models[$0] ?? [] }
        let ofProviders = setup.settings.values.sorted { $0.name < $1.name }.flatMap { settings in
            settings.models.map { ModelReference(provider: settings.name, model: $0) }
        }
        var seen: Set<ModelReference> = []
        let models = (ofTiers + ofProviders).filter { seen.insert($0).inserted }
        return tiers.map(\.rawValue) + models.map(\.description)
    }
}

/// Whoever asked pays, and a usage record says what came of a call.
private struct GatewayClient: GatewayPayer {
    let models: AgentModels
    let setup: ModelSetup
    let engine: DurableEngine
    let payer: PaidCaller
    let calls: GatewayCalls

    /// A tier, or a model that a provider is known to have.
    func wish(for name: String) throws(GatewayRefusal) -> ModelRouter.Wish {
        if let tier = ModelTier(rawValue: name) { return .tier(tier) }
        do throws(TaskError) {
            return try setup.wish(model: name, tier: .medium)
        } catch {
            throw GatewayRefusal(404, "not_found_error", error.message)
        }
    }

    func hold(
        _ call: GatewayRequest,
        _ model: ModelReference,
        _ cost: CallCost
    ) async throws(GatewayRefusal) -> GatewayHold<ReservationID> {
        var cost = cost
        cost.purpose = .external
        let answer: PaidCallAnswer
        do throws(EngineError) {
            answer = try await engine.hold(cost, for: payer)
        } catch {
            throw GatewayRefusal(error)
        }
        switch answer {
        case .held(let id, let allowance):
            return GatewayHold(
                record: id,
                allowance: allowance,
                origin: ModelCallOrigin(agent: "gateway"),
                responseID: id.description
            )
        case .refused(let shortage): throw GatewayRefusal(shortage)
        }
    }

    func settle(
        _ hold: GatewayHold<ReservationID>,
        _ model: ModelReference,
        _ result: Result<ModelReply, ModelError>,
        _ usage: CallUsage?
    ) async -> Bool {
        let end: PaidCallEnd =
            switch result {
            case .success: usage.map(PaidCallEnd.spent) ?? .unknown
            case .failure: usage == nil ? .unknown : .free
            }
        while true {
            do throws(EngineError) {
                try await engine.settle(hold.record, end)
                return true
            } catch {
                // A disk that is full may have room again. What is not settled here counts in full at the next start.
                guard error.code == .storageFull, !calls.isClosed else { return false }
                await GatewaySession.pause()
            }
        }
    }

    var over: GatewayRefusal {
        let message = "the server stops; another one, or this one soon, takes the call"
        var refusal = GatewayRefusal(503, "api_error", message)
        (refusal.isRetried, refusal.wait) = (true, .seconds(5))
        return refusal
    }

    func refuse(unpriced model: ModelReference) -> GatewayRefusal { .budget(TaskError.unpriced(model).message) }

    func sign() {}

    func note(_ line: String) {}
}

extension GatewayRefusal {
    /// A call that does not fit a budget. When it would fit but for what others hold, it is worth another try.
    fileprivate init(_ shortage: BudgetShortage) {
        guard shortage.mayPass else {
            self = .budget(shortage.lack)
            return
        }
        self.init(429, "rate_limit_error", shortage.lack)
        (isRetried, wait) = (true, .seconds(2))
    }

    fileprivate init(_ error: EngineError) {
        self.init(error.code == .storageFull ? 507 : 503, "api_error", error.message)
        (isRetried, wait) = (error.code != .storageFull, .seconds(1))
    }
}
