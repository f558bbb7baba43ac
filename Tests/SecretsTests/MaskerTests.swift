// Baton
// SPDX-License-Identifier: Apache-2.0

import Cryptography
import JSON
import Testing

@testable import Secrets

@Suite struct MaskerTests {
    private static let secret = "pä ss/w\"or\\d+<1>\n\u{1F511}!~&end"

    /// Spellings written by hand, not by the code under test.
    private static let spellings: [(String, String)] = [
        ("plain", secret),
        ("hexadecimal", "70c3a42073732f77226f725c642b3c313e0af09f9491217e26656e64"),
        ("upper hexadecimal", "70C3A42073732F77226F725C642B3C313E0AF09F9491217E26656E64"),
        ("base 64", "cMOkIHNzL3cib3JcZCs8MT4K8J+UkSF+JmVuZA=="),
        ("base 64 after one byte", "eHDDpCBzcy93Im9yXGQrPDE+CvCflJEhfiZlbmQ="),
        ("base 64 after two bytes", "eHhww6Qgc3MvdyJvclxkKzwxPgrwn5SRIX4mZW5k"),
        ("base 64 for URLs", "cMOkIHNzL3cib3JcZCs8MT4K8J-UkSF-JmVuZA"),
        ("URL", "p%C3%A4%20ss%2Fw%22or%5Cd%2B%3C1%3E%0A%F0%9F%94%91%21~%26end"),
        ("form", "p%C3%A4+ss%2Fw%22or%5Cd%2B%3C1%3E%0A%F0%9F%94%91%21~%26end"),
        ("component of browsers", "p%C3%A4%20ss%2Fw%22or%5Cd%2B%3C1%3E%0A%F0%9F%94%91!~%26end"),
        ("lower URL", "p%c3%a4%20ss%2fw%22or%5cd%2b%3c1%3e%0a%f0%9f%94%91%21~%26end"),
        ("JSON", #"pä ss/w\"or\\d+<1>\n"# + "\u{1F511}!~&end"),
        ("JSON in ASCII", #"p\u00e4 ss/w\"or\\d+<1>\n\ud83d\udd11!~&end"#),
        ("JSON of PHP", #"p\u00e4 ss\/w\"or\\d+<1>\n\ud83d\udd11!~&end"#),
        ("JSON for pages", #"pä ss/w\"or\\d+\u003c1\u003e\n"# + "\u{1F511}!~\\u0026end"),
    ]

    @Test func `a secret is found in every encoding, at every split`() {
        let masker = Masker([Array(Self.secret.utf8)])
        for (name, spelling) in Self.spellings {
            let text = Array("before \(spelling) after".utf8)
            let whole = masker.mask(text)
            let shown = String(decoding: whole, as: UTF8.self)
            #expect(shown.contains("[secret]"), "\(name): \(shown)")
            #expect(shown.utf8.count < 50, "\(name): \(shown)")
            var wrong: [Int] = []
            for split in 0...text.count {
                var stream = masker.stream()
                if stream.mask(text[..<split]) + stream.mask(text[split...]) + stream.finish() != whole {
                    wrong.append(split)
                }
            }
            var stream = masker.stream()
            var single = text.flatMap { stream.mask([$0]) }
            single += stream.finish()
            #expect(wrong.isEmpty && single == whole, "\(name)")
        }
    }

    @Test func `spans are masked whole however secrets overlap, touch and repeat`() {
        let cases: [([String], String, String)] = [
            (["abcd"], "xabcdabcdx", "x[secret][secret]x"), (["aaaa"], "aaaaaaaaab", "[secret]b"),
            (["abcdef", "cdefgh"], "..abcdefgh..", "..[secret].."),
            (["bcde", "abcdefg"], "abcdef abcdefg", "a[secret]f [secret]"),
            (["abcd", "abcdefgh"], "abcdefg abcdefgh", "[secret]efg [secret]"),
            (["abcd"], "abcabcd abc", "abc[secret] abc"),
            (["abcd", "cdxy", "yzzz"], "abcdxyzzzz", "[secret]z"), (["abc"], "abc", "abc"), ([], "abc", "abc"),
        ]
        for (secrets, text, expected) in cases {
            let masker = Masker(secrets.map { Array($0.utf8) })
            #expect(masker.mask(text) == expected, "\(secrets) \(text)")
            #expect(masker.finds(text) == (text != expected), "\(secrets) \(text)")
        }
    }

    @Test func `random texts, secrets and splits leave no secret, and what is no secret stays`() {
        var random = Random(state: 7)
        var problems: [String] = []
        for round in 0..<300 {
            // A small alphabet, so that overlaps are common.
            func text(_ count: Int) -> [UInt8] { (0..<count).map { _ in 97 + UInt8(random.next() % 3) } }
            let secrets = (0..<Int(random.next() % 4 + 1)).map { _ in text(Int(random.next() % 6 + 4)) }
            let input = text(200)
            let patterns = secrets.reduce(into: Set<[UInt8]>()) { $0.formUnion(SecretSpellings.all(of: $1)) }
            var isMasked = [Bool](repeating: false, count: input.count)
            for pattern in patterns where pattern.count <= input.count {
                for start in 0...(input.count - pattern.count) where input[start...].starts(with: pattern) {
                    for index in start..<(start + pattern.count) { isMasked[index] = true }
                }
            }
            let kept = zip(input, isMasked).filter { !$0.1 }.map(\.0)
            let masker = Masker(secrets)
            var (stream, output, rest) = (masker.stream(), [UInt8](), input[...])
            while !rest.isEmpty {
                let count = min(rest.count, Int(random.next() % 9))
                output += stream.mask(rest.prefix(count))
                rest = rest.dropFirst(count)
            }
            output += stream.finish()
            let shown = String(decoding: output, as: UTF8.self)
            let remains = shown.split(separator: "[secret]", omittingEmptySubsequences: false).joined()
            if Array(remains.utf8) != kept || output != masker.mask(input) {
                problems.append("round \(round): \(shown)")
            }
        }
        #expect(problems.isEmpty, "\(problems.prefix(3))")
    }

    @Test func `the stream holds back no more than the longest spelling, and time is linear`() {
        let masker = Masker([[UInt8](repeating: 97, count: 64)])
        var stream = masker.stream()
        // Every byte continues a match, the worst case.
        var count = 0
        for _ in 0..<200 { count += stream.mask([UInt8](repeating: 97, count: 5000)).count }
        count += stream.mask(Array("b".utf8)).count + stream.finish().count
        #expect(count == "[secret]b".utf8.count)
        var most = 0
        var plain = masker.stream()
        for taken in 1...2000 {
            _ = plain.mask([taken % 100 == 0 ? 98 : 97])
            most = max(most, plain.heldBack)
        }
        #expect(most <= 256)
    }

    @Test func `JSON is masked in texts, names and numbers, and stays JSON`() throws {
        let masker = Masker([Array("12345678".utf8), Array("hunter22".utf8)])
        let text = #"{"a":["x hunter22 y",12345678,1234567,true,null],"hunter22":{"b":"aHVudGVyMjI="},"n":0.12345678}"#
        let expected =
            #"{"a":["x [secret] y","[secret]",1234567,true,null],"[secret]":{"b":"[secret]I="},"n":"0.[secret]"}"#
        let value = try JSONValue(parsing: text)
        #expect(masker.mask(value).text == expected)
        #expect(Masker([]).mask(value) == value && Masker([]).isEmpty)
    }

    @Test func `a thousand planted secrets leave in no encoding`() {
        var random = Random(state: 3)
        let secrets = (0..<1000).map { _ in
            "tok_" + Base64.encode((0..<15).map { _ in UInt8(truncatingIfNeeded: random.next()) })
        }
        let masker = Masker(secrets.map { Array($0.utf8) })
        var leaks: [String] = []
        for (index, secret) in secrets.enumerated() {
            let bytes = Array(secret.utf8)
            for spelling in SecretSpellings.all(of: bytes) {
                let text = "\(index) <" + String(decoding: spelling, as: UTF8.self) + ">"
                if masker.mask(text).utf8.count > 24 { leaks.append(text) }
            }
        }
        #expect(leaks.isEmpty, "\(leaks.prefix(3))")
    }

    @Test func `each long line of a key of many lines is a secret`() {
        let key = "-----BEGIN KEY-----\r\nMIIEvQIBADANBgkqhkiG9w0\r\nshort\r\n-----END KEY-----\r\n"
        let masker = Masker([Array(key.utf8)])
        #expect(masker.mask("  MIIEvQIBADANBgkqhkiG9w0\n  short") == "  [secret]\n  short")
    }

    struct Random: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state >> 33
        }
    }
}
