// Baton
// SPDX-License-Identifier: Apache-2.0

/// What an ``Identifier`` names; gives the prefix of the text form.
public protocol IdentifierKind: Sendable {
    /// The letters before the underscore.
    static var prefix: String { get }
}

/// A time-ordered 128-bit id: 48 bits of Unix milliseconds, then 80 bits that make it unique.
///
/// The text form is the kind's prefix, an underscore and 26 characters of Crockford base 32 in lower case;
/// text order is creation order.
public struct Identifier<Kind: IdentifierKind>: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The upper 64 bits: milliseconds and 16 bits of the unique part.
    public let high: UInt64
    /// The lower 64 bits.
    public let low: UInt64

    /// Puts an id together from its bits.
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Checks and reads the text form; `nil` when it is not one of this kind.
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        let prefix = Array(Kind.prefix.utf8) + [UInt8(ascii: "_")]
        guard bytes.count == prefix.count + 26, bytes.starts(with: prefix) else { return nil }
        var high: UInt64 = 0
        var low: UInt64 = 0
        for (index, byte) in bytes.dropFirst(prefix.count).enumerated() {
            guard let digit = crockford.firstIndex(of: byte), index > 0 || digit < 8 else { return nil }
            high = high << 5 | low >> 59
            low = low << 5 | UInt64(digit)
        }
        self.init(high: high, low: low)
    }

    /// The text form.
    public var description: String {
        var digits = [UInt8](repeating: 0, count: 26)
        var (high, low) = (high, low)
        for index in stride(from: 25, through: 0, by: -1) {
            digits[index] = crockford[Int(low & 31)]
            low = low >> 5 | high << 59
            high >>= 5
        }
        return "\(Kind.prefix)_" + String(decoding: digits, as: UTF8.self)
    }

    /// The earlier one is smaller.
    public static func < (left: Self, right: Self) -> Bool {
        (left.high, left.low) < (right.high, right.low)
    }
}

private let crockford = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)

/// Names one run; prefix `run`.
public typealias RunID = Identifier<RunKind>
/// Names one human task; prefix `ht`.
public typealias HumanTaskID = Identifier<HumanTaskKind>

/// Names one artifact; prefix `art`.
public typealias ArtifactID = Identifier<ArtifactIDKind>
/// Names one schedule; prefix `sched`.
public typealias ScheduleID = Identifier<ScheduleIDKind>
/// Names one worker outside; prefix `wrk`.
public typealias WorkerID = Identifier<WorkerIDKind>

/// The kind of a ``RunID``.
public enum RunKind: IdentifierKind {
    /// `run`.
    public static let prefix = "run"
}

/// The kind of a ``WorkerID``.
public enum WorkerIDKind: IdentifierKind {
    /// `wrk`.
    public static let prefix = "wrk"
}

/// The kind of a ``HumanTaskID``.
public enum HumanTaskKind: IdentifierKind {
    /// `ht`.
    public static let prefix = "ht"
}

/// The kind of an ``ArtifactID``.
public enum ArtifactIDKind: IdentifierKind {
    /// `art`.
    public static let prefix = "art"
}

/// The kind of a ``ScheduleID``.
public enum ScheduleIDKind: IdentifierKind {
    /// `sched`.
    public static let prefix = "sched"
}

/// Makes ids that rise even when the clock steps back: a repeated or earlier millisecond counts up instead.
public struct IdentifierSource: Sendable {
    private var lastHigh: UInt64 = 0
    private var lastLow: UInt64 = 0

    /// A source that has not made an id yet.
    public init() {}

    /// The next id. `entropy` are 128 random bits, of which 80 are used for the first id of a millisecond.
    public mutating func next<Kind>(
        _ kind: Kind.Type = Kind.self,
        at now: Timestamp,
        entropy: (UInt64, UInt64)
    ) -> Identifier<Kind> {
        let high = UInt64(clamping: now.milliseconds) << 16 | entropy.0 & 0xffff
        if high >> 16 > lastHigh >> 16 {
            // The top bit stays free, so that counting up within a millisecond cannot overflow.
            (lastHigh, lastLow) = (high, entropy.1 >> 1)
        } else {
            lastLow &+= 1 + entropy.1 & 0xffff
            if lastLow < 0x1_0001 { lastHigh += 1 }
        }
        return Identifier(high: lastHigh, low: lastLow)
    }
}
