// Baton
// SPDX-License-Identifier: Apache-2.0

/// E-mail addresses: the mailbox of RFC 5321, with any characters beyond ASCII in RFC 6531.
enum MailFormats {
    static func isMailbox(_ text: String, isInternational: Bool) -> Bool {
        guard let at = text.utf8.lastIndex(of: UInt8(ascii: "@")) else { return false }
        let local = text.utf8[..<at]
        let domain = String(text[text.utf8.index(after: at)...])
        guard !local.isEmpty, local.count <= 64, isInternational || local.allSatisfy({ $0 < 0x80 }) else {
            return false
        }
        return (isQuoted(local) || isDotted(local)) && isDomain(domain, isInternational)
    }

    private static func isDotted(_ local: Substring.UTF8View) -> Bool {
        let marks = Array("!#$%&'*+-/=?^_`{|}~".utf8)
        return local.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { atom in
            !atom.isEmpty
                && atom.allSatisfy { TextFormats.isLetterOrDigit($0) || $0 >= 0x80 || marks.contains($0) }
        }
    }

    private static func isQuoted(_ local: Substring.UTF8View) -> Bool {
        let quote = UInt8(ascii: "\"")
        guard local.count >= 2, local.first == quote, local.last == quote else { return false }
        var isEscaped = false
        for byte in local.dropFirst().dropLast() {
            guard byte >= 0x20, byte != 0x7F else { return false }
            if isEscaped {
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == quote {
                return false
            }
        }
        return !isEscaped
    }

    private static func isDomain(_ domain: String, _ isInternational: Bool) -> Bool {
        guard domain.hasPrefix("["), domain.hasSuffix("]") else {
            // Mail lets labels be written in any normal form, host names do not.
            return isInternational
                ? HostFormats.isInternationalHostname(domain, isStrict: false) : HostFormats.isHostname(domain)
        }
        let literal = String(domain.dropFirst().dropLast())
        return literal.hasPrefix("IPv6:")
            ? HostFormats.isIPv6(String(literal.dropFirst(5))) : HostFormats.isIPv4(literal)
    }
}
