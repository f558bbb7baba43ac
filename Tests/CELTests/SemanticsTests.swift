// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import Testing

@Suite struct SemanticsTests {
    @Test func `arithmetic neither overflows nor mixes types`() throws {
        try check([
            ("9223372036854775807 + 1", "!failed"), ("-9223372036854775808 - 1", "!failed"),
            ("4611686018427387904 * 2", "!failed"),
            ("-9223372036854775808 / -1", "!failed"), ("-9223372036854775808 % -1", "!failed"),
            ("-(-9223372036854775808)", "!failed"),
            ("18446744073709551615u + 1u", "!failed"), ("1u - 2u", "!failed"), ("-(1u)", "!failed"), ("-1u", "!failed"),
            ("1 / 0", "!failed"), ("1 % 0", "!failed"), ("1u / 0u", "!failed"), ("1.0 / 0.0 > 1e308", "true"),
            ("7 / 2", "3"), ("-7 / 2", "-3"), ("-7 % 3", "-1"), ("7 % -3", "1"), ("7u % 4u", "3"),
            ("1.5 % 1.0", "!failed"),
            ("1.5 + 2.5 * 2.0 - 1.0 / 4.0", "6.25"), ("1 + 1.0", "!failed"), ("1 + 1u", "!failed"),
            ("n * d", "!failed"),
            ("double(n) * d", "7.5"), ("'a' + 'b' + 'c'", "\"abc\""), ("'a' + 1", "!failed"),
            ("b'a' + b'b' == b'ab'", "true"),
            ("[1] + xs + []", "[1,1,2,3]"), ("{} + {}", "!failed"), ("true + true", "!failed"), ("null + 1", "!failed"),
            ("-'a'", "!failed"), ("!1", "!failed"), ("'a' * 2", "!failed"),
        ])
    }

    @Test func `equality holds across number types and is false between others`() throws {
        try check([
            ("1 == 1.0", "true"), ("1 == 1u", "true"), ("1u == 1.0", "true"), ("1 != 1.5", "true"),
            ("-1 == 18446744073709551615u", "false"),
            ("big == 9007199254740992.0", "true"), ("9223372036854775807 == 9223372036854775807.0", "true"),
            ("double('NaN') == double('NaN')", "false"), ("double('NaN') != double('NaN')", "true"),
            ("0.0 == -0.0", "true"),
            ("1 == '1'", "false"), ("null == false", "false"), ("null == null", "true"), ("o.z == null", "true"),
            ("nothing != 0", "true"),
            ("[1, 2] == [1.0, 2u]", "true"), ("[1] == [1, 2]", "false"), ("xs == [1, 2, 3]", "true"),
            ("[] == {}", "false"),
            ("{'a': 1, 'b': 2} == {'b': 2.0, 'a': 1u}", "true"), ("{'a': 1} == {'b': 1}", "false"),
            ("{1: 2} == {1u: 2}", "true"),
            ("o.a == {'b': {'c': 7}}", "true"), ("o == o", "true"), ("users[0] == {'age': 36, 'name': 'ada'}", "true"),
            ("type(1) == int", "true"), ("int == double", "false"), ("b'a' == 'a'", "false"), ("b'a' == b'a'", "true"),
            ("'é' == 'e\\u0301'", "false"), ("wrapped == [1, 'a']", "true"), ("{'a': [1]} != {'a': [2]}", "true"),
            ("duration('1m') == duration('60s')", "true"), ("[double('NaN')] == [double('NaN')]", "false"),
        ])
    }

    @Test func `order works within a type and across numbers`() throws {
        try check([
            ("1 < 1.5", "true"), ("2u > 1", "true"), ("-1 < 0u", "true"), ("18446744073709551615u > -1", "true"),
            ("1 <= 1.0", "true"),
            ("9223372036854775807 < 9223372036854775808.0", "false"), ("big > 9007199254740992.0", "false"),
            ("1 < 1e300", "true"),
            ("-1e300 < -9223372036854775808", "true"), ("1 >= 1e300", "false"),
            ("double('NaN') < 1", "false"), ("double('NaN') >= 1", "false"), ("1 <= double('NaN')", "false"),
            ("'a' < 'b'", "true"), ("'Z' < 'a'", "true"), ("'a' <= 'a'", "true"), ("'\\uffff' < '\\U00010000'", "true"),
            ("'e\\u0301' < 'é'", "true"),
            ("b'a' < b'b'", "true"), ("b'' < b'a'", "true"), ("b'ab' >= b'a'", "true"), ("false < true", "true"),
            ("true <= true", "true"),
            ("1 < 'a'", "!failed"), ("null < null", "!failed"), ("[1] < [2]", "!failed"), ("{} < {}", "!failed"),
            ("duration('1s') < duration('1.5s')", "true"), ("now > timestamp('2026-01-01T00:00:00Z')", "true"),
            ("now < duration('1s')", "!failed"),
        ])
    }

    @Test func `and and or win over errors on either side`() throws {
        try check(
            [
                ("false && 1 / 0 > 0", "false"), ("1 / 0 > 0 && false", "false"), ("true || missing", "true"),
                ("missing || true", "true"),
                ("true && 1 / 0 > 0", "!failed"), ("1 / 0 > 0 || false", "!failed"), ("1 && false", "false"),
                ("1 || true", "true"),
                ("1 && true", "!failed"), ("'a' || false", "!failed"), ("missing && missing && false", "false"),
                ("false || missing || true", "true"),
                ("true && true && true", "true"), ("false || false", "false"), ("null && true", "!failed"),
                ("true ? 1 : 1 / 0", "1"), ("false ? 1 / 0 : 2", "2"), ("1 ? 2 : 3", "!failed"),
                ("missing ? 1 : 2", "!failed"),
                ("[1, 0].exists(x, 1 / x == 1)", "true"), ("[0, 1].exists(x, 1 / x == 1)", "true"),
                ("[0].exists(x, 1 / x == 1)", "!failed"),
                ("[0, 2].all(x, 1 / x == 1)", "false"), ("[0, 1].all(x, 1 / x == 1)", "!failed"),
                ("[0, 1].exists_one(x, 1 / x == 1)", "!failed"),
            ],
            hidesMistakes: true
        )
    }

    @Test func `fields and keys that do not exist are errors`() throws {
        try check([
            ("o.none", "!failed"), ("o['none']", "!failed"), ("o.z.deep", "!failed"), ("n.x", "!failed"),
            ("s[0]", "!failed"), ("missing", "!failed"),
            ("xs[3]", "!failed"), ("xs[-1]", "!failed"), ("xs[1u]", "2"), ("xs[1.0]", "2"), ("xs[1.5]", "!failed"),
            ("xs['0']", "!failed"),
            ("{1: 'a'}[1.0]", "\"a\""), ("{1u: 'a'}[1]", "\"a\""), ("{1: 'a'}[2]", "!failed"), ("o[1]", "!failed"),
            ("o[[1]]", "!failed"),
            ("{true: 1}[true]", "1"), ("{'a': 1, 'a': 2}", "!failed"), ("{1: 1, 1u: 2}", "!failed"),
            ("{1.5: 1}", "!failed"), ("{null: 1}", "!failed"),
            ("has(o.a)", "true"), ("has(o.none)", "false"), ("has(o.z)", "true"), ("has(o.a.b.c)", "true"),
            ("has(o.none.b)", "!failed"),
            ("has({'a': 1}.a)", "true"), ("has({'a': 1}.b)", "false"), ("has(n.x)", "!failed"),
            ("has(missing.x)", "!failed"), ("has(o['a'])", "!syntax"),
            ("1 in xs", "true"), ("1.0 in xs", "true"), ("4 in xs", "false"), ("'a' in o", "true"),
            ("'q' in o", "false"), ("1 in o", "false"),
            ("1 in {1u: 0}", "true"), ("'a' in 'abc'", "!failed"), ("null in mixed", "true"), ("[1] in [[1]]", "true"),
            ("1 in 1", "!failed"),
        ])
    }

    @Test func `macros run over lists and keys of maps`() throws {
        try check([
            ("xs.all(x, x > 0)", "true"), ("xs.all(x, x > 1)", "false"), ("[].all(x, x)", "true"),
            ("xs.exists(x, x == 2)", "true"),
            ("[].exists(x, true)", "false"), ("xs.exists_one(x, x > 2)", "true"), ("xs.exists_one(x, x > 1)", "false"),
            ("xs.map(x, x * 2)", "[2,4,6]"), ("xs.map(x, x > 1, x * 2)", "[4,6]"),
            ("xs.filter(x, x % 2 == 1)", "[1,3]"),
            ("o.map(k, k)", "[\"a\",\"x-y\",\"in\",\"null\",\"z\"]"),
            ("{'a': 1, 'b': 2}.filter(k, k != 'a')", "[\"b\"]"),
            ("{'a': 1}.all(k, k == 'a')", "true"), ("xs.map(x, xs.map(y, x * y))", "[[1,2,3],[2,4,6],[3,6,9]]"),
            ("xs.map(x, xs.filter(x, x > 2))", "[[3],[3],[3]]"), ("xs.map(n, n)", "[1,2,3]"),
            ("xs.map(x, n)", "[3,3,3]"),
            ("xs.map(n, .n)", "[3,3,3]"), ("users.filter(u, has(u.age) && u.age >= 18).map(u, u.name)", "[\"ada\"]"),
            ("users.map(u, u.name).join(', ')", "\"ada, bob, cy\""),
            ("xs.map(x, xs.exists(y, y / (x - 1) > 9))", "!failed"),
            ("[[0], [1]].map(x, x.exists(y, 1 / y == 1) || true)", "[true,true]"),
            ("wrapped.map(x, type(x) == int)", "[true,false]"),
            ("n.map(x, x)", "!failed"), ("'abc'.all(c, true)", "!failed"), ("xs.all(x, 1)", "!failed"),
            ("xs.filter(x, x)", "!failed"),
            ("xs.map(x, 1, x)", "!failed"), ("xs.all(x.y, true)", "!syntax"), ("xs.all(true, true)", "!syntax"),
            ("xs.map(for, 1)", "!syntax"),
        ])
    }

    @Test func `a failure tells what is missing and where`() throws {
        let scope = try TestScope()
        let table: [(String, Int, Bool, String)] = [
            ("o.a.none + 1", 4, true, "no field `none`"), ("1 + missing", 4, true, "no variable `missing`"),
            ("xs[7]", 2, true, "3 elements"),
            ("o[\"k\"]", 1, true, "no key \"k\""), ("o.z.q", 4, true, "null has no field"),
            ("1 + n * d", 6, false, "an int and a double"),
            ("n.x", 2, false, "an int has no fields"), ("size(n)", 0, false, "`size`"),
            ("t && n", 0, false, "a bool, not an int"),
            ("timestamp('x')", 0, false, "\"x\""), ("1 / 0", 2, false, "zero"),
        ]
        for (source, offset, isMissing, words) in table {
            let error = #expect(throws: CELError.self, "\(source)") { try CELExpression(source).evaluate(in: scope) }
            #expect(error?.offset == offset, "\(source)")
            #expect(error?.isMissing == isMissing, "\(source)")
            #expect(error?.message.contains(words) == true, "\(source): \(error?.message ?? "none")")
        }
        #expect(throws: CELError(code: .failed, message: "the condition is a string, not a bool", offset: 0)) {
            try CELExpression("s").condition(in: scope)
        }
        #expect(try CELExpression("n == 3").condition(in: scope))
    }
}
