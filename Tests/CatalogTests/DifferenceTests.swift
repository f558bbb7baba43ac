// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Testing

@testable import Catalog

@Suite struct DifferenceTests {
    @Test func `parts are named and their fields shown`() throws {
        let old = try JSONValue(
            parsing: """
                {"workflow": "a", "deadline": "1h", "limits": {"max_parallel": 2, "max_nodes": 9},
                 "nodes": [{"id": "a", "type": "x", "config": {"url": "u", "list": [1, 2]}}, {"id": "b", "type": "y"}, {"id": "c"}],
                 "edges": [{"from": "a", "to": "b"}, {"from": "a", "to": "b", "when": "1"}, {"from": "b", "to": "c"}]}
                """
        )
        let new = try JSONValue(
            parsing: """
                {"workflow": "a", "limits": {"max_parallel": 3, "max_nodes": 9}, "outputs": {"o": 1},
                 "nodes": [{"id": "c"}, {"id": "a", "type": "x", "config": {"url": "v", "list": [1, 3], "more": null}}, {"id": "d"}],
                 "edges": [{"from": "a", "to": "b"}, {"from": "a", "to": "b", "when": "2"}, {"from": "a", "to": "d"}]}
                """
        )
        let lines = StructuralDifference(from: old, to: new).json.map(\.text)
        #expect(
            lines == [
                #"{"section":"document","id":"deadline","change":"removed","value":"1h"}"#,
                #"{"section":"document","id":"limits","change":"changed","fields":[{"path":"/max_parallel","old":2,"new":3}]}"#,
                #"{"section":"document","id":"outputs","change":"added","value":{"o":1}}"#,
                #"{"section":"nodes","id":"b","change":"removed","value":{"id":"b","type":"y"}}"#,
                #"{"section":"nodes","id":"a","change":"changed","fields":[{"path":"/config/url","old":"u","new":"v"},{"path":"/config/list/1","old":2,"new":3},{"path":"/config/more","new":null}]}"#,
                #"{"section":"nodes","id":"d","change":"added","value":{"id":"d"}}"#,
                #"{"section":"nodes","id":"c","change":"moved","from":1,"to":0}"#,
                #"{"section":"nodes","id":"a","change":"moved","from":0,"to":1}"#,
                #"{"section":"edges","id":"b -> c","change":"removed","value":{"from":"b","to":"c"}}"#,
                #"{"section":"edges","id":"a -> b (2)","change":"changed","fields":[{"path":"/when","old":"1","new":"2"}]}"#,
                #"{"section":"edges","id":"a -> d","change":"added","value":{"from":"a","to":"d"}}"#,
            ]
        )
        #expect(StructuralDifference(from: old, to: old).parts.isEmpty)
    }

    @Test func `lists without names are compared as values`() throws {
        let old: JSONValue = ["nodes": [["id": "a"], ["id": "a"]], "edges": ["x"], "x-l": [1, 2]]
        let new: JSONValue = ["nodes": [["id": "a"]], "edges": [], "x-l": [1, 2, 3]]
        let parts = StructuralDifference(from: old, to: new).parts
        #expect(parts.map(\.section) == ["document", "document", "document"])
        #expect(StructuralDifference(from: [:], to: new).parts.map(\.section) == ["document", "nodes"])
    }

    @Test func `texts are compared as diff -u does`() {
        let old = (1...20).map { "line \($0)" }.joined(separator: "\n") + "\n"
        let new =
            old.split(separator: "\n").map { $0 == "line 4" ? "line four" : String($0) }
            .filter { $0 != "line 15" }.joined(separator: "\n") + "\nline 21\n"
        #expect(
            TextDifference.unified(old, new, oldName: "a@1", newName: "a@2") == """
                --- a@1
                +++ a@2
                @@ -1,7 +1,7 @@
                 line 1
                 line 2
                 line 3
                -line 4
                +line four
                 line 5
                 line 6
                 line 7
                @@ -12,9 +12,9 @@
                 line 12
                 line 13
                 line 14
                -line 15
                 line 16
                 line 17
                 line 18
                 line 19
                 line 20
                +line 21

                """
        )
        #expect(TextDifference.unified(old, old, oldName: "", newName: "") == "")
        #expect(TextDifference.unified("", "a\n", oldName: "x", newName: "y") == "--- x\n+++ y\n@@ -0,0 +1 @@\n+a\n")
        #expect(TextDifference.unified("a\n", "", oldName: "x", newName: "y") == "--- x\n+++ y\n@@ -1 +0,0 @@\n-a\n")
    }

    @Test func `edits lead from one text to the other with as few lines as possible`() {
        var random = SplitMix(state: 7)
        for round in 0..<2000 {
            let letters = ["a", "b", "c", "d"].prefix(1 + round % 4)
            func lines() -> [Substring] {
                (0..<Int.random(in: 0...12, using: &random)).compactMap { _ in
                    letters.randomElement(using: &random).map { Substring($0) }
                }
            }
            let (old, new) = (lines(), lines())
            let steps = LineEdits(old, new).steps
            var (left, right, kept): ([Int], [Int], Int) = ([], [], 0)
            for step in steps {
                switch step {
                case .keep(let from, let to):
                    #expect(old[from] == new[to], "\(old) \(new)")
                    left.append(from)
                    right.append(to)
                    kept += 1
                case .remove(let from): left.append(from)
                case .insert(let to): right.append(to)
                }
            }
            guard left == Array(old.indices), right == Array(new.indices), kept == common(old, new) else {
                Issue.record("round \(round): \(old) to \(new) gave \(steps)")
                return
            }
        }
    }

    @Test func `texts that have nothing in common cost no more than a moment`() {
        let old = (0..<20_000).map { Substring("old \($0)") }
        let new = (0..<20_000).map { Substring("new \($0)") }
        #expect(LineEdits(old, new).steps.count == 40_000)
    }

    /// The length of the longest common subsequence.
    private func common(_ old: [Substring], _ new: [Substring]) -> Int {
        var row = [Int](repeating: 0, count: new.count + 1)
        for line in old {
            var next = [0]
            for (index, other) in new.enumerated() {
                next.append(line == other ? row[index] + 1 : max(next[index], row[index + 1]))
            }
            row = next
        }
        return row[new.count]
    }
}
