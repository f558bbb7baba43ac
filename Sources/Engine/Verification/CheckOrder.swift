// Baton
// SPDX-License-Identifier: Apache-2.0

public import Definition
public import JSON
public import Model
internal import Store

/// Checks that an assignment is for, in place of an attempt of the node itself.
public struct CheckOrder: Sendable {
    /// What is checked.
    public let output: JSONValue
    /// The checks that have left nothing yet and are made outside the engine, in the order of the document.
    public let open: [Item]
    /// Something is wrong already: no model needs to look.
    public let hasGaps: Bool

    /// One check.
    public struct Item: Sendable {
        /// The position in the document, from 0.
        public let number: Int
        /// What has to be found out.
        public let check: Graph.Check
    }

    init(_ verification: Verification, _ checks: [Graph.Check]) {
        output = verification.output.value
        open = checks.enumerated().filter { $1.kind.isMadeByExecutor && !verification.isKnown($0) }.map {
            Item(number: $0, check: $1)
        }
        hasGaps = verification.evidence.contains { $0.verdict == .gapsFound }
    }
}

/// What whoever makes checks writes down.
public enum CheckChange: Sendable {
    /// A call that costs something is about to leave for the check of that position: so much is held for it.
    case begin(Int, cost: CallCost)
    /// The call for the check of that position ended, and another one follows.
    case settle(Int, usage: CallUsage?)
    /// A check was made. `usage` is what its call did cost, `nil` when nobody knows, or when it cost nothing.
    case end(CheckEvidence, usage: CallUsage? = nil)
}

/// What came of it; durable.
public struct CheckReceipt: Sendable, Equatable {
    /// What the calls that began may spend, in the order of the changes.
    public var allowances: [Charge] = []
    /// A call does not fit a budget; none began.
    public var shortage: BudgetShortage?
}

extension ExecutionControl {
    /// Writes down what checks found, in one commit; when it returns that is durable, and no other executor makes them
    /// again.
    ///
    /// - Throws: `leaseLost` when somebody else makes the checks now, or nobody: nothing may be called then. `draining`,
    ///   `storageFull`, `unavailable`.
    @discardableResult
    public func record(_ changes: [CheckChange]) async throws(EngineError) -> CheckReceipt {
        try await recordChecks(changes)
    }
}
