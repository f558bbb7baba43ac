// Baton
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// When a place is how far from UTC, without leap seconds.
///
/// Names are those of the IANA data base; the rules are read from the system's files (RFC 8536, version 2 or later)
/// and kept. Times after the last one listed in a file follow the rule at its end.
public struct TimeZoneRules: Sendable, Equatable {
    /// What a clock's time means on the time line.
    public enum Moment: Sendable, Equatable {
        /// The clock shows it once, at that many seconds since the epoch.
        case once(Int64)
        /// The clock is put back and shows it twice, first and second time.
        case twice(Int64, Int64)
        /// The clock is put forward over it; it goes on at that many seconds since the epoch.
        case never(next: Int64)
    }

    /// Coordinated Universal Time.
    public static let utc = TimeZoneRules(offset: 0)

    /// Seconds since the epoch at which the offset changes, ascending.
    let transitions: [Int64]
    /// The offset from each of them on.
    let offsets: [Int64]
    /// Before the first of them.
    let first: Int64
    /// After the last of them; without it the last offset stays.
    let footer: PosixRule?

    init(transitions: [Int64], offsets: [Int64], first: Int64, footer: PosixRule?) {
        self.transitions = transitions
        self.offsets = offsets
        self.first = first
        self.footer = footer
    }

    /// Always the same distance from UTC, in seconds to the east.
    public init(offset: Int64) {
        self.init(transitions: [], offsets: [], first: offset, footer: nil)
    }

    /// Seconds east of UTC at a time in seconds since the epoch.
    public func offset(at time: Int64) -> Int64 {
        let count = transitionCount(upTo: time)
        if count == transitions.count, let footer { return footer.offset(at: time) }
        return count == 0 ? first : offsets[count - 1]
    }

    /// When a clock in this zone shows a time, given in seconds since it would have shown 1970-01-01 00:00:00.
    public func moment(local: Int64) -> Moment {
        // No offset is larger than a day and changes are further apart than that.
        let before = offset(at: local - 93_600)
        let after = offset(at: local + 93_600)
        let candidates = before == after ? [local - before] : [local - before, local - after].sorted()
        let valid = candidates.filter { $0 + offset(at: $0) == local }
        switch valid.count {
        case 1: return .once(valid[0])
        case 2: return .twice(valid[0], valid[1])
        default: return .never(next: change(after: local - 93_600, before: local + 93_600))
        }
    }

    private func transitionCount(upTo time: Int64) -> Int {
        var low = 0
        var high = transitions.count
        while low < high {
            let middle = (low + high) / 2
            if transitions[middle] <= time { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// The first second with the offset of the end of the range.
    func change(after start: Int64, before end: Int64) -> Int64 {
        let wanted = offset(at: end)
        var low = start
        var high = end
        while low + 1 < high {
            let middle = low + (high - low) / 2
            if offset(at: middle) == wanted { high = middle } else { low = middle }
        }
        return high
    }
}

// MARK: Names

extension TimeZoneRules {
    private static let folder = "/usr/share/zoneinfo"
    private static let known = Mutex<[String: TimeZoneRules]>([:])

    /// The rules of a zone such as `Europe/Berlin`.
    ///
    /// Reads a file the first time a name is asked for.
    ///
    /// - Throws: `unknown` or `damaged`.
    public static func named(_ name: String) throws(TimeZoneError) -> TimeZoneRules {
        if name == "UTC" || name == "Etc/UTC" || name == "GMT" { return .utc }
        guard isName(name) else { throw unknown(name) }
        if let rules = known.withLock({ $0[name] }) { return rules }
        guard let bytes = ZoneFile.read("\(folder)/\(name)") else { throw unknown(name) }
        guard let rules = ZoneFile.parse(bytes) else {
            throw TimeZoneError(code: .damaged, message: "the system's file of the time zone `\(name)` cannot be read")
        }
        known.withLock { $0[name] = rules }
        return rules
    }

    /// Letters, digits, `_`, `+`, `-` in parts with `/` between; never a point, so it cannot lead out of the folder.
    private static func isName(_ name: String) -> Bool {
        let parts = name.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        // The files under `right` count leap seconds.
        return name.utf8.count <= 64 && parts.count <= 3 && !name.hasPrefix("right/")
            && parts.allSatisfy { part in
                guard let first = part.first, first != UInt8(ascii: "-") else { return false }
                return part.allSatisfy { byte in
                    (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                        || "_+-".utf8.contains(byte)
                }
            }
    }

    private static func unknown(_ name: String) -> TimeZoneError {
        let shown = name.utf8.count > 64 ? "\(name.prefix(40))…" : name
        let isInstalled = ZoneFile.read("\(folder)/Europe/London") != nil
        return TimeZoneError(
            code: .unknown,
            message: isInstalled
                ? "there is no time zone `\(shown)`; names are like `Europe/Berlin`"
                : "the time zone `\(shown)` is not known because the system has no time zones; install tzdata"
        )
    }
}
