// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import Engine
import JSON
import Model
import ProviderCalls
import Providers
import Store
import Threads
import Tools

/// Lets a model judge an output: another one than its author, where there is one.
///
/// What it says counts only with quotes that stand in what it was shown; what cannot be read is for a person. When no model
/// can be asked the check is skipped, which is written down.
struct Judge {
    let assignment: Assignment
    let item: CheckOrder.Item
    let models: AgentModels
    let record: CheckRecord

    /// So many models are asked before the check is skipped.
    private static let tries = 3

    /// What it found, when that is durable.
    ///
    /// - Throws: `cancelled`; a code of the engine when the checks are somebody else's now.
    func judge() async throws(TaskError) -> Verdict {
        let brief: JudgeBrief
        let setup: ModelSetup
        do throws(TaskError) {
            brief = try JudgeBrief(assignment, item)
            setup = try await models.setup()
        } catch {
            return try await skip("no model could be asked: \(error)")
        }
        let tier = item.check.source["tier"]?.stringValue.flatMap(ModelTier.init) ?? .small
        var failed: Set<ModelReference> = []
        var reason = "no model serves the tier \(tier.rawValue)"
        while failed.count < Self.tries {
            guard let (model, isOther) = await choose(tier, failed) else { break }
            guard let provider = setup.providers[model.provider], let rate = setup.price(of: model) else {
                reason = "the price of \(model) is not known"
                failed.insert(model)
                continue
            }
            var request = brief.request(for: model, call: failed.count + 1)
            if let limit = rate.entry.facts.outputLimit {
                request.maxOutputTokens = min(request.maxOutputTokens, limit)
            }
            let price = AskPrice(request, rate, of: model)
            var cost = price.cost
            cost.purpose = .verification
            let receipt = try await record.write([.begin(item.number, cost: cost)])
            if let shortage = receipt.shortage {
                return try await skip("it would cost more than is left of the budget of \(shortage.account.scope)")
            }
            request.maxOutputTokens = price.outputLimit(within: receipt.allowances.first ?? nil)
            switch await reply(of: provider, to: request) {
            case .success(let reply):
                await models.succeed(model)
                let evidence = brief.evidence(reply, of: model, isOther: isOther)
                try await record.write([.end(evidence, usage: price.usage(of: reply))])
                return evidence.verdict
            case .failure(let error):
                if record.cancellation.isCancelled || error.code == "cancelled" { throw .cancelled }
                await models.fail(model, error.errorClass)
                reason = "\(model): \(error)"
                failed.insert(model)
                try await record.write([.settle(item.number, usage: error.mayBeCharged ? nil : CallUsage.none)])
            }
        }
        return try await skip("no model could be asked: \(reason)")
    }

    private func skip(_ reason: String) async throws(TaskError) -> Verdict {
        try await record.write([.end(CheckEvidence(check: item.number, verdict: .skipped, message: reason))])
        return .skipped
    }

    /// The first model that may be asked: of the tier, then of the others; the author only when there is no other.
    private func choose(
        _ tier: ModelTier,
        _ failed: Set<ModelReference>
    ) async -> (model: ModelReference, isOther: Bool)? {
        let authors = Set(
            assignment.steps.filter { $0.kind == .model && $0.result != nil && !$0.isAside }.compactMap {
                ModelReference($0.name)
            }
        )
        let tiers = [tier] + [ModelTier.small, .medium, .large, .local].filter { $0 != tier }
        for (excluded, isOther) in [(failed.union(authors), true), (failed, false)] {
            for tier in tiers {
                if case .ask(let model, _) = await models.choose(.tier(tier), excluding: excluded) {
                    return (model, isOther)
                }
            }
        }
        return nil
    }

    private func reply(of provider: any ModelProvider, to request: ModelRequest) async -> Result<ModelReply, ModelError>
    {
        let span = item.check.timeout ?? .seconds(120)
        let work = Task { () async -> Result<ModelReply, ModelError> in
            do throws(ModelError) {
                return .success(try await provider.reply(to: request))
            } catch {
                return .failure(error)
            }
        }
        // A provider that hangs is left when the time of the check is up.
        let clock = Task {
            if (try? await Task.sleep(for: span)) != nil { work.cancel() }
        }
        let registration = record.cancellation.onCancel { work.cancel() }
        defer {
            registration.remove()
            clock.cancel()
        }
        return await work.value
    }
}
