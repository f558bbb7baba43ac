// Baton
// SPDX-License-Identifier: Apache-2.0

import Testing
import Text

@Suite struct PatternTests {
    @Test func `patterns of RE2 match anywhere in the text`() throws {
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
            ("é", #"^\p{L}$"#, true), ("é", #"^\pL$"#, true), ("5", #"\p{L}"#, false), ("5", #"^\P{L}$"#, true),
            ("5", #"^\p{^L}$"#, true), ("é", #"^[\p{Ll}0]$"#, true), ("é", #"[^\p{Ll}]"#, false),
            ("β", #"\p{Greek}"#, true),
            ("b", #"\p{Greek}"#, false), ("É", #"(?i)^[é]$"#, true), ("a", "(?i)^[^A]$", false),
            ("漢", #"\p{Han}"#, true),
        ]
        for (text, pattern, expected) in table {
            #expect(try Pattern(pattern).matches(text) == expected, "\(pattern) on \(text)")
        }
    }

    @Test func `patterns of RE2 that need going back or are wrong are refused`() {
        let table: [(String, String)] = [
            (#"(a)\1"#, "earlier groups"), ("(?=a)", "ahead or behind"), ("(?!a)", "ahead or behind"),
            ("(?<=a)b", "ahead or behind"), ("(?<!a)b", "ahead or behind"), (#"\k<n>"#, "earlier groups"),
            (#"\p{Foo}"#, "unknown property"), (#"\p{L"#, "in braces"),
            ("(", "no `)`"), (")", "without `(`"), ("a)", "without `(`"), ("[a", "no `]`"), ("[]", "no `]`"),
            ("[b-a]", "wrong way round"), ("a{2,1}", "wrong way round"), ("*a", "nothing to repeat"),
            ("a|*", "nothing to repeat"), ("a**", "repetition of a repetition"),
            ("a+?*", "repetition of a repetition"), (#"a\"#, "ends with a backslash"), (#"\y"#, "unknown escape"),
            (#"\8"#, "earlier groups"), ("(?q)", "unknown flag"), ("(?i", "no `)`"), ("(?P<n", "no `>`"),
            ("[[:foo:]]", "unknown class"), (#"\x4"#, "hexadecimal"), (#"\x{110000}"#, "hexadecimal"), ("(?", "no `)`"),
        ]
        for (pattern, words) in table {
            let error = #expect(throws: PatternError.self, "\(pattern)") { try Pattern(pattern) }
            #expect(error?.code == .syntax, "\(pattern)")
            #expect(error?.message.contains(words) == true, "\(pattern): \(error?.message ?? "none")")
        }
    }

    @Test func `patterns of ECMA-262 match as with the flag u`() throws {
        let table: [(String, String, Bool)] = [
            ("5", #"^\d$"#, true), ("٣", #"^\d$"#, false), ("é", #"\w"#, false), ("\u{A0}", #"^\s$"#, true),
            ("\u{FEFF}", #"^\s$"#, true), ("\u{0B}", #"^\s$"#, true), ("\u{200B}", #"\s"#, false),
            ("a", #"^\S$"#, true),
            ("ä", #"^\u00e4$"#, true), ("😀", #"^\uD83D\uDE00$"#, true), ("😀", #"^\u{1F600}$"#, true),
            ("😀", "^.$", true),
            ("\t", #"^\cI$"#, true), ("\t", #"^\ci$"#, true), ("\0", #"^\0$"#, true), ("\u{8}", #"^[\b]$"#, true),
            ("A", #"^\x41$"#, true), ("é", #"^\p{L}$"#, true), ("é", #"^\p{Letter}+$"#, true),
            ("٣", #"^\p{Nd}$"#, true),
            ("é", #"^\p{General_Category=Lowercase_Letter}$"#, true), ("é", #"\P{L}"#, false),
            ("٣", #"^\p{digit}$"#, true),
            ("β", #"^\p{Script=Greek}$"#, true), ("β", #"^\p{sc=Grek}$"#, true), ("b", #"\p{Script=Greek}"#, false),
            ("é", #"^\p{Alphabetic}$"#, true), ("a", #"^\p{ASCII}$"#, true), ("é", #"\p{ASCII}"#, false),
            ("a\n", "^a$", false), ("a\nb", "^a", true), ("a\nb", "^b", false), ("\u{2028}", "^.$", false),
            ("\r", ".", false),
            ("a", "[]", false), ("a", "[^]", true), ("]", "[]]", false), ("a]", "^[^]]$", true), ("[", "^[[]$", true),
            (":", "^[[:alpha:]]$", false), (":]", "^[[:alpha:]]$", true), ("a", "^(?<n>a)$", true),
            ("A", "^(?i:a)$", true),
            ("-", #"^\-$"#, true), ("a-b", #"^[\w\-.]+$"#, true), ("/", #"^\/$"#, true), ("a{", "^a{$", true),
            ("}", "^}$", true),
            ("aa", "^a{2}$", true), ("foo", "^(foo|bar)$", true), ("xfoo", "foo", true), ("", "", true),
            ("b", #"\b"#, true),
        ]
        for (text, pattern, expected) in table {
            let got = try Pattern(pattern, syntax: .ecma).matches(text)
            #expect(got == expected, "\(pattern) on \(text)")
        }
    }

    @Test func `patterns of ECMA-262 that are wrong or not linear are refused`() {
        let table: [(String, String)] = [
            (#"(a)\1"#, "earlier groups"), ("(?=a)", "ahead or behind"), ("(?<!a)b", "ahead or behind"),
            (#"\k<n>"#, "earlier groups"), (#"\a"#, "unknown escape"), (#"\Z"#, "unknown escape"),
            (#"\A"#, "unknown escape"),
            (#"\z"#, "unknown escape"), ("(?i)a", "flag"), ("(?P<n>a)", "flag"), (#"\p{Greek"#, "in braces"),
            (#"\pL"#, "property"),
            (#"\p{^L}"#, "property"), (#"\u12"#, "hexadecimal"), (#"\uD83D"#, "surrogate"),
            (#"\u{110000}"#, "hexadecimal"),
            (#"\c1"#, "letter"), (#"\01"#, "digit"), ("^(abc]", "no `)`"), ("[a", "no `]`"), ("*", "nothing to repeat"),
            (#"\p{Script=Klingon}"#, "property"),
        ]
        for (pattern, words) in table {
            let error = #expect(throws: PatternError.self, "\(pattern)") { try Pattern(pattern, syntax: .ecma) }
            #expect(error?.code == .syntax, "\(pattern)")
            #expect(error?.message.contains(words) == true, "\(pattern): \(error?.message ?? "none")")
        }
    }

    @Test func `large patterns are refused`() throws {
        let deep = String(repeating: "(", count: 51) + String(repeating: ")", count: 51)
        let table = [
            "a{1001}", "a{1,1001}", "(a{1000}){1000}", "((){1000}){1000}", "((a{1000}){1000})",
            "(((){1000}){1000}){1000}", deep,
            "a{99999999999999999999}", String(repeating: "a", count: 8193),
        ]
        for pattern in table {
            for syntax in [Pattern.Syntax.re2, .ecma] {
                let error = #expect(throws: PatternError.self) { try Pattern(pattern, syntax: syntax) }
                #expect(error?.code == .limit, "\(pattern.prefix(20))")
            }
        }
        #expect(try Pattern("^(a{10}){100}$").matches(String(repeating: "a", count: 1000)))
    }

    @Test func `work is in proportion to the text and can be bounded`() throws {
        let patterns = ["(a*)*b", "(a+)+b", "(a|a)*b", "(a|aa)+b", "(.*)(.*)(.*)(.*)b", "a*a*a*a*a*a*b", "((a*)*)*b"]
        for source in patterns {
            let pattern = try Pattern(source)
            for count in [500, 5000] {
                let text = String(repeating: "a", count: count)
                var visits = count * 48 + 200
                #expect(pattern.matches(text, visits: &visits) == false, "\(source)")
                visits = count * 4
                #expect(pattern.matches(text, visits: &visits) == nil, "\(source)")
            }
        }
    }

    @Test func `large classes are looked up quickly`() throws {
        let members = (0..<2000).compactMap { Unicode.Scalar(0x4E00 + $0 * 2).map { String($0) } }.joined()
        let pattern = try Pattern("[\(members)]z")
        var visits = 20_000
        #expect(pattern.matches(String(repeating: "\u{4E01}", count: 5000), visits: &visits) == false)
        #expect(pattern.matches("a\u{4E00}z"))
    }

    @Test func `bytes are read as UTF-8`() throws {
        #expect(try Pattern("^grüße$").matches(utf8: Array("grüße".utf8)))
        #expect(try Pattern("^\u{FFFD}$").matches(utf8: [0xFF]))
    }
}
