// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import JSON
import Testing

@Suite struct LimitTests {
    @Test func `text and nesting are bounded`() throws {
        #expect(parseError(String(repeating: " ", count: 8191) + "1") == nil)
        #expect(parseError(String(repeating: " ", count: 8192) + "1")?.code == .limit)
        let brackets = [
            ("(", ")"), ("[", "]"), ("{'a':", "}"), ("dyn(", ")"), ("[1].map(x, ", ")"), ("xs[", "]"),
            ("default(1, ", ")"),
        ]
        for (open, close) in brackets {
            let allowed = String(repeating: open, count: 32) + "1" + String(repeating: close, count: 32)
            let tooDeep = String(repeating: open, count: 33) + "1" + String(repeating: close, count: 33)
            #expect(parseError(allowed) == nil, "\(open)")
            #expect(parseError(tooDeep)?.code == .limit, "\(open)")
            #expect(parseError(String(repeating: open, count: 1000))?.code == .limit, "\(open)")
        }
    }

    @Test func `long chains are flat`() throws {
        let scope = try TestScope()
        let table: [(String, String)] = [
            ("1" + String(repeating: "+1", count: 4000), "4001"), ("1" + String(repeating: "*1", count: 4000), "1"),
            ("true" + String(repeating: "&&t", count: 2000), "true"),
            ("false" + String(repeating: "||t", count: 2000), "true"),
            ("1" + String(repeating: "<1", count: 4000), "!failed"), (String(repeating: "-", count: 8000) + "1", "1"),
            (String(repeating: "!", count: 8000) + "true", "true"),
            (String(repeating: "f()", count: 1), "!unknownFunction"),
            ("o" + String(repeating: ".a", count: 4000), "!failed"),
            ("xs" + String(repeating: "[0]", count: 2000), "!failed"),
            (String(repeating: "false?1:", count: 1000) + "2", "2"),
            ("s" + String(repeating: ".trim()", count: 1000), "\"grüße\""),
            ("[" + String(repeating: "1,", count: 4000) + "]==[]", "false"),
            ("'" + String(repeating: "x", count: 8000) + "'==''", "false"),
            ("[0]" + String(repeating: ".map(a,[a])", count: 700) + " == [1]", "false"),
            ("[0]" + String(repeating: ".map(a,[a])", count: 700), "!failed"),
            (
                "[[0]" + String(repeating: ".map(a,[a])", count: 350) + "]" + String(repeating: ".map(b,b)", count: 9)
                    + " == [1]", "false"
            ),
        ]
        for (source, expected) in table { #expect(outcome(source, in: scope) == expected, "\(source.prefix(20))") }
    }

    @Test func `values nested too deeply are neither compared nor written`() throws {
        let deep = "[0]" + String(repeating: ".map(a,[a])", count: 280)
        let deeper = "[[0]" + String(repeating: ".map(a,[a])", count: 600) + "]"
        let scope = try TestScope()
        #expect(outcome("\(deep) == \(deep)", in: scope) == "true")
        #expect(outcome("json(\(deeper))", in: scope) == "!failed")
        #expect(outcome("\(deeper).map(a, a == a)", in: scope) == "!failed")
    }

    @Test func `work in loops and copies is counted`() throws {
        let big = String(repeating: "a", count: 100_000)
        let scope = try TestScope(
            #"{"xs": [\#((0..<1000).map(String.init).joined(separator: ","))], "big": "\#(big)"}"#
        )
        let double = String(repeating: ".map(y, y + y)", count: 60)
        let table: [(String, String)] = [
            ("xs.map(x, xs.map(y, xs.map(z, x)))", "!cost"), ("xs.all(x, xs.all(y, xs.all(z, true)))", "!cost"),
            ("['x']\(double)", "!cost"),
            ("[xs]\(double)", "!cost"), ("xs.map(x, big + big)", "!cost"), ("xs.map(x, json(xs.map(y, big)))", "!cost"),
            ("json(xs.map(x, xs.map(y, big)))", "!cost"),
            ("xs.map(x, big).join(big)", "!cost"), ("size(big.replace('', big))", "!cost"),
            ("xs.all(x, big == big)", "!cost"), ("xs.all(x, big.contains('b') || true)", "!cost"),
            ("xs.all(x, xs == xs)", "!cost"), ("xs.all(x, x in [-1] || sha256(big) != '')", "!cost"),
            ("xs.exists(x, big.matches('(a|b|ab)*c'))", "!cost"),
            ("false && xs.all(x, xs.all(y, xs.all(z, true)))", "false"),
            ("xs.all(x, xs.all(y, xs.all(z, true))) || true", "!cost"), ("default(xs.map(x, big + big), 1)", "!cost"),
            ("size(lists.range(1000000))", "!cost"), ("xs.map(x, lists.range(1000))", "!cost"),
            ("xs.map(x, xs).flatten().map(x, xs).flatten()", "!cost"), ("xs.map(x, '%s'.format([xs]))", "!cost"),
            ("xs.map(x, '%s%s'.format([big, big]))", "!cost"), ("xs.map(x, big.replace('a', 'bb'))", "!cost"),
            ("xs.map(x, big.reverse())", "!cost"), ("xs.map(x, big.substring(1))", "!cost"),
            ("xs.map(x, big.indexOf('b'))", "!cost"),
            ("xs.map(x, big.lastIndexOf('b'))", "!cost"), ("xs.map(x, strings.quote(big))", "!cost"),
            ("xs.map(x, base64.encode(bytes(big)))", "!cost"), ("xs.map(x, '%x'.format([big]))", "!cost"),
            ("xs.distinct().size()", "!cost"), ("xs.map(x, xs.sort())", "!cost"), ("sets.contains(xs, xs)", "!cost"),
            ("xs.map(x, xs.reverse())", "!cost"), ("xs.map(x, xs.slice(0, 1000))", "!cost"),
            ("xs.transformMap(i, x, xs.transformMap(j, y, y))", "!cost"),
            ("xs.transformMapEntry(i, x, {x: x}).size()", "!cost"),
            ("[xs].map(a, xs.map(x, a)).map(a, a.flatten())", "!cost"),
            ("xs.sort().size()", "1000"), ("size('%s'.format([big]))", "100000"),
            ("size(big + big)", "200000"), ("size(xs.map(x, xs))", "1000"), ("xs.all(x, x < 1000)", "true"),
        ]
        for (source, expected) in table {
            #expect(outcome(source, in: scope, stepLimit: 30_000) == expected, "\(source.prefix(60))")
        }
        #expect(outcome("1 + 1", in: scope, stepLimit: 3) == "!cost")
        #expect(outcome("1 + 1", in: scope, stepLimit: 4) == "2")
    }

    @Test func `reading a part of a large document costs nothing for the rest`() throws {
        var members: [JSONObject.Member] = []
        for index in 0..<5000 {
            members.append(.init(key: "k\(index)", value: .array([.int(Int64(index)), .string("x")])))
        }
        let scope = DocumentScope(document: .object(JSONObject(members: members)))
        #expect(outcome("doc.k4999[0]", in: scope, stepLimit: 10) == "4999")
        #expect(outcome("size(doc) + size(doc['k17'])", in: scope, stepLimit: 12) == "5002")
        #expect(outcome("has(doc.k1) && !has(doc.z)", in: scope, stepLimit: 10) == "true")
        let template = try ValueTemplate(.object(["a": .string("${doc}")]))
        #expect(try template.evaluate(in: scope, stepLimit: 5) == .object(["a": scope.document]))
        let written = try ValueTemplate(.string("${[doc]}"))
        #expect(throws: TemplateError.self) { try written.evaluate(in: scope, stepLimit: 100) }
        #expect(throws: CELError.self) { try CELExpression("[doc]").json(in: scope, stepLimit: 100) }
        #expect(try CELExpression("doc.k1").json(in: scope, stepLimit: 100) == .array([.int(1), .string("x")]))
    }
}

private struct DocumentScope: CELScope {
    let document: JSONValue

    func variable(_ name: String) -> CELValue? { name == "doc" ? CELValue(document) : nil }
}
