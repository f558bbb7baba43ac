// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import Engine
internal import Model
internal import Store

/// What calls cost, and how much there is: some nodes are paid, and mostly there is too little for all of them.
enum SimulatedMoney {
    private static let cent = Money(picodollars: 10_000_000_000)

    /// The same node costs the same in every case.
    static func traits(of node: Graph.Node) -> ExecutorTraits {
        guard node.id.utf8.reduce(0, { $0 &+ Int($1) }) % 3 == 0 else { return ExecutorTraits() }
        let least = Money(picodollars: cent.picodollars / 4)
        return ExecutorTraits(cost: CallCost(most: Charge(money: cent), least: Charge(money: least), provider: "drawn"))
    }

    /// What there is for everything.
    static func configure(_ configuration: inout EngineConfiguration, _ plan: SimulationCase) {
        var random = SeededRandom(seed: plan.number, for: "money")
        let cents = random.pick([2, 5, 20, 1000])
        configuration.budgets = [
            .project: BudgetLimit(money: Money(picodollars: cent.picodollars * Int64(cents)))
        ]
        configuration.retryFloor = random.pick([1, 10])
    }

    /// What an attempt says that it did cost: something, or nothing at all.
    static func usage(of assignment: Assignment) -> CallUsage? {
        guard let allowance = assignment.allowance, assignment.attemptLease.fence % 5 != 0 else { return nil }
        return CallUsage(charge: Charge(money: Money(picodollars: allowance.money.picodollars / 2)))
    }
}

extension Simulator {
    /// What was spent is the sum of the records, nothing is above its limit, and what is held is held by somebody.
    func auditMoney() {
        var filter = UsageFilter()
        filter.limit = .max
        var spent: [BudgetAccount: Charge] = [:]
        for row in disk.rows.usage(filter) {
            for account in row.accounts { spent[account] = (spent[account] ?? .zero).adding(row.charge) }
        }
        var held: [BudgetAccount: Charge] = [:]
        for row in disk.rows.reservations() where row.state == .open {
            for account in row.accounts { held[account] = (held[account] ?? .zero).adding(row.charge) }
        }
        for account in Set(spent.keys).union(held.keys) {
            guard let row = disk.rows.budgets(of: account.scope, limit: .max).first(where: { $0.account == account })
            else { return violate(.money, "records name \(account), which is no budget") }
            guard row.spent == spent[account] ?? .zero, row.reserved == held[account] ?? .zero else {
                return violate(.money, "\(account) says \(row.spent), held \(row.reserved); its records do not")
            }
            let used = row.spent.money.picodollars + row.reserved.money.picodollars
            if let limit = row.limit.money, used > limit.picodollars {
                return violate(.money, "\(account) is above its limit")
            }
        }
    }

    /// When every run has ended nothing is held.
    func auditMoneyAtEnd() {
        auditMoney()
        if let row = disk.rows.reservations().first(where: { $0.state == .open }) {
            violate(.money, "\(row.id) is open, its run ended")
        }
        let kinds: [BudgetScope.Kind] = [.subtree, .task]
        if let row = disk.rows.openBudgets().first(where: { kinds.contains($0.account.scope.kind) }) {
            violate(.money, "the budget of \(row.account) is open, its run ended")
        }
    }
}
