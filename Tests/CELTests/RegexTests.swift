// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import Testing

@Suite struct RegexTests {
    @Test func `patterns match anywhere in the text`() throws {
        let table: [(String, String, Bool)] = [
            ("hello", "ell", true), ("hello", "^ell", false), ("hello", "^hel", true), ("hello", "llo$", true),
            ("hello", "ll$", false), ("", "", true), ("a", "", true), ("", "^$", true),
            ("abc", "a.c", true), ("a\nc", "a.c", false), ("a\nc", "(?s)a.c", true), ("a\nb", "^b$", false),
            ("a\nb", "(?m)^b$", true), ("a\nb", "(?m)^a$", true), ("a\n", "a$", false),
            ("ABC", "(?i)abc", true), ("ABC", "(?i:a)bc", false), ("aBC", "a(?i)bc", true), ("ÄÖ", "(?i)äö", true),
            ("abC", "(?i)a(?-i)bc", false), ("K", "(?i)[a-z]", true), ("AbC", "((?i)a)bC", true),
            ("AB", "((?i)a)b", false),
            ("abab", "^(ab)+$", true), ("aba", "^(?:ab)+$", false), ("aab", "^a*b$", true), ("b", "^a*?b$", true),
            ("b", "^a+?b", false), ("ab", "^a??b$", true), ("aaa", "^a{3}$", true), ("aa", "^a{3}$", false),
            ("aaaa", "^a{2,3}$", false), ("aaa", "^a{2,}$", true), ("a", "^a{2,}$", false), ("", "^a{0,2}$", true),
            ("a{,2}", "^a{,2}$", true), ("a{x}", "a{x}", true), ("abcabc", "^(abc){2}$", true), ("", "^(a{0})*$", true),
            ("cat", "^(cat|dog)$", true), ("dog", "^(cat|dog)$", true), ("cow", "^(cat|dog)$", false),
            ("cat", "^cat|dog$", true), ("", "^(|a)$", true), ("ac", "^a(|b|c)$", true),
            ("x7_", #"^\w\d\w$"#, true), (" ", #"^\s$"#, true), ("\u{0B}", #"\s"#, false), ("ü", #"\w"#, false),
            ("a", #"^\D\W?$"#, true), ("5", #"\D"#, false), ("-", #"^[\w-]$"#, true), ("é", #"^[^a-z]$"#, true),
            ("b", "[^a-z]", false),
            ("]", "^[]]$", true), ("^", "^[a^]$", true), ("-", "^[a-]$", true), ("5", #"^[^\D]$"#, true),
            ("a", #"^[\D]$"#, true), ("a", #"^[^\d\s]$"#, true), ("q", "^[[:alpha:]]$", true),
            ("1", "^[[:^alpha:]]$", true), ("a", "^[[:alpha:]0-9_]$", true),
            ("a.b", #"^a\.b$"#, true), ("axb", #"^a\.b$"#, false), ("\t", #"^\t$"#, true), ("A", #"^\x41$"#, true),
            ("😀", #"^\x{1F600}$"#, true), ("\0", #"^\0$"#, true), ("/", #"^\/$"#, true), ("日本", "^..$", true),
            ("日", "^[一-龯]$", true),
            ("a cat", #"\bcat\b"#, true), ("concat", #"\bcat"#, false), ("concat", #"\Bcat"#, true),
            ("", #"\b"#, false), ("ab", #"\Aab\z"#, true), ("xab", #"\Aab"#, false), ("ab", "(?P<n>a)(?<m>b)", true),
            ("a", "a()", true), ("ab", "^(((a)))b", true),
        ]
        for (text, pattern, expected) in table {
            for source in ["text.matches(\(quoted(pattern)))", "matches(text, pattern)"] {
                let got = outcome(source, in: RegexScope(text: text, pattern: pattern))
                #expect(got == String(expected), "\(pattern) on \(text), \(source)")
            }
        }
    }

    @Test func `patterns that need going back or are wrong are refused`() {
        let table: [(String, String)] = [
            (#"(a)\1"#, "earlier groups"), ("(?=a)", "ahead or behind"), ("(?!a)", "ahead or behind"),
            ("(?<=a)b", "ahead or behind"), ("(?<!a)b", "ahead or behind"), (#"\k<n>"#, "earlier groups"),
            (#"\p{L}"#, "Unicode properties"),
            ("(", "no `)`"), (")", "without `(`"), ("a)", "without `(`"), ("[a", "no `]`"), ("[]", "no `]`"),
            ("[b-a]", "wrong way round"), ("a{2,1}", "wrong way round"), ("*a", "nothing to repeat"),
            ("a|*", "nothing to repeat"), ("a**", "repetition of a repetition"),
            ("a+?*", "repetition of a repetition"), (#"a\"#, "ends with a backslash"), (#"\y"#, "unknown escape"),
            (#"\8"#, "earlier groups"), ("(?q)", "unknown flag"), ("(?i", "no `)`"), ("(?P<n", "no `>`"),
            ("[[:foo:]]", "unknown class"), (#"\x4"#, "hexadecimal"), (#"\x{110000}"#, "hexadecimal"), ("(?", "no `)`"),
        ]
        for (pattern, words) in table {
            let error = parseError("text.matches(\(quoted(pattern)))")
            #expect(error?.code == .syntax, "\(pattern)")
            #expect(error?.message.contains(words) == true, "\(pattern): \(error?.message ?? "none")")
            #expect(
                outcome("matches(text, pattern)", in: RegexScope(text: "", pattern: pattern)) == "!failed",
                "\(pattern)"
            )
        }
    }

    @Test func `large patterns are refused`() {
        let deep = String(repeating: "(", count: 51) + String(repeating: ")", count: 51)
        let table = [
            "a{1001}", "a{1,1001}", "(a{1000}){1000}", "((){1000}){1000}", "(((){1000}){1000}){1000}", deep,
            "a{99999999999999999999}",
        ]
        for pattern in table {
            #expect(
                outcome("matches(text, pattern)", in: RegexScope(text: "", pattern: pattern)) == "!limit",
                "\(pattern.prefix(20))"
            )
        }
        #expect(
            outcome("matches(text, pattern)", in: RegexScope(text: "", pattern: String(repeating: "a", count: 8193)))
                == "!limit"
        )
        #expect(
            outcome(
                "matches(text, pattern)",
                in: RegexScope(text: String(repeating: "a", count: 1000), pattern: "^(a{10}){100}$")
            ) == "true"
        )
    }

    @Test func `time is in proportion to the text`() {
        let patterns = ["(a*)*b", "(a+)+b", "(a|a)*b", "(a|aa)+b", "(.*)(.*)(.*)(.*)b", "a*a*a*a*a*a*b", "((a*)*)*b"]
        for pattern in patterns {
            for count in [500, 5000] {
                let scope = RegexScope(text: String(repeating: "a", count: count), pattern: pattern)
                #expect(
                    outcome("matches(text, pattern)", in: scope, stepLimit: count * 6 + 200) == "false",
                    "\(pattern)"
                )
                #expect(outcome("matches(text, pattern)", in: scope, stepLimit: count / 2) == "!cost", "\(pattern)")
            }
        }
    }

    @Test func `large classes of characters are counted by their size`() {
        let pattern = "[" + (0..<2000).compactMap { Unicode.Scalar(0x4E00 + $0 * 2).map { String($0) } }.joined() + "]z"
        let scope = RegexScope(text: String(repeating: "a", count: 1000), pattern: pattern)
        #expect(outcome("matches(text, pattern)", in: scope, stepLimit: 40_000) == "!cost")
        #expect(outcome("matches(text, pattern)", in: scope) == "false")
    }

    private func quoted(_ pattern: String) -> String {
        "r'''\(pattern)'''"
    }
}

private struct RegexScope: CELScope {
    let text: String
    let pattern: String

    func variable(_ name: String) -> CELValue? {
        switch name {
        case "text": .string(text)
        case "pattern": .string(pattern)
        default: nil
        }
    }
}
