// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import JSON
import Testing

@Suite struct CheckerTests {
    private let environment: TypeEnvironment

    init() throws {
        let schema = try JSONValue(
            parsing: """
                {"type": "object", "additionalProperties": false, "properties": {
                  "amount": {"type": "number"}, "count": {"type": "integer"}, "name": {"type": "string"},
                  "tags": {"type": "array", "items": {"type": "string"}}, "open": {"type": "object", "properties": {"a": {"type": "boolean"}}},
                  "either": {"type": ["string", "null"]}, "kind": {"enum": ["x", "y"]}, "mixed": {"enum": [1, "a"]}, "level": {"const": 3},
                  "prices": {"type": "object", "additionalProperties": {"type": "number"}}, "anything": true,
                  "rows": {"type": "array", "items": {"type": "object", "properties": {"id": {"type": "integer"}}, "additionalProperties": false}}
                }}
                """
        )
        environment = TypeEnvironment([
            "x": CELType(schema: schema), "now": .timestamp, "d": .dyn, "status": .string, "u": .uint,
            "maybe": .optional(.int),
            "ratio": .double,
        ])
    }

    @Test func `types follow from schemas, operators and functions`() throws {
        let table: [(String, String)] = [
            ("x.amount", "number"), ("x.amount + 1", "number"), ("x.amount * 1.5", "double"), ("x.count + 1", "int"),
            ("x.count % 2", "int"),
            ("x.amount > 1 && x.amount < 2.5", "bool"), ("x.count == 1.0", "bool"), ("x.amount == u", "bool"),
            ("x.tags", "list(string)"),
            ("x.tags[0]", "string"), ("x.tags[x.amount]", "string"), ("x.tags.map(t, size(t))", "list(int)"),
            ("x.either", "dyn"),
            ("x.either + 1", "int"), ("x.kind", "string"), ("x.mixed", "dyn"), ("x.level", "number"),
            ("x.prices.pear", "number"),
            ("x.prices['a'] / 2", "number"), ("x.open.a", "bool"), ("x.open.b", "dyn"), ("x.open.b.c.d", "dyn"),
            ("x.anything.y", "dyn"),
            ("x['name']", "string"), ("x.rows.filter(r, r.id > 1)[0].id", "int"),
            ("x.rows.exists(i, r, r.id == i)", "bool"),
            ("x.rows.transformMap(i, r, r.id)", "map(int, int)"), ("d + 1", "int"), ("d + d", "dyn"),
            ("d.x.y[0]", "dyn"),
            ("now - now", "duration"), ("now + duration('1s')", "timestamp"), ("now - duration('1s') < now", "bool"),
            ("[1, 'a']", "list(dyn)"),
            ("[1, 2.5]", "list(number)"), ("[1] + ['a']", "list(dyn)"), ("{'a': 1}", "map(string, int)"),
            ("{'a': 1}.a", "int"),
            ("d ? 1 : 'a'", "dyn"), ("true ? 1 : 2", "int"), ("has(x.nothing)", "bool"),
            ("default(x.nothing, 1)", "dyn"),
            ("default(x.name, 'a')", "string"), ("default(missing, 1)", "dyn"), ("default(maybe, 1)", "int"),
            ("maybe.orValue(1)", "int"),
            ("maybe.optMap(m, string(m))", "optional(string)"), ("x.?name", "optional(string)"),
            ("x.?nothing.deep", "optional(dyn)"),
            ("x[?'name']", "optional(string)"), ("[?x.?name, 'a']", "list(string)"), ("x.name == null", "bool"),
            ("null == 1", "bool"),
            ("'a' in x.tags", "bool"), ("'a' in x.prices", "bool"), ("1 in [1.5]", "bool"),
            ("cel.bind(y, x.count, y + 1)", "int"),
            ("size(x.name) + size(x.tags) + size(x)", "int"), ("max(x.amount, 1)", "number"), ("max([1, 2])", "int"),
            ("sum(x.tags.map(t, 1.5))", "double"),
            ("x.name.split(',')[0]", "string"), ("json(x)", "string"), ("parse_json(x.name).a", "dyn"),
            ("round(x.amount, 2)", "number"),
            ("math.abs(x.count)", "int"), ("type(1) == int", "bool"), ("-x.amount", "number"), ("-u", "!wrongType"),
            ("x.name.matches('a')", "bool"),
            ("ip(x.name).family()", "int"), ("x.tags.sortBy(t, size(t))", "list(string)"),
            ("x.tags.first()", "optional(string)"),
            ("x.all(k, k != '')", "bool"), ("[[1]].flatten()", "list(dyn)"), ("string(x.amount)", "string"),
            ("int(x.amount)", "int"),
            ("'%s'.format([1, 'a'])", "string"), ("timestamp(x.count)", "timestamp"), ("now.getHours('UTC')", "int"),
            ("b'a' + b'b'", "bytes"),
        ]
        for (source, expected) in table {
            let result = CELChecker(environment).check(try CELExpression(source))
            let got = result.errors.first.map { "!\($0.kind.rawValue)" } ?? result.type.description
            #expect(got == expected, "\(source): \(result.errors)")
        }
    }

    @Test func `mistakes have a kind, a place and advice`() throws {
        let table: [(String, CELTypeError.Kind, Int, String)] = [
            ("statsu == 'a'", .unknownVariable, 0, "did you mean `status`"),
            ("1 + y", .unknownVariable, 4, "no variable `y`"),
            ("x.nmae", .unknownField, 2, "did you mean `name`"),
            ("x.rows[0].ids", .unknownField, 10, "did you mean `id`"),
            ("x['nmae']", .unknownField, 1, "`nmae`"), ("x.name + 1", .wrongType, 7, "a string and an int"),
            ("x.name > 1", .wrongType, 7, "`>`"),
            ("x.count + 1.5", .wrongType, 8, "convert one"), ("u + 1", .wrongType, 2, "convert one"),
            ("ratio % 2.0", .wrongType, 6, "`%`"),
            ("x.name == 1", .wrongType, 7, "`==`"), ("1 in x.tags", .wrongType, 2, "`in`"),
            ("'a' in status", .wrongType, 4, "`in`"),
            ("x.amount && true", .wrongType, 0, "a number"), ("!x.name", .wrongType, 0, "`!`"),
            ("x.name ? 1 : 2", .wrongType, 0, "`?:`"),
            ("x.tags['a']", .wrongType, 6, "indexed by an int"), ("x.name.y", .wrongType, 7, "no fields"),
            ("x.count[0]", .wrongType, 7, "cannot be indexed"),
            ("x.tags.filter(t, size(t))", .wrongType, 7, "needs a bool"),
            ("x.name.map(c, c)", .wrongType, 7, "a list or a map"),
            ("size(x.count)", .wrongType, 0, "an int"), ("x.name.startsWith(1)", .wrongType, 7, "startsWith"),
            ("x.count.matches('a')", .wrongType, 8, "string"),
            ("max(x.name, 1)", .wrongType, 0, "compare"), ("max(1)", .wrongType, 0, "list"),
            ("now + now", .wrongType, 4, "timestamp"),
            ("{[1]: 2}", .wrongType, 0, "key"), ("{1: 2}['a']", .wrongType, 6, "keys"),
            ("x.tags.optMap(t, t)", .wrongType, 7, "optional"),
            ("maybe + 1", .wrongType, 6, "optional(int)"), ("[?1]", .wrongType, 0, "optional"),
            ("math.ceil(1)", .wrongType, 0, "math.ceil"),
            ("ip(1)", .wrongType, 0, "ip"), ("x.rows.map(r, r.idd)", .unknownField, 16, "`id`"),
            ("isIP(cidr('::/0'))", .wrongType, 0, "isIP"),
        ]
        for (source, kind, offset, words) in table {
            let errors = CELChecker(environment).check(try CELExpression(source)).errors
            #expect(errors.count == 1, "\(source): \(errors)")
            #expect(errors.first?.kind == kind && errors.first?.offset == offset, "\(source): \(errors)")
            #expect(errors.first?.message.contains(words) == true, "\(source): \(errors)")
        }
    }

    @Test func `one mistake is reported once and all of them together`() throws {
        let errors = CELChecker(environment).check(try CELExpression("y.a.b + 1 > x.z && x.name > 1")).errors
        #expect(errors.map(\.kind) == [.unknownVariable, .unknownField, .wrongType])
    }

    @Test func `types of hostile expressions stay small`() throws {
        var source = "[0]"
        for _ in 0..<700 { source += ".map(a,[a])" }
        let deep = CELChecker(environment).check(try CELExpression(source))
        #expect(deep.errors.isEmpty && deep.type.description.utf8.count < 200)
        var doubled = "1"
        for index in 0..<30 {
            doubled =
                "cel.bind(v\(index), {'a': \(doubled), 'b': \(doubled)}, v\(index))".utf8.count < 8000
                ? "cel.bind(v\(index), \(doubled), {'a': v\(index), 'b': v\(index)})" : doubled
        }
        #expect(CELChecker(environment).check(try CELExpression(doubled)).errors.isEmpty)
    }

    @Test func `failures are shown with a caret`() throws {
        let error = try #require(parseError("a +\n  \"ü\" = 1"))
        #expect(error.place(in: "a +\n  \"ü\" = 1").map { [$0.line, $0.column] } == [2, 7])
        #expect(error.rendered(source: "a +\n  \"ü\" = 1").hasSuffix(" (line 2, column 7)\n    \"ü\" = 1\n        ^"))
        let wrong = try #require(CELChecker(environment).check(try CELExpression("1 + x.name")).errors.first)
        #expect(wrong.rendered(source: "1 + x.name").hasSuffix("(line 1, column 3)\n  1 + x.name\n    ^"))
        #expect(wrong.place(in: "1 + x.name") == (1, 3))
        let long = "1 + " + String(repeating: "1 + ", count: 100) + "§"
        #expect(parseError(long)?.rendered(source: long).split(separator: "\n").allSatisfy { $0.count < 140 } == true)
        #expect(CELError(code: .failed, message: "m").rendered(source: "x") == "m")
    }
}
