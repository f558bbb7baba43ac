// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import JSON
public import Model

/// What became of money and LLM tokens (spec 8.11).
public enum BudgetEvent: Sendable, Equatable {
    /// The most that an attempt can cost is held for it.
    case reserved(ReservationID, Charge)
    /// An attempt ended. `isKnown` is false when nobody knows what it cost, so that all that was held counts as spent.
    case settled(ReservationID, Charge, isKnown: Bool)
    /// A share of a limit was spent, in percent; once each.
    case warning(BudgetAccount, percent: Int, limit: BudgetLimit, spent: Charge)
    /// The run may spend another amount, with all that it starts.
    case raised(BudgetLimit)
}

extension BudgetEvent {
    var type: EventType {
        switch self {
        case .reserved: .budgetReserved
        case .settled: .budgetSettled
        case .warning: .budgetWarning
        case .raised: .budgetRaised
        }
    }

    /// The keys of `data`.
    var data: JSONObject {
        switch self {
        case .reserved(let id, let charge):
            return ["reservation": .string(id.description), "charge": charge.json]
        case .settled(let id, let charge, let isKnown):
            var data: JSONObject = ["reservation": .string(id.description), "charge": charge.json]
            // Most are; what is left out is written for every call of every agent.
            if !isKnown { data["known"] = false }
            return data
        case .warning(let account, let percent, let limit, let spent):
            var data = JSONObject()
            account.write(into: &data)
            data["percent"] = .int(Int64(percent))
            data["limit"] = limit.json
            data["spent"] = spent.json
            return data
        case .raised(let limit): return ["limit": limit.json]
        }
    }

    init?(_ type: EventType, _ data: JSONValue) {
        let id = data["reservation"]?.stringValue.flatMap(ReservationID.init)
        switch type {
        case .budgetReserved:
            guard let id, let charge = Charge(json: data["charge"]) else { return nil }
            self = .reserved(id, charge)
        case .budgetSettled:
            guard let id, let charge = Charge(json: data["charge"]) else { return nil }
            self = .settled(id, charge, isKnown: data["known"] != false)
        case .budgetWarning:
            guard let account = BudgetAccount(data), let percent = data["percent"]?.intValue,
                let limit = BudgetLimit(json: data["limit"]), let spent = Charge(json: data["spent"])
            else { return nil }
            self = .warning(account, percent: Int(percent), limit: limit, spent: spent)
        case .budgetRaised:
            guard let limit = BudgetLimit(json: data["limit"]) else { return nil }
            self = .raised(limit)
        default: return nil
        }
    }
}

extension RunState {
    mutating func fold(_ event: BudgetEvent, _ task: TaskRef?) {
        switch event {
        case .settled(_, let charge, _):
            guard let task, has(task) else { return }
            costs[task] = (costs[task] ?? .zero).adding(charge) ?? charge
            // What agents cost that work together, their node costs.
            if let owner = scope(task.scope)?.owner, case .team = node(owner).kind {
                costs[owner] = (costs[owner] ?? .zero).adding(charge) ?? charge
            }
        case .raised(let limit): budget = limit
        case .reserved, .warning: break
        }
    }
}

extension BudgetLimit {
    /// This limit; where it has none that of a document.
    func over(_ budget: Graph.Budget?) -> BudgetLimit {
        BudgetLimit(
            money: money ?? budget?.usd,
            languageModelTokens: languageModelTokens ?? budget?.languageModelTokens.map(Int64.init)
        )
    }

    /// The smaller of both, part by part.
    func within(_ other: BudgetLimit) -> BudgetLimit {
        func smaller<Part: Comparable>(_ left: Part?, _ right: Part?) -> Part? {
            guard let left, let right else { return left ?? right }
            return min(left, right)
        }
        return BudgetLimit(
            money: smaller(money, other.money),
            languageModelTokens: smaller(languageModelTokens, other.languageModelTokens)
        )
    }
}

extension Charge: EventValue {}

extension BudgetLimit: EventValue {}
