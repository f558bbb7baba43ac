// Baton
// SPDX-License-Identifier: Apache-2.0

import Engine
import Model
import ProviderCalls
import Providers

/// For whom a gateway asks models: what may be asked, who pays, and where it is written down.
protocol GatewayPayer: Sendable {
    /// Names what is held for a call.
    associatedtype Record: Sendable

    var models: AgentModels { get }
    var setup: ModelSetup { get }

    /// What the client's name of a model stands for.
    func wish(for name: String) throws(GatewayRefusal) -> ModelRouter.Wish

    /// Holds the money for a call, durably, before it leaves. Whatever is held is settled once.
    ///
    /// - Throws: What the client is told when the call may not be made.
    func hold(
        _ call: GatewayRequest,
        _ model: ModelReference,
        _ cost: CallCost
    ) async throws(GatewayRefusal) -> GatewayHold<Record>

    /// Writes down what came of a call.
    ///
    /// - Parameter usage: What it did cost; `nil` when nobody knows.
    /// - Returns: False when that could not be made durable: then nobody may act on the answer.
    func settle(
        _ hold: GatewayHold<Record>,
        _ model: ModelReference,
        _ result: Result<ModelReply, ModelError>,
        _ usage: CallUsage?
    ) async -> Bool

    /// The model has no price, so it is not asked.
    func refuse(unpriced model: ModelReference) -> GatewayRefusal

    /// Why calls are not taken any more.
    var over: GatewayRefusal { get }

    /// Something happens; not to be blocked.
    func sign()

    /// For people.
    func note(_ line: String)
}

/// What is held for a call.
struct GatewayHold<Record: Sendable>: Sendable {
    let record: Record
    /// What the call may cost; `nil` for a free one.
    let allowance: Charge?
    /// What a scripted provider matches.
    let origin: ModelCallOrigin
    /// Names an answer that is translated. Clients join answers of the same id.
    let responseID: String
}
