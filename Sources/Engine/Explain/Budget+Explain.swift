// Baton
// SPDX-License-Identifier: Apache-2.0

internal import JSON
public import Model

extension BudgetShortage {
    /// What is missing where, and what unblocks a task that waits for it.
    public var sentence: String {
        let next = account.period.isEmpty ? "" : ", or when the next \(account.scope.kind.rawValue) begins"
        return "ready, but \(lack); it goes on when the limit is raised\(next)"
    }

    /// What is missing where.
    public var lack: String {
        "a call needs \(needed.text), and \(account.scope.title) has \(room.text) left of \(limit.text): "
            + "\(spent.text) spent, \(reserved.text) held"
    }

    /// It would fit if calls that are under way cost nothing.
    public var mayPass: Bool {
        guard let sum = spent.adding(needed) else { return false }
        return limit.money.map { sum.money <= $0 } ?? true
            && limit.languageModelTokens.map { sum.languageModelTokens <= $0 } ?? true
    }

    /// What is neither spent nor held.
    private var room: BudgetLimit {
        BudgetLimit(
            money: limit.money.map { limit in
                let used = (spent.adding(reserved) ?? spent).money
                return Money(picodollars: max(0, limit.picodollars - used.picodollars))
            },
            languageModelTokens: limit.languageModelTokens.map { limit in
                max(0, limit - (spent.adding(reserved) ?? spent).languageModelTokens)
            }
        )
    }
}

extension BudgetScope {
    /// As people read it.
    var title: String {
        switch kind {
        case .subtree, .run: "the budget of \(name)"
        case .task: "the budget of task \(name)"
        default: "the budget \(self)"
        }
    }

    /// As `baton budget set` takes it.
    var command: String {
        switch kind {
        case .subtree, .run: "run:\(name)"
        default: description
        }
    }
}

extension Charge {
    /// For people: `0.5 USD and 1200 LLM tokens`.
    public var text: String {
        let tokens = languageModelTokens == 0 ? [] : ["\(languageModelTokens) LLM tokens"]
        let usd = money != .zero || tokens.isEmpty ? ["\(money.text) USD"] : []
        return (usd + tokens).joined(separator: " and ")
    }
}

extension BudgetLimit {
    /// For people: `5 USD`, or `no limit`.
    public var text: String {
        let parts = [money.map { "\($0.text) USD" }, languageModelTokens.map { "\($0) LLM tokens" }].compactMap(\.self)
        return parts.isEmpty ? "no limit" : parts.joined(separator: " and ")
    }
}

extension Holder {
    /// `{run, task?, charge?}`.
    var json: JSONValue {
        var result: JSONObject = ["run": .string(run.description)]
        result["task"] = task.map(JSONValue.string)
        result["charge"] = charge?.json
        return .object(result)
    }
}

extension String {
    func removingPrefix(_ prefix: String) -> String {
        hasPrefix(prefix) ? String(dropFirst(prefix.count)) : self
    }
}
