// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON
import Testing

@Suite struct PlanAnswerTests {
    @Test
    func `fences, sentences and commas around the JSON are tolerated`() throws {
        let plan: JSONValue = ["tasks": [["key": "a", "title": "x, ] } \" ```"]]]
        let text = plan.text
        let cases = [
            text, "  \n\(text)\n", "```json\n\(text)\n```",
            "Here is the plan:\n```\n\(text)\n```\nI hope it helps {really}.",
            text.replacing("\"}]", with: "\",}, ]").replacing("]}", with: "] ,\n}"),
            "It's for [R1] and {x}: \(text) \"bye",
            "Given {a: and [b\n```json\n\(text)\n```",
            "{} {\"other\": \"\(String(repeating: "long", count: 50))\"} \(text)",
        ]
        for answer in cases { #expect(try PlanAnswer.json(from: answer) == plan, "\(answer)") }
        #expect(try PlanAnswer.json(from: "so: [1, [2,],]") == [1, [2]])
        #expect(try PlanAnswer.json(from: "{\"a\": 1} and {\"b\": [1, 2, 3]}") == ["b": [1, 2, 3]])
    }

    @Test
    func `an answer without JSON is E613 with its place`() {
        let cases = [
            ("", 1, 1), ("I cannot do that.", 1, 1), ("{\"tasks\": [", 1, 1), ("{'tasks': []}", 1, 2),
            ("ok\n```json\n{\"tasks\": [1 2]}\n```", 3, 14), ("{\"a\": 1e999}", 1, 7),
        ]
        for (answer, line, column) in cases {
            do {
                Issue.record("\(answer) was read as \(try PlanAnswer.json(from: answer))")
            } catch {
                #expect(error.diagnostic.code == .unreadablePlan, "\(answer)")
                #expect((error.diagnostic.line, error.diagnostic.column) == (line, column), "\(answer): \(error)")
            }
        }
    }

    @Test
    func `hostile answers take time in proportion to their length`() {
        let clock = ContinuousClock()
        // The fastest of some, which the neighbours on the machine disturb least.
        let seconds = { (text: String) in
            (0..<4).map { _ in clock.measure { _ = try? PlanAnswer.json(from: text) } }.min() ?? .zero
        }
        let shapes = ["{", "[{", "{}", "```{", "{\"", "[,", "\\\"{", "}{", "{\"a\":"]
        for shape in shapes {
            let short = String(repeating: shape, count: 60_000 / shape.utf8.count)
            let long = String(repeating: shape, count: 600_000 / shape.utf8.count)
            #expect(seconds(long) < seconds(short) * 40 + .milliseconds(300), "\(shape)")
        }
    }

    @Test
    func `mutated answers are read or refused`() {
        var random = SplitMix(state: 44)
        let answer = Array("Plan:\n```json\n{\"tasks\": [{\"key\": \"a\", \"n\": [1, 2.5, null,],},],}\n```\n".utf8)
        var read = 0
        for _ in 0..<2000 {
            var text = answer
            for _ in 0...Int(random.next() % 3) {
                text[Int(random.next() % UInt64(text.count))] = UInt8(truncatingIfNeeded: random.next())
            }
            if (try? PlanAnswer.json(from: String(decoding: text, as: UTF8.self))) != nil { read += 1 }
        }
        #expect(read > 100 && read < 2000)
    }
}
