// Baton
// SPDX-License-Identifier: Apache-2.0

/// A case that fails, made as small as it fails for.
public struct ShrunkCase: Sendable {
    /// What the small case comes to; its violation is of the same rule.
    public let report: SimulationReport
    /// What happened in it, in order, one line each.
    public let trace: [String]
    /// Operations that are left, one line each.
    public let operations: [String]
    /// Faults that are left, one line each.
    public let faults: [String]
    /// What else is left out.
    public let remarks: [String]
    let plan: SimulationCase
}

extension SimulationCase {
    /// Leaves out runs, faults and operations as long as the same rule is broken, at most `tries` times; `nil` when the
    /// case does not fail.
    public func shrunk(tries: Int = 400) -> ShrunkCase? {
        guard let rule = run().violation?.rule else { return nil }
        var shrinker = Shrinker(self, rule, tries)
        shrinker.shrink()
        return shrinker.result
    }
}

private struct Shrinker {
    private var plan: SimulationCase
    private let rule: Violation.Rule
    private var tries: Int
    private let operations: [Operation]
    private let faults: [Fault]

    init(_ plan: SimulationCase, _ rule: Violation.Rule, _ tries: Int) {
        self.plan = plan
        self.rule = rule
        self.tries = tries
        let whole = Simulator(plan)
        (operations, faults) = (whole.operations, whole.faults)
    }

    mutating func shrink() {
        keep { $0.lossyNetwork = true }
        keep { $0.badAttempts = true }
        var before: SimulationCase.LeftOut
        repeat {
            before = plan.leftOut
            for run in Set(operations.map(\.run)).sorted() {
                let own = operations.indices.filter { operations[$0].run == run }
                keep { $0.operations.formUnion(own) }
            }
            shrink(\.faults, faults.count)
            shrink(\.operations, operations.count)
        } while before != plan.leftOut && tries > 0
    }

    /// Leaves out halves, then quarters, and so on to single ones.
    private mutating func shrink(_ path: WritableKeyPath<SimulationCase.LeftOut, Set<Int>>, _ count: Int) {
        var size = max(1, count / 2)
        while tries > 0 {
            for start in stride(from: 0, to: count, by: size) {
                let part = (start..<min(count, start + size)).filter { !plan.leftOut[keyPath: path].contains($0) }
                if !part.isEmpty { keep { $0[keyPath: path].formUnion(part) } }
            }
            guard size > 1 else { return }
            size /= 2
        }
    }

    /// Keeps the change if the case still breaks the rule.
    private mutating func keep(_ change: (inout SimulationCase.LeftOut) -> Void) {
        var smaller = plan
        change(&smaller.leftOut)
        guard tries > 0, smaller.leftOut != plan.leftOut else { return }
        tries -= 1
        if smaller.run().violation?.rule == rule { plan = smaller }
    }

    var result: ShrunkCase {
        let (report, trace) = plan.runTraced()
        let left = plan.leftOut
        return ShrunkCase(
            report: report,
            trace: trace,
            operations: operations.indices.filter { !left.operations.contains($0) }.map { operations[$0].description },
            faults: faults.indices.filter { !left.faults.contains($0) }.map { faults[$0].description },
            remarks: (left.lossyNetwork && plan.scenario.hasLossyNetwork ? ["no message is late or lost"] : [])
                + (left.badAttempts ? ["every attempt ends well within 10 ms"] : []),
            plan: plan
        )
    }
}
