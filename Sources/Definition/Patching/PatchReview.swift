// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON

/// Whether a person looks at patches that nodes of a run make, before they apply (spec 5.1).
public enum PatchReview: Sendable, Equatable {
    /// Valid patches apply at once.
    case auto
    /// A person approves each of them.
    case human
    /// Those below all of the bounds apply at once: what the run may cost more in USD, and how many nodes they add. What
    /// costs nobody knows how much is not below a bound.
    case autoBelow(usd: Double?, nodes: Int?)

    /// Reads the form of documents and settings: `auto`, `human`, or `{auto_below: {usd, nodes}}`.
    public init?(json: JSONValue) {
        switch json {
        case "auto": self = .auto
        case "human": self = .human
        default:
            guard let bounds = json["auto_below"]?.objectValue else { return nil }
            self = .autoBelow(usd: bounds["usd"]?.doubleValue, nodes: bounds["nodes"]?.intValue.map { Int($0) })
        }
    }

    /// Whether somebody has to look.
    ///
    /// - Parameters:
    ///   - usd: What the run may cost more; `nil` when a price is not known.
    ///   - nodes: Nodes that the patch adds, those of bodies included.
    public func isNeeded(usd: Double?, nodes: Int) -> Bool {
        switch self {
        case .auto: return false
        case .human: return true
        case .autoBelow(let most, let mostNodes):
            if let most, usd.map({ $0 >= most }) ?? true { return true }
            return mostNodes.map { nodes >= $0 } ?? false
        }
    }
}
