// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Testing

@testable import Commands

@Suite struct CELConformanceTests {
    private func answer(_ line: String) throws -> String {
        guard case .object(let object) = try JSONValue(parsing: line) else { return "" }
        return String(decoding: JSONValue.object(CELConformance.answer(object)).canonicalBytes(), as: UTF8.self)
    }

    @Test func `values keep their types both ways`() throws {
        let values = [
            #"{"t":"int","v":"-9223372036854775808"}"#, #"{"t":"uint","v":"18446744073709551615"}"#,
            #"{"t":"double","v":"1.5"}"#,
            #"{"t":"double","v":"NaN"}"#, #"{"t":"double","v":"-Infinity"}"#, #"{"t":"bool","v":true}"#,
            #"{"t":"string","v":"ü"}"#,
            #"{"t":"bytes","v":"/wA="}"#, #"{"t":"null","v":null}"#, #"{"t":"timestamp","v":"2024-02-29T00:00:00.5Z"}"#,
            #"{"t":"duration","v":"-1.5s"}"#, #"{"t":"type","v":"google.protobuf.Timestamp"}"#,
            #"{"t":"net.IP","v":"::1"}"#,
            #"{"t":"list","v":[{"t":"int","v":"1"},{"t":"list","v":[]}]}"#, #"{"t":"optional","v":null}"#,
            #"{"t":"map","v":[[{"t":"uint","v":"1"},{"t":"string","v":"a"}],[{"t":"bool","v":true},{"t":"null","v":null}]]}"#,
            #"{"t":"optional","v":{"t":"int","v":"2"}}"#,
        ]
        for value in values {
            let got = try answer(#"{"id": 1, "expr": "x", "bindings": {"x": \#(value)}}"#)
            #expect(got == #"{"id":1,"value":\#(value)}"#)
        }
    }

    @Test func `results and failures are answers`() throws {
        let table: [(String, String)] = [
            (#"{"id": "a", "expr": "1 + 1"}"#, #"{"id":"a","value":{"t":"int","v":"2"}}"#),
            (#"{"id": "a", "expr": "1 +"}"#, #""error":"expected a value"#),
            (#"{"expr": "1 / 0"}"#, #""error":"division by zero""#),
            (#"{"id": 2}"#, "no `expr`"),
            (#"{"expr": "x", "bindings": {"x": {"t": "int", "v": "a"}}}"#, "wrong value of the type `int`"),
            (#"{"expr": "x", "bindings": {"x": 1}}"#, "typed value"),
            (#"{"expr": "f(1) || true"}"#, #""value":{"t":"bool","v":true}"#),
            (#"{"expr": "cel.bind(a, lists.range(1000), a.map(x, a)).map(x, [x, x])"}"#, "larger than 16 MiB"),
            (#"{"expr": "f(1)"}"#, "no function `f`"),
            (#"{"expr": "true || 1 > 'a'", "check": true}"#, "`>` does not work"),
            (#"{"expr": "true || 1 > 'a'"}"#, #""v":true"#),
            (#"{"expr": "y || true", "check": true}"#, "no variable `y`"),
            (#"{"expr": "x.y", "bindings": {"x.y": {"t": "int", "v": "3"}}, "check": true}"#, #""v":"3""#),
            (
                #"{"expr": "a.b.c", "bindings": {"a.b.c": {"t": "int", "v": "1"}, "a.b": {"t": "map", "v": []}}}"#,
                #""v":"1""#
            ),
            (#"{"expr": "cel.block([1, cel.index(0) + 1], cel.index(1))"}"#, #""v":"2""#),
            (
                #"{"expr": "cel.block([[1, 2]], cel.index(0).map(cel.iterVar(0, 0), cel.iterVar(0, 0) * 2)[1])"}"#,
                #""v":"4""#
            ),
            (
                #"{"expr": "\#(String(repeating: "[", count: 64))\#(String(repeating: "]", count: 64))[0] == []"}"#,
                #""v":false"#
            ),
        ]
        for (line, expected) in table {
            let got = try answer(line)
            #expect(got.contains(expected), "\(line): \(got)")
        }
    }
}
