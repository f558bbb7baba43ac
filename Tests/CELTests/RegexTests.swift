// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import Testing

@Suite struct RegexTests {
    @Test func `patterns work as constants and as values`() {
        for (text, pattern, expected) in [
            ("hello", "ell", "true"), ("hello", "^ell", "false"), ("é", #"^\p{L}$"#, "true"),
        ] {
            for source in ["text.matches(\(quoted(pattern)))", "matches(text, pattern)"] {
                let got = outcome(source, in: RegexScope(text: text, pattern: pattern))
                #expect(got == expected, "\(pattern) on \(text), \(source)")
            }
        }
    }

    @Test func `wrong patterns are refused early where they are constant`() {
        for pattern in ["(", "(?=a)", #"(a)\1"#] {
            #expect(parseError("text.matches(\(quoted(pattern)))")?.code == .syntax, "\(pattern)")
            let got = outcome("matches(text, pattern)", in: RegexScope(text: "", pattern: pattern))
            #expect(got == "!failed", "\(pattern)")
        }
        #expect(parseError("text.matches('a{1001}')")?.code == .limit)
        #expect(outcome("matches(text, pattern)", in: RegexScope(text: "", pattern: "a{1001}")) == "!limit")
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
