// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Model
internal import Store

/// Tasks whose call does not fit a budget, in fair order by the scope that lacks room.
///
/// When a scope has room again those are called that fit, one after the other. A large call that does not fit keeps
/// nobody from going on.
struct BudgetGate {
    private var waiters = WaitList<BudgetScope>()
    /// The least that each must be able to spend.
    private var least: [TaskKey: Charge] = [:]
    /// Tasks that were called and not looked at since.
    private var called: [TaskKey: BudgetScope] = [:]
    /// Scopes that may have room for somebody who waits.
    private(set) var freed: Set<BudgetScope> = []

    var isEmpty: Bool { least.isEmpty }
    var waiting: Int { waiters.count + called.count }

    mutating func wait(_ waiter: Waiter, for scope: BudgetScope, least charge: Charge, at now: Int64) {
        waiters.add(waiter, for: scope, at: now)
        least[waiter.task] = charge
    }

    /// Scopes have more room than before.
    mutating func free(_ scopes: some Sequence<BudgetScope>) {
        if !isEmpty { freed.formUnion(scopes) }
    }

    /// Forgets that a task waited or was called. The room that it was called for may be somebody else's.
    mutating func leave(_ task: TaskKey) {
        guard !least.isEmpty || !called.isEmpty else { return }
        waiters.remove(task)
        least[task] = nil
        if let scope = called.removeValue(forKey: task) { free([scope]) }
    }

    /// Those that fit now; they are to be looked at.
    mutating func call(_ ledger: BudgetLedger, at now: Int64) -> [TaskKey] {
        guard !freed.isEmpty else { return [] }
        var tasks: [TaskKey] = []
        for scope in freed.sorted() {
            // A scope that was closed limits nobody.
            let room = (try? ledger.room(in: [scope])) ?? .none
            var planned = Charge.zero
            for task in waiters.inOrder(for: scope, at: now) {
                guard let next = planned.adding(least[task] ?? .zero), room.allows(next) else { continue }
                planned = next
                waiters.remove(task)
                least[task] = nil
                called[task] = scope
                tasks.append(task)
            }
        }
        freed = []
        return tasks
    }
}
