// Baton
// SPDX-License-Identifier: Apache-2.0

/// Whether a call may be made. Of several the worst counts: what is denied, then what a person has to decide.
public enum ToolVerdict: Sendable, Equatable, Comparable {
    /// It may.
    case allow
    /// A person decides; the rule that says so.
    case ask(String)
    /// It may not; the rule that says so.
    case deny(String)

    private var rank: Int {
        switch self {
        case .allow: 0
        case .ask: 1
        case .deny: 2
        }
    }

    /// What permits more comes first.
    public static func < (left: Self, right: Self) -> Bool { left.rank < right.rank }

    /// The same with the name of what its rule belongs to.
    func of(_ owner: String) -> Self {
        switch self {
        case .allow: .allow
        case .ask(let rule): .ask("\(owner): \(rule)")
        case .deny(let rule): .deny("\(owner): \(rule)")
        }
    }
}
