// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import JSON
import Testing

@Suite struct TemplateTests {
    @Test func `expressions in strings are replaced`() throws {
        let table: [(String, String)] = [
            (#""plain""#, #""plain""#), (#""""#, #""""#), ("7", "7"), (#""${n}""#, "3"), (#""${ n + 1 }""#, "4"),
            (#""${s}""#, #""grüße""#), (#""${nothing}""#, "null"), (#""${xs}""#, "[1,2,3]"),
            (#""${o.a}""#, #"{"b":{"c":7}}"#),
            (#""n=${n}!""#, #""n=3!""#), (#"" ${n}""#, #"" 3""#), (#""${n}${n}""#, #""33""#),
            (#""${s} ${t} ${d} ${xs} ${o.a} ${[1.0, 'x']}""#, #""grüße true 2.5 [1,2,3] {\"b\":{\"c\":7}} [1,\"x\"]""#),
            (#""${now} ${duration('90s')} ${b'abc'} ${7u}""#, #""2026-01-02T03:04:05.678Z 90s YWJj 7""#),
            (#""${now}""#, #""2026-01-02T03:04:05.678Z""#),
            (#""$${n}""#, #""${n}""#), (#""a$${b}${n}""#, #""a${b}3""#), (#""$$${n}""#, #""$${n}""#),
            (#""$ $5 {n} $n}""#, #""$ $5 {n} $n}""#), (#""$""#, #""$""#), (#""x$$""#, #""x$$""#),
            (#""${ {\"a\": \"}\"}[\"a\"] }""#, #""}""#), (#""${ {'a': {'b': 1}}.a }""#, #"{"b":1}"#),
            (#""${'}' + \"}\"}""#, #""}}""#), (#""${'''}'}'''}""#, #""}'}""#), (#""${r'\\'}}""#, #""\\}""#),
            (#""${'\\'}'}""#, #""'}""#),
            (#""${br'\\' == b'\\x5c'}""#, "true"), (#""${1 // }\n}""#, "1"), (#""${s.contains('${')}""#, "false"),
            (#""${'$${'}""#, #""$${""#),
            (
                #"{"a": ["${n}", {"b": "x${t}"}], "${n}": 1, "c": "$${q}"}"#,
                #"{"a": [3, {"b": "xtrue"}], "${n}": 1, "c": "${q}"}"#
            ),
            (#"["a", {"b": "$${"}]"#, #"["a", {"b": "${"}]"#), (#""${[now]}""#, #"["2026-01-02T03:04:05.678Z"]"#),
        ]
        let scope = try TestScope()
        for (source, expected) in table {
            let template = try ValueTemplate(try JSONValue(parsing: source))
            #expect(try template.evaluate(in: scope) == JSONValue(parsing: expected), "\(source)")
        }
    }

    @Test func `a second reader gets the expressions that it asks for, in whatever order`() throws {
        let parsed = ParsedExpressions()
        let template = try ValueTemplate(["a": "${x.a}", "b": "${x.b} ${1 + 1}"], parsed: parsed)
        for index in 0..<100 { _ = try parsed.expression("x.n\(index)") }
        parsed.rewind()
        let again = try ValueTemplate(template.source, parsed: parsed)
        #expect(again.slots.map(\.expression.source) == ["x.a", "x.b", "1 + 1"])
        // In order, left out, too far ahead, from before and never seen.
        for source in ["x.n0", "x.n9", "x.n90", "x.n10", "x.a", "y"] {
            let expression = try parsed.expression(source)
            #expect(expression.source == source && expression.references.map(\.offset) == [0], "\(source)")
        }
        #expect(throws: CELError.self) { try parsed.expression("x.n11 +") }
    }

    @Test func `an error names the string and the place in it`() throws {
        let table: [(String, String, Int?, CELError.Code)] = [
            (#"{"a/b": ["x", "y ${1 +}"]}"#, "/a~1b/1", 7, .syntax), (#""ü ${ a b }""#, "", 8, .syntax),
            (#""${n""#, "", 0, .syntax), (#""ab ${}""#, "", 3, .syntax), (#""ab ${ 'x}""#, "", 6, .syntax),
            (#""${sise(n)}""#, "", 2, .unknownFunction),
            (#"["${n}", "..${1 + o.none}"]"#, "/1", 10, .failed), (#""a ${nothing}""#, "", 4, .failed),
            (#"{"~": "${int}"}"#, "/~0", 2, .failed),
            (#""${xs.map(x, xs.map(y, xs.map(z, xs.map(w, w))))}""#, "", 2, .cost),
            (#""${ s }${ {} }}${ 1 }${""#, "", 20, .syntax),
        ]
        let scope = try TestScope()
        for (source, pointer, offset, code) in table {
            let error = #expect(throws: TemplateError.self, "\(source)") {
                _ = try ValueTemplate(try JSONValue(parsing: source)).evaluate(in: scope, stepLimit: 100)
            }
            #expect(error?.pointer == pointer, "\(source)")
            #expect(error?.offset == offset, "\(source)")
            #expect(error?.cause.code == code, "\(source): \(error?.cause.message ?? "none")")
        }
        let long = "${" + String(repeating: "1+", count: 5000) + "1}"
        let error = #expect(throws: TemplateError.self) { _ = try ValueTemplate(.string(long)) }
        #expect(error?.cause.code == .limit)
    }

    @Test func `slots show every expression with its place`() throws {
        let template = try ValueTemplate(
            try JSONValue(parsing: #"{"a": "x ${ n }${s.size()}", "b": [true, "${1 + 1}"]}"#)
        )
        let shown = template.slots.map { "\($0.pointer) \($0.offset) \($0.expression.source)" }
        #expect(shown == ["/a 5 n", "/a 10 s.size()", "/b/1 2 1 + 1"])
        #expect(!template.isConstant)
        #expect(try ValueTemplate(.string("${1 + 1}")).isConstant)
        #expect(try ValueTemplate(["$${n}", 1]).isConstant)
        #expect(
            try TemplateText("a${ $nodes.x }$${").segments == [
                .text("a"), .expression("$nodes.x", offset: 4), .text("${"),
            ]
        )
        #expect(try TemplateText("a$${").hasExpressions == false)
    }

    @Test func `values that JSON cannot hold are refused`() throws {
        try check([
            ("double('Infinity')", "!failed"), ("double('NaN')", "!failed"), ("9223372036854775808u", "!failed"),
            ("9223372036854775807u", "9223372036854775807"), ("int", "!failed"), ("[int]", "!failed"),
            ("{1: 'a', '1': 'b'}", "!failed"), ("{2u: 1}", #"{"2":1}"#), ("b''", #""""#), ("b'a'", #""YQ==""#),
            ("b'ab'", #""YWI=""#), ("[duration('-0.5s')]", #"["-0.5s"]"#), ("{'a': u}", #"{"a":7}"#),
            ("wrapped", #"[1,"a"]"#),
        ])
    }
}
