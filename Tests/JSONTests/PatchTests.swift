// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Testing

@Suite struct PatchTests {
    @Test func `patches change values as RFC 6902 says`() throws {
        // Document, patch, result; no result when the patch does not fit.
        let table: [(String, String, String?)] = [
            (#"{}"#, #"[]"#, #"{}"#), (#"{"a":1}"#, #"[{"op":"add","path":"/b","value":null}]"#, #"{"a":1,"b":null}"#),
            (#"{"a":[1,2]}"#, #"[{"op":"add","path":"/a/1","value":9}]"#, #"{"a":[1,9,2]}"#),
            (#"[1]"#, #"[{"op":"add","path":"/-","value":2},{"op":"add","path":"/2","value":3}]"#, "[1,2,3]"),
            (#"{}"#, #"[{"op":"add","path":"/-","value":1}]"#, #"{"-":1}"#),
            (#"{}"#, #"[{"op":"add","path":"/","value":1},{"op":"add","path":"/01","value":1}]"#, #"{"":1,"01":1}"#),
            (#"[1]"#, #"[{"op":"add","path":"/2","value":1}]"#, nil),
            (#"[1]"#, #"[{"op":"add","path":"/00","value":1}]"#, nil),
            (#"[1]"#, #"[{"op":"add","path":"/1e0","value":1}]"#, nil),
            (#"[1]"#, #"[{"op":"add","path":"/99999999999999999999","value":1}]"#, nil),
            (#"[1]"#, #"[{"op":"replace","path":"/-","value":1}]"#, nil),
            (#"{"a":1}"#, #"[{"op":"add","path":"/a/b","value":1}]"#, nil),
            (#"{}"#, #"[{"op":"add","path":"/a/b","value":1}]"#, nil),
            (#"{"a":1}"#, #"[{"op":"add","path":"","value":[1]},{"op":"remove","path":"/0"}]"#, "[]"),
            (#"{"a":1,"b":2}"#, #"[{"op":"remove","path":"/a","value":"ignored"}]"#, #"{"b":2}"#),
            (#"{"a":1}"#, #"[{"op":"remove","path":"/b"}]"#, nil), (#"{}"#, #"[{"op":"remove","path":""}]"#, nil),
            (#"{"a":{"b":1}}"#, #"[{"op":"replace","path":"/a/b","value":[]}]"#, #"{"a":{"b":[]}}"#),
            (#"{"a":1}"#, #"[{"op":"replace","path":"","value":2}]"#, "2"),
            (#"{}"#, #"[{"op":"replace","path":"/a","value":2}]"#, nil),
            (#"{"a":[1,2,3]}"#, #"[{"op":"move","from":"/a/0","path":"/a/2"}]"#, #"{"a":[2,3,1]}"#),
            (#"{"a":{"b":1}}"#, #"[{"op":"move","from":"/a/b","path":"/a"}]"#, #"{"a":1}"#),
            (#"{"a":{"b":1}}"#, #"[{"op":"move","from":"/a","path":"/a/b"}]"#, nil),
            (#"{"a":1,"ab":{}}"#, #"[{"op":"move","from":"/a","path":"/ab/c"}]"#, #"{"ab":{"c":1}}"#),
            (#"{"a":1}"#, #"[{"op":"move","from":"/a","path":"/a"}]"#, #"{"a":1}"#),
            (#"{}"#, #"[{"op":"move","from":"/a","path":"/a"}]"#, nil),
            (#"{"a":1}"#, #"[{"op":"move","from":"/a","path":""}]"#, "1"),
            (#"{"a":[1]}"#, #"[{"op":"copy","from":"/a","path":"/a/-"}]"#, #"{"a":[1,[1]]}"#),
            (#"{"a":1}"#, #"[{"op":"copy","from":"","path":"/b"}]"#, #"{"a":1,"b":{"a":1}}"#),
            (
                #"{"a/b":1,"m~n":2,"~1":3}"#,
                #"[{"op":"test","path":"/a~1b","value":1},{"op":"test","path":"/m~0n","value":2},{"op":"test","path":"/~01","value":3.0}]"#,
                #"{"a/b":1,"m~n":2,"~1":3}"#
            ),
            (
                #"{"a":{"x":1,"y":[]}}"#, #"[{"op":"test","path":"/a","value":{"y":[],"x":1}}]"#,
                #"{"a":{"x":1,"y":[]}}"#
            ),
            (#"{"a":"10"}"#, #"[{"op":"test","path":"/a","value":10}]"#, nil),
            (#"{"a":null}"#, #"[{"op":"test","path":"/b","value":null}]"#, nil),
            (#"{"a":null}"#, #"[{"op":"test","path":"","value":{"a":null}}]"#, #"{"a":null}"#),
        ]
        for (document, patch, result) in table {
            let value = try JSONValue(parsing: document)
            let read = try JSONPatch(JSONValue(parsing: patch))
            let changed = try? read.apply(to: value)
            #expect(changed == (try result.map { try JSONValue(parsing: $0) }), "\(document) \(patch)")
            #expect(try JSONPatch(read.json) == read)
        }
    }

    @Test func `what is no patch is refused with a code and a place`() throws {
        let table: [(String, JSONPatch.Rules, JSONPatchError.Code, Int?)] = [
            (#"{}"#, .rfc6902, .malformed, nil), (#"[1]"#, .rfc6902, .malformed, 0),
            (#"[{"path":"/a"}]"#, .rfc6902, .malformed, 0), (#"[{"op":"spam","path":"/a"}]"#, .rfc6902, .malformed, 0),
            (#"[{"op":1,"path":"/a"}]"#, .rfc6902, .malformed, 0), (#"[{"op":"remove"}]"#, .rfc6902, .malformed, 0),
            (#"[{"op":"remove","path":null}]"#, .rfc6902, .malformed, 0),
            (#"[{"op":"remove","path":"a"}]"#, .rfc6902, .malformed, 0),
            (#"[{"op":"remove","path":"/~2"}]"#, .rfc6902, .malformed, 0),
            (#"[{"op":"remove","path":"/a~"}]"#, .rfc6902, .malformed, 0),
            (#"[{"op":"remove","path":"/a"},{"op":"copy","path":"/a"}]"#, .rfc6902, .malformed, 1),
            (#"[{"op":"add","path":"/a"}]"#, .rfc6902, .valueMissing, 0),
            (#"[{"op":"test","path":"/a"}]"#, .rfc6902, .valueMissing, 0),
            (#"[{"op":"move","from":"/a","path":"/b"}]"#, .definition, .operationNotAllowed, 0),
            (#"[{"op":"copy","from":"/a","path":"/b"}]"#, .definition, .operationNotAllowed, 0),
        ]
        for (patch, rules, code, operation) in table {
            let value = try JSONValue(parsing: patch)
            let error = #expect(throws: JSONPatchError.self, "\(patch)") { try JSONPatch(value, rules: rules) }
            #expect(error?.code == code && error?.operation == operation, "\(patch): \(String(describing: error))")
        }
        let many = JSONValue.array(.init(repeating: ["op": "remove", "path": "/a"], count: 101))
        #expect(throws: JSONPatchError.self) { try JSONPatch(many, rules: .definition) }
        let long: JSONValue = [["op": "add", "path": "/a", "value": .string(.init(repeating: "x", count: 262_144))]]
        #expect(throws: JSONPatchError.self) { try JSONPatch(long, rules: .definition) }
        let error = #expect(throws: JSONPatchError.self) {
            try JSONPatch([["op": "copy", "from": "/x/y", "path": "/b"]]).apply(to: ["x": [1]])
        }
        #expect(error?.description == #"operation 0 ("/x/y"): "y" is no position in an array"#)
    }

    @Test func `elements of workflows are addressed by their id`() throws {
        let value: JSONValue = ["nodes": [["id": "a", "n": 1], ["id": "b"]], "@x": 1]
        let patch = try JSONPatch(
            [
                ["op": "test", "path": "/nodes/@a/n", "value": 1],
                ["op": "replace", "path": "/nodes/@a/n", "value": 2], ["op": "remove", "path": "/nodes/@b"],
                ["op": "add", "path": "/nodes/-", "value": ["id": "c"]], ["op": "remove", "path": "/@x"],
            ],
            rules: .definition
        )
        #expect(try patch.apply(to: value) == ["nodes": [["id": "a", "n": 2], ["id": "c"]]])
        let missing = try JSONPatch([["op": "remove", "path": "/nodes/@z"]], rules: .definition)
        #expect(throws: JSONPatchError.self) { try missing.apply(to: value) }
        #expect(throws: JSONPatchError.self) {
            try JSONPatch([["op": "remove", "path": "/nodes/@a"]]).apply(to: value)
        }
    }

    @Test(.timeLimit(.minutes(5))) func `patches that blow a value up are stopped and large ones are not slow`() throws
    {
        let doubling = JSONValue.array(.init(repeating: ["op": "copy", "from": "/a", "path": "/a/-"], count: 200))
        let error = #expect(throws: JSONPatchError.self) { try JSONPatch(doubling).apply(to: ["a": [1]]) }
        #expect(error?.code == .tooLarge)
        let nesting = JSONValue.array(.init(repeating: ["op": "copy", "from": "", "path": "/a"], count: 2_000))
        #expect(throws: JSONPatchError.self) { try JSONPatch(nesting).apply(to: ["a": 1]) }
        // Each pair hangs the whole value one level deeper without copying anything.
        let pair: [JSONValue] = [
            ["op": "add", "path": "/b", "value": [:]], ["op": "move", "from": "/a", "path": "/b/a"],
            ["op": "move", "from": "/b", "path": "/a"],
        ]
        let sinking = JSONValue.array((0..<2_000).flatMap { _ in pair })
        #expect(throws: JSONPatchError.self) { try JSONPatch(sinking).apply(to: ["a": 1]) }
        // Up and down again never gets deep.
        let swinging: [JSONValue] = [
            ["op": "move", "from": "/a", "path": "/b/a"], ["op": "move", "from": "/b/a", "path": "/a"],
        ]
        let long = JSONValue.array((0..<2_000).flatMap { _ in swinging })
        #expect(try JSONPatch(long).apply(to: ["a": 1, "b": [:]]) == ["a": 1, "b": [:]])

        let object = JSONObject(members: (0..<20_000).map { .init(key: "k\($0)", value: .int(Int64($0))) })
        let document: JSONValue = ["o": .object(object), "l": .array((0..<20_000).map { .int($0) })]
        var operations: [JSONValue] = []
        for number in 0..<1_250 {
            operations += [
                ["op": "remove", "path": "/o/k\(number * 7)"], ["op": "add", "path": "/o/n\(number)", "value": 1],
                ["op": "replace", "path": "/l/\(number)", "value": -1], ["op": "add", "path": "/l/0", "value": 0],
            ]
        }
        let changed = try JSONPatch(.array(operations)).apply(to: document)
        #expect(changed["o"]?.objectValue?.count == 20_000 && changed["o"]?["k7"] == nil && changed["o"]?["k8"] == 8)
        #expect(changed["o"]?["n1249"] == 1 && changed["l"]?.arrayValue?.count == 21_250)
    }

    @Test func `a difference applied to the old value gives the new one`() throws {
        var generator = SeededGenerator(state: 11)
        for round in 0..<2_000 {
            let old = generator.document(depth: 3)
            let new = round % 4 == 0 ? generator.document(depth: 3) : generator.mutation(of: old)
            let patch = JSONPatch.difference(from: old, to: new)
            let result = try patch.apply(to: old)
            if result != new { Issue.record("\(old) to \(new) by \(patch.json) gives \(result)") }
            if old == new { #expect(patch.operations.isEmpty) }
            guard let merge = JSONMergePatch.difference(from: old, to: new) else { continue }
            let merged = JSONMergePatch.apply(merge, to: old)
            if merged != new { Issue.record("\(old) to \(new) by merging \(merge) gives \(merged)") }
        }
    }

    @Test func `differences are small and keep to elements with the same id`() throws {
        let old: JSONValue = [
            "nodes": [["id": "a", "x": 1], ["id": "b", "y": [1, 2, 3]], ["id": "c"]], "t": "long text",
        ]
        let new: JSONValue = [
            "nodes": [["id": "c"], ["id": "a", "x": 1], ["id": "b", "y": [1, 3]]], "t": "long text",
        ]
        #expect(
            JSONPatch.difference(from: old, to: new).json == [
                ["op": "remove", "path": "/nodes/2"], ["op": "add", "path": "/nodes/0", "value": ["id": "c"]],
                ["op": "remove", "path": "/nodes/2/y/1"],
            ]
        )
        #expect(
            JSONPatch.difference(from: [1, 2, 3], to: ["a", "b", "c"]).json == [
                ["op": "replace", "path": "", "value": ["a", "b", "c"]]
            ]
        )
        let list = JSONValue.array((0..<500).map { .int($0) })
        let longer = try JSONPatch([["op": "add", "path": "/250", "value": "x"]]).apply(to: list)
        #expect(JSONPatch.difference(from: list, to: longer).operations.count == 1)
    }

    @Test func `merge patches follow the table of RFC 7396`() {
        let table: [(JSONValue, JSONValue, JSONValue)] = [
            (["a": "b"], ["a": "c"], ["a": "c"]), (["a": "b"], ["b": "c"], ["a": "b", "b": "c"]),
            (["a": "b"], ["a": nil], [:]), (["a": "b", "b": "c"], ["a": nil], ["b": "c"]),
            (["a": ["b"]], ["a": "c"], ["a": "c"]), (["a": "c"], ["a": ["b"]], ["a": ["b"]]),
            (["a": ["b": "c"]], ["a": ["b": "d", "c": nil]], ["a": ["b": "d"]]),
            (["a": [["b": "c"]]], ["a": [1]], ["a": [1]]), (["a", "b"], ["c", "d"], ["c", "d"]),
            (["a": "b"], ["c"], ["c"]), (["a": "foo"], nil, nil), (["a": "foo"], "bar", "bar"),
            (["e": nil], ["a": 1], ["e": nil, "a": 1]), ([1, 2], ["a": "b", "c": nil], ["a": "b"]),
            ([:], ["a": ["bb": ["ccc": nil]]], ["a": ["bb": [:]]]),
        ]
        for (value, patch, result) in table {
            #expect(JSONMergePatch.apply(patch, to: value) == result, "\(value) \(patch)")
        }
        #expect(JSONMergePatch.difference(from: ["a": 1], to: ["a": nil]) == nil)
        #expect(JSONMergePatch.difference(from: ["a": nil, "b": 1], to: ["a": nil]) == ["b": nil])
    }
}

extension SeededGenerator {
    /// A value like a document: few names, many equal parts, arrays of objects with ids.
    fileprivate mutating func document(depth: Int) -> JSONValue {
        switch next() % (depth > 0 ? 8 : 4) {
        case 0: .int(Int64(next() % 3))
        case 1: .string(["a", "b", "é", "a/b~"][Int(next() % 4)])
        case 2: .null
        case 3: .bool(true)
        case 4, 5: .array((0..<(next() % 6)).map { _ in document(depth: depth - 1) })
        case 6: .array(idElements(depth: depth))
        default: .object(members(depth: depth))
        }
    }

    private mutating func idElements(depth: Int) -> [JSONValue] {
        let ids = (0..<6).shuffled(using: &self).prefix(Int(next() % 6))
        return ids.map { id in
            var object = members(depth: depth)
            object["id"] = .string("n\(id)")
            return .object(object)
        }
    }

    private mutating func members(depth: Int) -> JSONObject {
        var object = JSONObject()
        for _ in 0..<(next() % 5) { object[["a", "b", "c/d", "e~", ""][Int(next() % 5)]] = document(depth: depth - 1) }
        return object
    }

    fileprivate mutating func mutation(of value: JSONValue) -> JSONValue {
        if next() % 6 == 0 { return document(depth: 2) }
        switch value {
        case .array(var array):
            for index in array.indices where next() % 3 == 0 { array[index] = mutation(of: array[index]) }
            if next() % 3 == 0 { array.shuffle(using: &self) }
            if next() % 3 == 0, !array.isEmpty { array.remove(at: Int(next() % UInt64(array.count))) }
            if next() % 3 == 0 { array.insert(document(depth: 1), at: Int(next() % UInt64(array.count + 1))) }
            return .array(array)
        case .object(var object):
            for member in object where next() % 3 == 0 { object[member.key] = mutation(of: member.value) }
            if next() % 3 == 0, let name = object.keys.first { object[name] = nil }
            if next() % 3 == 0 { object["new"] = document(depth: 1) }
            return .object(object)
        default: return value
        }
    }
}
