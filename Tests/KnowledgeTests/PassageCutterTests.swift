// Baton
// SPDX-License-Identifier: Apache-2.0

import Store
import Testing

@testable import Knowledge

@Suite struct PassageCutterTests {
    private func cut(_ text: String, _ path: String = "a.md") -> [Passage] { PassageCutter.cut(text, path: path) }

    @Test func `passages follow headings, and say which lines they are`() {
        let text = """
            # Guide

            Hello.
            ## Setup
            ### Linux
            Install it.

            ```sh
            # no heading
            make
            ```
            ## Use ##
            Run it.
            """
        let passages = cut(text)
        #expect(passages.map(\.heading) == ["Guide", "Guide > Setup > Linux", "Guide > Use ##"])
        #expect(passages.map { [$0.firstLine, $0.lastLine] } == [[1, 3], [4, 11], [12, 13]])
        #expect(passages[1].text.hasPrefix("## Setup\n### Linux\nInstall it."))
        #expect(cut(text, "a.py").map(\.heading) == [""], "only Markdown and plain text have headings")
        #expect(cut("#no heading\n####### none\n# \nx").map(\.heading) == [""])
        #expect(cut("# A\n# B\ntext\n# C").map(\.heading) == ["B", "C"])
    }

    @Test func `nothing gives no passage, and line ends of other systems are none of the text`() {
        for text in ["", "\n\n \t\n", "---\n***\n"] { #expect(cut(text).isEmpty, "\(text)") }
        #expect(cut("\r\n# T\r\none\r\ntwo\r\n").map(\.text) == ["# T\none\ntwo"])
        #expect(cut("\r\n# T\r\none\r\ntwo\r\n").map { [$0.firstLine, $0.lastLine] } == [[2, 4]])
    }

    /// Laws that hold for every text.
    @Test func `every line is in one passage, in order, and none is too long`() {
        var random = Numbers(state: 7)
        for round in 0..<300 {
            let lines = (0..<random.next(120)).map { _ -> String in
                switch random.next(8) {
                case 0: return ""
                case 1: return String(repeating: "#", count: 1 + random.next(6)) + " Head \(random.next(9))"
                case 2: return "```"
                case 3: return String(repeating: "long wörd ", count: random.next(600))
                default: return String(repeating: "word\(random.next(99)) ", count: random.next(30))
                }
            }
            let passages = cut(lines.joined(separator: "\n"), round % 2 == 0 ? "a.md" : "a.c")
            var seen: [Int: String] = [:]
            var last = 0
            for passage in passages {
                #expect(passage.text.utf8.count <= PassageCutter.longest, "round \(round)")
                #expect(passage.firstLine >= max(1, last) && passage.lastLine >= passage.firstLine, "round \(round)")
                let texts = passage.text.split(separator: "\n", omittingEmptySubsequences: false)
                #expect(texts.count == passage.lastLine - passage.firstLine + 1 || texts.count >= 1)
                var number = passage.firstLine
                if texts.count == passage.lastLine - passage.firstLine + 1 {
                    for text in texts {
                        seen[number, default: ""] += text
                        number += 1
                    }
                } else {
                    for number in passage.firstLine...passage.lastLine { seen[number] = lines[number - 1] }
                }
                last = passage.lastLine
            }
            for (index, line) in lines.enumerated() where line.contains(where: { $0.isLetter || $0.isNumber }) {
                #expect(seen[index + 1] == line, "round \(round), line \(index + 1)")
            }
        }
    }

    @Test func `words of a question are bare, each once, and small ones count only alone`() {
        let questions: [(String, [String])] = [
            ("How are retries limited?", ["retries", "limited"]), ("what is it", ["what", "is", "it"]),
            ("\"a\" AND NEAR(b, 3) * ^c {x}: -y", ["near", "b", "3", "c", "x", "y"]), ("", []), ("*-\"'()^:{}", []),
            ("Größe größe GRÖSSE", ["größe", "grösse"]), ("x\0y", ["x", "y"]), ("日本語 text", ["日本語", "text"]),
        ]
        for (question, words) in questions { #expect(SearchWords.of(question) == words, "\(question)") }
        let many = (0..<100).map { "w\($0)" }.joined(separator: " ")
        #expect(SearchWords.of(many).count == SearchWords.limit)
        #expect(SearchWords.of(String(repeating: "x", count: 999)).first?.count == 64)
    }
}

/// Numbers that look random and are the same every time.
struct Numbers {
    var state: UInt64

    mutating func next(_ bound: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int((state >> 33) % UInt64(max(1, bound)))
    }
}
