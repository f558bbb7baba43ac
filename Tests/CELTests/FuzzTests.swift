// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import JSON
import Testing

@Suite struct FuzzTests {
    @Test func `no text makes it crash or loop`() throws {
        var random = SplitMix(state: 0x5EED)
        let scope = try TestScope()
        var evaluated = 0
        for round in 0..<12_000 {
            let source = round % 2 == 0 ? Self.soup(&random) : Self.mutation(&random)
            do {
                let value = try CELExpression(source).evaluate(in: scope, stepLimit: 500)
                _ = try value.json()
                evaluated += 1
            } catch {
                if let offset = error.offset, !(0...source.utf8.count).contains(offset) {
                    Issue.record("\(source): \(error)")
                }
            }
        }
        // Most mutations still parse, so that evaluation is reached too.
        #expect(evaluated > 2000)
    }

    @Test func `no template makes it crash`() throws {
        var random = SplitMix(state: 0x7E3A)
        let scope = try TestScope()
        var replaced = 0
        for _ in 0..<3000 {
            let text = "a ${" + Self.mutation(&random) + "} $${ ${" + Self.soup(&random) + "}"
            let cut = String(decoding: Array(text.utf8).shuffledSlightly(&random), as: UTF8.self)
            guard let template = try? ValueTemplate([.string(text), .string(cut)]) else { continue }
            if (try? template.evaluate(in: scope, stepLimit: 500)) != nil { replaced += 1 }
        }
        #expect(replaced > 0)
    }

    private static let words = [
        "(", ")", "[", "]", "{", "}", "?", ":", ",", ".", "+", "-", "*", "/", "%", "!", "&&", "||", "==", "!=", "<",
        ">=", " in ", "1", "0", "2u", "1.5", "'a'", "b'a'", "r'\\'",
        "true", "null", "n", "xs", "o", "s", "now", "users", "x", "a", ".map(x,", ".filter(x,", ".all(x,", ".size()",
        "size(", "has(o.a", "default(", ".matches('a*", "duration('1s')", "//", "\n", "9223372036854775807", "int(",
        ".a", "[0]",
    ]

    private static let valid = [
        "users.filter(u, has(u.age) && u.age >= 18).map(u, u.name.upper()).join(', ')",
        "default(o.none.deep, xs[0] + 1) * 2 - sum(xs) / 3",
        "now + duration('1h') > timestamp('2024-01-01T00:00:00Z') ? 'late' : 'early'",
        "{'a': [1, 2.5, 3u], \"b\": {'c': null}}.a.exists(x, x == 2.5) || s.matches('^g(r|x)[a-z]{0,3}.*$')",
        "string(d) + r'\\n' + '\\u00e9'.replace('é', 'e') + json(o)",
        "parse_json('{\"a\": [1]}').a.map(x, x > 0, -x) == [-1] && 'k' in {'k': 1}",
    ]

    private static func soup(_ random: inout SplitMix) -> String {
        (0..<1 + random.below(14)).map { _ in words[random.below(words.count)] }.joined()
    }

    /// A valid expression with a few bytes or words changed.
    private static func mutation(_ random: inout SplitMix) -> String {
        var bytes = Array(valid[random.below(valid.count)].utf8)
        for _ in 0..<random.below(3) {
            let place = random.below(bytes.count)
            switch random.below(4) {
            case 0: bytes.remove(at: place)
            case 1: bytes[place] = UInt8(32 + random.below(95))
            case 2: bytes.insert(contentsOf: words[random.below(words.count)].utf8, at: place)
            default: bytes.replaceSubrange(place..<min(place + 1 + random.below(8), bytes.count), with: [])
            }
            if bytes.isEmpty { return "1" }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension [UInt8] {
    fileprivate func shuffledSlightly(_ random: inout SplitMix) -> [UInt8] {
        var bytes = self
        bytes.swapAt(random.below(count), random.below(count))
        return Array(bytes.prefix(1 + random.below(count)))
    }
}

/// The same numbers in every test run.
struct SplitMix {
    var state: UInt64

    mutating func below(_ bound: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return Int((mixed ^ mixed >> 31) % UInt64(bound))
    }
}
