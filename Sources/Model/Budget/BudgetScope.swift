// Baton
// SPDX-License-Identifier: Apache-2.0

/// What a budget is for (spec 8.11). A call must fit the budgets of all scopes that apply to it.
///
/// The text form is `kind:name`, for example `day:acme` or `run:run_01…`.
public struct BudgetScope: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The kinds of scopes. The raw value is the spelling in the API.
    public enum Kind: String, Sendable, CaseIterable {
        /// A tenant's day, UTC.
        case day
        /// A tenant's month, UTC.
        case month
        /// A tenant, for good.
        case tenant
        /// A person.
        case user
        /// A project.
        case project
        /// A run.
        case run
        /// A run and everything it starts.
        case subtree
        /// A task with all its attempts.
        case task
        /// An agent.
        case agent
        /// An API key.
        case apiKey = "api_key"
    }
    /// The kind.
    public var kind: Kind
    /// Which one: the id or name of the tenant, the person, the run and so on.
    public var name: String

    /// Names a scope.
    public init(_ kind: Kind, _ name: String) {
        self.kind = kind
        self.name = name
    }

    /// Reads the text form; `nil` when it is none.
    public init?(_ text: String) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let kind = Kind(rawValue: String(parts[0])) else { return nil }
        self.init(kind, String(parts[1]))
    }

    /// The text form.
    public var description: String { "\(kind.rawValue):\(name)" }

    /// By text form.
    public static func < (left: Self, right: Self) -> Bool {
        (left.kind.rawValue, left.name) < (right.kind.rawValue, right.name)
    }

    /// The period that holds a point in time: `2026-01-31` for a day, `2026-01` for a month, empty for scopes that have
    /// none. Later ones are greater.
    public func period(at time: Timestamp) -> String {
        switch kind {
        case .day: String(time.description.prefix(10))
        case .month: String(time.description.prefix(7))
        default: ""
        }
    }
}

/// One period of a scope; whatever is held or spent belongs to one.
public struct BudgetAccount: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The scope.
    public var scope: BudgetScope
    /// See ``BudgetScope/period(at:)``.
    public var period: String

    /// Names a period of a scope.
    public init(scope: BudgetScope, period: String) {
        self.scope = scope
        self.period = period
    }

    /// For people: `day:acme 2026-01-31`.
    public var description: String { period.isEmpty ? scope.description : "\(scope) \(period)" }

    /// By scope, then by period.
    public static func < (left: Self, right: Self) -> Bool {
        (left.scope, left.period) < (right.scope, right.period)
    }
}

/// How much may be spent. What is `nil` has no limit.
public struct BudgetLimit: Hashable, Sendable {
    /// No limit at all.
    public static let none = BudgetLimit()

    /// Money.
    public var money: Money?
    /// LLM tokens.
    public var languageModelTokens: Int64?

    /// Puts a limit together.
    public init(money: Money? = nil, languageModelTokens: Int64? = nil) {
        self.money = money
        self.languageModelTokens = languageModelTokens
    }
}
