// Baton
// SPDX-License-Identifier: Apache-2.0

internal import JSON
internal import Model

extension Charge {
    /// `{usd, llm_tokens}`; what is nothing is left out.
    var json: JSONValue {
        var data = JSONObject()
        if money != .zero { data["usd"] = .string(money.text) }
        if languageModelTokens != 0 { data["llm_tokens"] = .int(languageModelTokens) }
        return .object(data)
    }

    init?(json: JSONValue?) {
        guard let json, let money = Money(text: json["usd"]?.stringValue ?? "0") else { return nil }
        self.init(money: money, languageModelTokens: json["llm_tokens"]?.intValue ?? 0)
    }
}

extension BudgetLimit {
    /// `{usd, llm_tokens}`; what has no limit is left out.
    var json: JSONValue {
        var data = JSONObject()
        data["usd"] = money.map { .string($0.text) }
        data["llm_tokens"] = languageModelTokens.map(JSONValue.int)
        return .object(data)
    }

    init?(json: JSONValue?) {
        guard let json else { return nil }
        let usd = json["usd"]?.stringValue
        let money = usd.flatMap(Money.init(text:))
        guard usd == nil || money != nil else { return nil }
        self.init(money: money, languageModelTokens: json["llm_tokens"]?.intValue)
    }
}

extension BudgetAccount {
    /// Adds `scope` and, where there is one, `period`.
    func write(into data: inout JSONObject) {
        data["scope"] = .string(scope.description)
        if !period.isEmpty { data["period"] = .string(period) }
    }

    init?(_ data: JSONValue) {
        guard let scope = data["scope"]?.stringValue.flatMap(BudgetScope.init(_:)) else { return nil }
        self.init(scope: scope, period: data["period"]?.stringValue ?? "")
    }
}

extension BudgetShortage {
    /// `{scope, period?, limit, spent, reserved, needed}`.
    var data: JSONObject {
        var data = JSONObject()
        account.write(into: &data)
        data["limit"] = limit.json
        data["spent"] = spent.json
        data["reserved"] = reserved.json
        data["needed"] = needed.json
        return data
    }

    init?(_ data: JSONValue) {
        guard let account = BudgetAccount(data), let limit = BudgetLimit(json: data["limit"]),
            let spent = Charge(json: data["spent"]), let reserved = Charge(json: data["reserved"]),
            let needed = Charge(json: data["needed"])
        else { return nil }
        self.init(account: account, limit: limit, spent: spent, reserved: reserved, needed: needed)
    }
}
