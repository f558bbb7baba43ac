// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// What the headers of an answer say about how much more its provider takes (protocols: retry rules). Pure.
///
/// Two families are read: `anthropic-ratelimit-KIND-remaining` with `-reset`, a time of RFC 3339, and
/// `x-ratelimit-remaining-KIND` with `x-ratelimit-reset-KIND`, a span such as `6m0s`, `20ms` or a number of seconds. What
/// cannot be read is left out: these headers are advice, and whoever sends wrong ones is asked as often as ever.
public enum RateHeaders {
    private static let anthropic = ["requests", "tokens", "input-tokens", "output-tokens"]
    private static let usual = ["requests", "tokens"]
    /// Nobody is left alone for longer.
    private static let longest = Duration.seconds(86_400)

    /// When a call can be answered again; `nil` when nothing speaks against one now.
    ///
    /// - Parameter headers: Names in lower case.
    public static func pause(_ headers: [(name: String, value: String)], at now: Timestamp) -> Timestamp? {
        let fields = Dictionary(headers.map { ($0.name, $0.value) }) { first, _ in first }
        var resets: [Timestamp] = []
        for kind in anthropic where isNothing(fields["anthropic-ratelimit-\(kind)-remaining"]) {
            guard let text = fields["anthropic-ratelimit-\(kind)-reset"] else { continue }
            resets += [Timestamp(rfc3339: text)].compactMap(\.self)
        }
        for kind in usual where isNothing(fields["x-ratelimit-remaining-\(kind)"]) {
            guard let text = fields["x-ratelimit-reset-\(kind)"], let span = span(text) else { continue }
            resets.append(now + span)
        }
        guard let last = resets.max(), last > now else { return nil }
        return min(last, now + longest)
    }

    private static func isNothing(_ remaining: String?) -> Bool {
        guard let remaining, !remaining.isEmpty else { return false }
        return remaining.utf8.allSatisfy { $0 == UInt8(ascii: "0") }
    }

    /// `1h2m3.5s`, `20ms`, `6`; of at most a day.
    static func span(_ text: String) -> Duration? {
        if let seconds = number(text[...]) { return bounded(seconds) }
        var (rest, total) = (text[...], 0.0)
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let digits = rest.prefix { isDigit($0) }
            rest = rest.dropFirst(digits.count)
            let unit = rest.prefix { !isDigit($0) }
            rest = rest.dropFirst(unit.count)
            guard let count = number(digits), let size = units[String(unit)] else { return nil }
            total += count * size
        }
        return bounded(total)
    }

    /// In seconds.
    private static let units = ["ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86_400]

    private static func isDigit(_ character: Character) -> Bool { ("0"..."9").contains(character) || character == "." }

    private static func number(_ digits: Substring) -> Double? {
        guard !digits.isEmpty, digits.utf8.count <= 15, digits.allSatisfy(isDigit) else { return nil }
        return Double(digits)
    }

    private static func bounded(_ seconds: Double) -> Duration {
        .milliseconds(Int64((min(seconds, 86_400) * 1000).rounded(.up)))
    }
}
