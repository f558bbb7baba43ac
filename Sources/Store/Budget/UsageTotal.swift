// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// What usage records are summed up by.
public enum UsageGrouping: String, Sendable, CaseIterable {
    /// Which agent it was for.
    case agent
    /// Which model.
    case model
    /// Who was paid.
    case provider
    /// What the result serves, see ``UsageSubject/Purpose``.
    case purpose
    /// Which run.
    case run
    /// Which task of a run, as it is called there.
    case task
    /// Which project.
    case project
    /// Whose run.
    case user
    /// With which API key it was asked for.
    case apiKey = "api_key"
    /// The day on which it was settled, UTC, as `2026-01-31`.
    case day

    /// What a record has; `nil` when it has none.
    func value(of row: UsageRow) -> String? {
        switch self {
        case .agent: row.subject.agent
        case .model: row.subject.model
        case .provider: row.subject.provider
        case .purpose: row.subject.purpose.rawValue
        case .run: row.subject.run?.description
        case .task: row.subject.task
        case .project: row.subject.project
        case .user: row.subject.user
        case .apiKey: row.subject.apiKey?.description
        case .day: String(row.at.description.prefix(10))
        }
    }
}

/// The sum of the usage records that agree in something.
public struct UsageTotal: Sendable, Equatable {
    /// In what they agree; what they do not have is missing.
    public var key: [UsageGrouping: String]
    /// How many calls; corrections belong to calls that are counted.
    public var calls: Int64
    /// Calls of which nobody knows what they cost.
    public var unknown: Int64
    /// Calls of models without a price.
    public var unpriced: Int64
    /// Calls for which no provider was asked.
    public var simulated: Int64
    /// What was spent.
    public var charge: Charge
    /// LLM tokens by kind.
    public var tokens: TokenCounts

    /// Nothing, until it is set.
    public init(key: [UsageGrouping: String] = [:]) {
        self.key = key
        (calls, unknown, unpriced, simulated) = (0, 0, 0, 0)
        (charge, tokens) = (.zero, TokenCounts())
    }

    /// Adds a record; sums stay within what a number holds.
    mutating func add(_ row: UsageRow) {
        calls += row.certainty == .correction ? 0 : 1
        unknown += row.certainty == .unknown ? 1 : 0
        unpriced += row.certainty != .correction && row.pricedBy == UsageRow.unpriced ? 1 : 0
        simulated += row.certainty != .correction && row.isSimulated ? 1 : 0
        charge = charge.adding(row.charge) ?? charge
        tokens.input = Self.sum(tokens.input, row.tokens.input)
        tokens.cached = Self.sum(tokens.cached, row.tokens.cached)
        tokens.cacheWrite = Self.sum(tokens.cacheWrite, row.tokens.cacheWrite)
        tokens.output = Self.sum(tokens.output, row.tokens.output)
        tokens.reasoning = Self.sum(tokens.reasoning, row.tokens.reasoning)
    }

    private static func sum(_ left: Int64, _ right: Int64) -> Int64 {
        let (sum, isOver) = left.addingReportingOverflow(right)
        return isOver ? .max : sum
    }

    /// Totals of rows in the order of stores: the dearest first; of equal ones by what they agree in, missing parts first.
    static func of(_ rows: some Sequence<UsageRow>, by groupings: [UsageGrouping]) -> [UsageTotal] {
        var totals: [[UsageGrouping: String]: UsageTotal] = [:]
        for row in rows {
            var key: [UsageGrouping: String] = [:]
            for grouping in groupings { key[grouping] = grouping.value(of: row) }
            totals[key, default: UsageTotal(key: key)].add(row)
        }
        return totals.values.sorted { left, right in
            if left.charge != right.charge {
                return (left.charge.money, left.charge.languageModelTokens)
                    > (right.charge.money, right.charge.languageModelTokens)
            }
            for grouping in UsageGrouping.allCases where left.key[grouping] != right.key[grouping] {
                guard let first = left.key[grouping] else { return true }
                guard let second = right.key[grouping] else { return false }
                return first.utf8.lexicographicallyPrecedes(second.utf8)
            }
            return false
        }
    }
}
