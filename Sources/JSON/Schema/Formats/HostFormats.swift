// Baton
// SPDX-License-Identifier: Apache-2.0

/// Host names and addresses.
enum HostFormats {
    /// Four numbers up to 255 without leading zeros.
    static func isIPv4(_ text: String) -> Bool {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return parts.count == 4
            && parts.allSatisfy { part in
                guard 1...3 ~= part.count, part.allSatisfy({ 48...57 ~= $0 }) else { return false }
                guard part.count == 1 || part.first != UInt8(ascii: "0") else { return false }
                return part.reduce(0) { $0 * 10 + Int($1 - 48) } <= 255
            }
    }

    /// Eight groups, `::` for a run of zeros, perhaps an IPv4 address at the end (RFC 4291, section 2.2).
    static func isIPv6(_ text: String) -> Bool {
        let halves = Self.halves(text)
        guard halves.count <= 2 else { return false }
        var count = 0
        for (index, half) in halves.enumerated() where !half.isEmpty {
            guard let size = groupCount(half, isEnd: index == halves.count - 1) else { return false }
            count += size
        }
        return halves.count == 2 ? count <= 7 : count == 8 && !text.isEmpty
    }

    private static func halves(_ text: String) -> [Substring] {
        guard let first = text.range(of: "::") else { return [Substring(text)] }
        let rest = text[first.upperBound...]
        guard rest.range(of: "::") == nil, !rest.hasPrefix(":") else { return ["", "", ""] }
        return [text[..<first.lowerBound], rest]
    }

    private static func groupCount(_ half: Substring, isEnd: Bool) -> Int? {
        let groups = half.split(separator: ":", omittingEmptySubsequences: false)
        var count = 0
        for (index, group) in groups.enumerated() {
            if isEnd, index == groups.count - 1, group.contains(".") {
                guard isIPv4(String(group)) else { return nil }
                count += 2
            } else {
                guard 1...4 ~= group.utf8.count, group.utf8.allSatisfy(TextFormats.isHexDigit) else { return nil }
                count += 1
            }
        }
        return count
    }

    /// Letters, digits and hyphens (RFC 1123), where labels that stand for others must do so rightly.
    static func isHostname(_ text: String) -> Bool {
        guard text.utf8.count <= 253 else { return false }
        return text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { label in
            isASCIILabel(String(Substring(label)))
        }
    }

    /// A name with characters of any script (RFC 5890).
    ///
    /// - Parameter isStrict: Whether the rules about single characters and directions count.
    static func isInternationalHostname(_ text: String, isStrict: Bool = true) -> Bool {
        let separators: Set<Unicode.Scalar> = [".", "\u{3002}", "\u{FF0E}", "\u{FF61}"]
        let labels = text.unicodeScalars.split(omittingEmptySubsequences: false) { separators.contains($0) }
        var size = labels.count - 1
        for label in labels {
            let scalars = Array(label)
            if scalars.allSatisfy(\.isASCII) {
                guard isASCIILabel(String(String.UnicodeScalarView(scalars))) else { return false }
                size += scalars.count
            } else {
                guard let code = Punycode.encode(scalars), code.count <= 59 else { return false }
                guard !isStrict || InternationalLabel.isValid(scalars) else { return false }
                size += code.count + 4
            }
        }
        return size <= 253 && (!isStrict || InternationalLabel.keepDirections(labels.map(Array.init)))
    }

    private static func isASCIILabel(_ label: String) -> Bool {
        let hyphen = UInt8(ascii: "-")
        guard 1...63 ~= label.utf8.count, label.utf8.first != hyphen, label.utf8.last != hyphen,
            label.utf8.allSatisfy({ TextFormats.isLetterOrDigit($0) || $0 == hyphen })
        else { return false }
        guard label.lowercased().hasPrefix("xn--") else { return true }
        let code = Array(label.lowercased().utf8.dropFirst(4))
        guard let scalars = Punycode.decode(code), !scalars.allSatisfy(\.isASCII) else { return false }
        return Punycode.encode(scalars) == code && InternationalLabel.isValid(scalars)
            && InternationalLabel.keepDirections([scalars])
    }
}

extension StringProtocol {
    /// The first place of some ASCII text.
    fileprivate func range(of text: String) -> Range<Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
            start = index(after: start)
        }
        return nil
    }
}
