// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import FoundationEssentials
import JSON
import Testing

@Suite struct FuzzTests {
    @Test
    func `mutated documents never crash and always say why they are refused`() throws {
        var random = SplitMix(state: 42)
        let compiler = Compiler(registry: .golden)
        let seeds = [Array(CompilerTests.order.utf8)] + (try Self.golden())
        let tokens = [
            "[", "]", "{", "}", ":", "- ", "&a ", "*a", "\n", "  ", "\"", "${", "}", "\t", "|", "<<", "é", "\0", "!!",
            "#", "1e9",
        ]
        for round in 0..<800 {
            var text = seeds[round % seeds.count]
            for _ in 0...Int(random.next() % 4) {
                let place = Int(random.next() % UInt64(text.count))
                switch random.next() % 4 {
                case 0: text[place] = UInt8(truncatingIfNeeded: random.next())
                case 1: text.removeSubrange(place..<min(text.count, place + Int(random.next() % 40)))
                case 2: text.insert(contentsOf: tokens[Int(random.next() % UInt64(tokens.count))].utf8, at: place)
                default:
                    let other = Int(random.next() % UInt64(text.count))
                    text.insert(
                        contentsOf: text[min(place, other)..<min(max(place, other), min(place, other) + 60)],
                        at: place
                    )
                }
            }
            let result = compiler.compile(text: text, fileName: "a.yaml")
            #expect((result.graph == nil) != result.errors.isEmpty, "round \(round)")
        }
    }

    /// A workstack and a plan.
    private static func golden() throws -> [[UInt8]] {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden")
        return try ["full_stack_feature", "user_api"].map { name in
            [UInt8](try Data(contentsOf: folder.appending(path: "\(name).yaml")))
        }
    }

    @Test
    func `mutated stored graphs are read or refused`() throws {
        var random = SplitMix(state: 43)
        let result = Compiler(registry: .sample).compile(text: Array(CompilerTests.order.utf8), fileName: "a.yaml")
        let bytes = try #require(result.graph).json.canonicalBytes()
        var refused = 0
        for _ in 0..<300 {
            var text = bytes
            text[Int(random.next() % UInt64(text.count))] = UInt8(truncatingIfNeeded: 32 + random.next() % 95)
            do { _ = try Graph(canonicalBytes: text) } catch { refused += 1 }
        }
        #expect(refused > 100)
    }
}

/// A small generator with a fixed seed, so that a failure repeats.
struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
