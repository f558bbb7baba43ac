// Baton
// SPDX-License-Identifier: Apache-2.0

internal import JSON
public import Store

/// What is wrong with a trail, and where.
public struct AuditProblem: Sendable, Equatable, CustomStringConvertible {
    /// What kind of problem.
    public enum Kind: String, Sendable {
        /// The entry's hash is not that of its content.
        case changed
        /// Entries are missing before this one.
        case removed
        /// The entry does not follow on the one before it: it, or that one, was put there later.
        case unchained
        /// The beginning was removed, and no entry says so.
        case unanchored
        /// The trail ends before, or elsewhere than, the end that was noted.
        case truncated
    }
    /// What kind of problem.
    public var kind: Kind
    /// The number of the entry at which it shows.
    public var number: Int64
    /// One sentence.
    public var description: String
}

/// The check of a trail.
public struct AuditVerdict: Sendable, Equatable {
    /// Whose trail.
    public var tenant: String
    /// How many entries there are.
    public var count: Int
    /// The end of the trail. Note it elsewhere: only with that the loss of the last entries can be proved.
    public var end: AuditEnd
    /// Up to where the trail was removed because its time was over; `nil` when it is whole.
    public var anchor: AuditEnd?
    /// What is wrong, in the order of the entries; at most 100.
    public var problems: [AuditProblem]

    /// Nothing is wrong.
    public var isIntact: Bool { problems.isEmpty }
}

/// Checks the entries of one trail, which are handed in from the oldest on.
struct AuditChain {
    /// The action of the entry that a removal leaves.
    static let trimmed = "audit.trimmed"
    private static let problemLimit = 100

    private(set) var end: AuditEnd
    private(set) var count = 0
    private(set) var problems: [AuditProblem] = []
    private let anchor: AuditEnd?
    private var isAnchored: Bool
    /// The end that was noted elsewhere.
    private let expected: AuditEnd?
    private var isExpectedSeen: Bool

    init(anchor: AuditEnd?, expected: AuditEnd?) {
        self.anchor = anchor
        self.expected = expected
        end = anchor ?? .start
        isAnchored = anchor == nil
        isExpectedSeen =
            expected == nil || expected == .start || expected == anchor
            || (expected?.number ?? 0) < (anchor?.number ?? 0)
    }

    mutating func take(_ entry: AuditEntryRow) {
        count += 1
        if entry.number != end.number + 1 {
            let (first, last) = (end.number + 1, entry.number - 1)
            add(
                .removed,
                entry.number,
                first == last ? "entry \(first) is missing" : "entries \(first) to \(last) are missing"
            )
        } else if entry.previousHash != end.hash {
            add(.unchained, entry.number, "entry \(entry.number) does not follow on entry \(end.number)")
        }
        if !entry.isIntact { add(.changed, entry.number, "entry \(entry.number) was changed") }
        if let anchor, entry.draft.action == Self.trimmed, entry.draft.before == anchor.hash,
            entry.draft.details["through"]?.intValue == anchor.number
        {
            isAnchored = true
        }
        if let expected, expected.number == entry.number {
            isExpectedSeen = true
            if expected.hash != entry.hash {
                add(.truncated, entry.number, "entry \(entry.number) is not the one that was noted")
            }
        }
        end = entry.end
    }

    mutating func finish() {
        if let anchor, !isAnchored {
            add(.unanchored, anchor.number, "entries up to \(anchor.number) were removed, and no entry says so")
        }
        if let expected, !isExpectedSeen {
            add(.truncated, end.number, "the trail ends with entry \(end.number); entry \(expected.number) was noted")
        }
    }

    private mutating func add(_ kind: AuditProblem.Kind, _ number: Int64, _ text: String) {
        guard problems.count < Self.problemLimit else { return }
        problems.append(AuditProblem(kind: kind, number: number, description: text))
    }
}

extension AuditTrail {
    /// Checks a trail from its beginning, or from where it was removed up to.
    ///
    /// - Parameter expected: An end that was noted elsewhere before; it must be in the trail, or removed since.
    public func verify(tenant: String, expected: AuditEnd? = nil) throws(StoreError) -> AuditVerdict {
        let anchor = try anchor(tenant)
        var chain = AuditChain(anchor: anchor, expected: expected)
        _ = try export(tenant: tenant) { (entry) throws(Never) in chain.take(entry) }
        chain.finish()
        return AuditVerdict(
            tenant: tenant,
            count: chain.count,
            end: chain.end,
            anchor: anchor,
            problems: chain.problems
        )
    }
}
