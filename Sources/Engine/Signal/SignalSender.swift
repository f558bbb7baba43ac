// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// Whose a signal to many is: it reaches runs of that tenant, and as one for the project runs of that project.
public struct SignalSender: Sendable {
    /// The tenant, and the project that `project` means.
    public var ownership: Ownership
    /// Whether a run of the tenant may be meant; all may be when nothing is said. Called on the engine's thread: it must
    /// not block.
    public var mayReach: @Sendable (Ownership) -> Bool

    /// Whoever may reach everything of a tenant.
    public init(_ ownership: Ownership) {
        self.ownership = ownership
        mayReach = { _ in true }
    }
}

extension SignalTarget {
    /// Whether a run may be meant; without a sender every one may.
    func isMet(by run: Ownership, from sender: SignalSender?) -> Bool {
        guard let sender else { return true }
        guard run.tenant == sender.ownership.tenant, sender.mayReach(run) else { return false }
        return self != .project || run.project == sender.ownership.project
    }
}
