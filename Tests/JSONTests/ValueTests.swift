// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Testing

@Suite struct ValueTests {
    @Test func `equality is by value and hashes agree`() {
        let equal: [(JSONValue, JSONValue)] = [
            (1, 1.0), (0, .double(-0.0)), (["a": 1, "b": [2]], ["b": [2.0], "a": 1.0]), (.int(.min), .double(-0x1p63)),
            ([], []),
        ]
        for (left, right) in equal {
            #expect(left == right && left.hashValue == right.hashValue, "\(left) \(right)")
        }
        let different: [(JSONValue, JSONValue)] = [
            (0, false), (0, nil), ("1", 1), (.int(.max), .double(0x1p63)),
            (9_007_199_254_740_993, 9_007_199_254_740_992.0),
            ([1, 2], [2, 1]), (["a": 1], ["a": 2]), (["a": 1], ["a": 1, "b": 1]), ("é", "e\u{301}"), ([], [:]),
            ([nil], []),
            (["é": 1], ["e\u{301}": 1]), (["a": nil], [:]),
        ]
        for (left, right) in different { #expect(left != right && right != left, "\(left) \(right)") }
    }

    @Test func `accessors answer only for their kind`() {
        #expect(
            JSONValue.double(3).intValue == 3 && JSONValue.double(3.5).intValue == nil
                && JSONValue.int(3).doubleValue == 3
        )
        #expect(JSONValue.string("3").intValue == nil && JSONValue.bool(true).intValue == nil && JSONValue.null.isNull)
        let value: JSONValue = ["a": [1, "x"], "b": nil]
        #expect(value["a"]?[1]?.stringValue == "x" && value["a"]?[2] == nil && value["a"]?[-1] == nil)
        #expect(value["b"] == .some(.null) && value["c"] == nil && value[0] == nil && value["a"]?["a"] == nil)
    }

    @Test func `an object behaves the same at every size`() {
        for size in [0, 1, 15, 16, 17, 18, 33, 200] {
            var object = JSONObject()
            for number in 0..<size { object["k\(number)"] = .int(Int64(number)) }
            object["k0"] = "first"
            object["new"] = 1
            object["new"] = nil
            object["absent"] = nil
            if size > 5 { object["k5"] = nil }
            let kept = (0..<size).filter { size <= 5 || $0 != 5 }.map { "k\($0)" }
            #expect(object.keys == (size == 0 ? ["k0"] : kept), "\(size)")
            let found = object.allSatisfy { object[$0.key] == $0.value }
            #expect(found && object["k5x"] == nil && object["k0"] == "first", "\(size)")
            let backward = JSONObject(members: object.members.reversed())
            #expect(object == backward && object.hashValue == backward.hashValue, "\(size)")
        }
    }

    @Test func `of a name given twice the last value counts at the first place`() {
        let object: JSONObject = ["a": 1, "b": 2, "a": 3]
        #expect(object.keys == ["a", "b"] && object["a"] == 3)
    }

    @Test func `pointers find the values of RFC 6901 section 5`() throws {
        let document = try JSONValue(
            parsing: #"""
                {"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\j":5,"k\"l":6," ":7,"m~n":8}
                """#
        )
        let table: [(String, JSONValue?)] = [
            ("", document), ("/foo", ["bar", "baz"]), ("/foo/0", "bar"), ("/", 0), ("/a~1b", 1), ("/c%d", 2),
            ("/e^f", 3),
            ("/g|h", 4), ("/i\\j", 5), ("/k\"l", 6), ("/ ", 7), ("/m~0n", 8), ("/foo/2", nil), ("/foo/-", nil),
            ("/foo/01", nil), ("/foo/+1", nil), ("/foo/-1", nil), ("/nope", nil), ("/foo/0/x", nil), ("/foo/", nil),
        ]
        for (text, value) in table {
            let pointer = try JSONPointer(text)
            #expect(document[pointer] == value && pointer.description == text, "\(text)")
        }
        for text in ["foo", "/~", "/~2", "/a~", "/~~0", "#/foo"] { #expect((try? JSONPointer(text)) == nil, "\(text)") }
        #expect(JSONPointer.root.appending("a/~").appending(3).description == "/a~1~0/3")
        #expect(try JSONPointer("/~01").tokens == ["~1"])
    }

    @Test func `members of a large object are found after many are removed and added`() {
        var generator = SeededGenerator(state: 5)
        var object = JSONObject()
        var expected: [(String, Int64)] = []
        for round in 0..<6_000 {
            if expected.count > 40, generator.next() % 3 > 0 || expected.count > 700 {
                let place = Int(generator.next() % UInt64(expected.count))
                object[expected.remove(at: place).0] = nil
            } else {
                expected.append(("k\(round)", Int64(round)))
                object["k\(round)"] = .int(Int64(round))
            }
            if round < 1_000 {
                for extra in 0..<2 { expected.append(("x\(round)-\(extra)", 0)); object["x\(round)-\(extra)"] = 0 }
            }
            guard round % 100 == 0 else { continue }
            #expect(object.keys == expected.map(\.0))
            let isFound = expected.allSatisfy { object[$0.0] == .int($0.1) }
            #expect(isFound && object["none"] == nil && object["k\(round + 1)"] == nil)
        }
    }
}
