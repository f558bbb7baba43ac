// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Hashing
internal import JSON
public import Model

/// A chain of agents and tools that runs of one owner and project have done, and what is known of it (spec 9.14).
public struct PatternRecord: Sendable, Equatable {
    /// What became of it.
    public enum Status: String, Sendable, CaseIterable {
        /// Not often enough yet.
        case seen
        /// Often enough to propose it.
        case suggested
        /// Somebody made a workstack of it.
        case promoted
        /// Nobody wants it.
        case dismissed
    }

    /// Who made a workstack of it.
    public struct Promotion: Sendable, Equatable {
        /// The name of the workstack.
        public var workstack: String
        /// Its version.
        public var version: Int
        /// Who: `user:NAME`.
        public var by: String
        /// When.
        public var at: Timestamp

        /// Puts one together.
        public init(workstack: String, version: Int, by: String, at: Timestamp) {
            (self.workstack, self.version, self.by, self.at) = (workstack, version, by, at)
        }
    }

    /// A run that did it.
    struct Sighting: Sendable, Equatable {
        var run: RunID
        var at: Timestamp
    }

    /// So many times within ``window`` make it a proposal.
    public static let threshold = 3
    /// See ``threshold``.
    public static let window = Duration.seconds(86_400)
    /// What nobody did for so long is forgotten, unless somebody made a workstack of it.
    public static let memory = Duration.seconds(7 * 86_400)
    /// How many a tenant may have.
    static let limit = 1000

    /// Names it: tenant, owner, project and steps.
    public let id: PatternID
    /// Whose runs did it.
    public let ownership: Ownership
    /// The steps, in order.
    public let steps: [PatternStep]
    /// What became of it.
    public internal(set) var status = Status.seen
    /// How many runs did it, since it is known.
    public internal(set) var count = 0
    /// How long they took together, from their start to their end.
    public internal(set) var total = Duration.zero
    /// When the first one ended.
    public internal(set) var firstAt: Timestamp
    /// When the last one ended.
    public internal(set) var lastAt: Timestamp
    /// When it was proposed.
    public internal(set) var suggestedAt: Timestamp?
    /// Who made a workstack of it.
    public internal(set) var promotion: Promotion?
    /// The last runs, at most ``threshold``, the oldest first.
    var sightings: [Sighting] = []

    init(_ ownership: Ownership, _ steps: [PatternStep], at now: Timestamp) {
        self.init(id: Self.id(of: ownership, steps), ownership, steps, at: now)
    }

    init(id: PatternID, _ ownership: Ownership, _ steps: [PatternStep], at now: Timestamp) {
        (self.id, self.ownership, self.steps, firstAt, lastAt) = (id, ownership, steps, now, now)
    }

    /// The id of a chain of somebody.
    static func id(of ownership: Ownership, _ steps: [PatternStep]) -> PatternID {
        let key: JSONValue = [
            .string(ownership.tenant), ownership.owner.map(JSONValue.string) ?? .null,
            ownership.project.map(JSONValue.string) ?? .null, .array(steps.map(\.json)),
        ]
        let digest = SHA256.digest(key.canonicalBytes())
        func number(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
        return PatternID(high: number(digest[..<8]), low: number(digest[8..<16]))
    }

    // MARK: What happens to it

    /// Counts a run.
    ///
    /// - Returns: Whether it is proposed from now on.
    mutating func count(_ run: RunID, took span: Duration, at now: Timestamp) -> Bool {
        count += 1
        total += span
        lastAt = now
        sightings = Array((sightings + [Sighting(run: run, at: now)]).suffix(Self.threshold))
        guard status == .seen, sightings.count == Self.threshold, now - sightings[0].at < Self.window else {
            return false
        }
        (status, suggestedAt) = (.suggested, now)
        return true
    }

    /// Nobody did it for a long time, and nothing was made of it.
    public func isForgotten(at now: Timestamp) -> Bool { status != .promoted && now - lastAt > Self.memory }

    // MARK: What it is worth

    /// `FIRST-to-LAST-Nstep`.
    public var name: String {
        let (first, last) = (steps.first?.name ?? "", steps.last?.name ?? "")
        return "\(first.prefix(80))-to-\(last.prefix(80))-\(steps.count)step"
    }

    /// From 0 to 1: how often it was done, and how lately.
    public func confidence(at now: Timestamp) -> Double {
        let often = min(Double(count) / Double(Self.threshold), 2) / 2
        let days = max(Double((now - lastAt).milliseconds) / 86_400_000, 0)
        return 0.6 * often + 0.4 * max(0, 1 - days / 7)
    }

    /// How long one run took.
    public var meanLatency: Duration { .milliseconds(total.milliseconds / Int64(max(count, 1))) }

    /// What a workstack is likely to have saved: 48 % of all that the runs took.
    public var estimatedSaving: Duration {
        .milliseconds(Int64((0.48 * Double(count) * Double(meanLatency.milliseconds)).rounded()))
    }
}
