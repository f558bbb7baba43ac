// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import JSON
import Testing

@Suite struct OptionalTests {
    @Test func `optional fields, keys and indexes are empty when they do not exist`() throws {
        try check([
            ("o.?a.hasValue()", "true"), ("o.?none.hasValue()", "false"), ("o.?none.deep.er.hasValue()", "false"),
            ("o.?a.b.c.value()", "7"), ("o.?a.none.orValue(1)", "1"), ("o[?'x-y'].value()", "1"),
            ("o[?'none'].orValue('d')", "\"d\""), ("xs[?1].value()", "2"), ("xs[?9].hasValue()", "false"),
            ("xs[?-1].hasValue()", "false"), ("xs[?'a']", "!failed"), ("o.?z.hasValue()", "true"),
            ("o.?z.deep.hasValue()", "!failed"), ("n.?x", "!failed"), ("{1: 'a'}[?1u].value()", "\"a\""),
            ("o.?none.value()", "!failed"), ("has(o.?none.x)", "false"), ("has(o.?a.b)", "true"),
            ("users[?0].name.orValue('')", "\"ada\""), ("o.?none[0].orValue(3)", "3"),
        ])
    }

    @Test func `optional values are made, joined and opened`() throws {
        try check([
            ("optional.of(1).value()", "1"), ("optional.none().hasValue()", "false"),
            ("optional.ofNonZeroValue('').hasValue()", "false"), ("optional.ofNonZeroValue([0]).hasValue()", "true"),
            ("optional.ofNonZeroValue({}).hasValue()", "false"), ("optional.none().or(optional.of(2)).value()", "2"),
            ("optional.of(1).or(optional.of(1 / 0)).value()", "1"), ("optional.of(1).orValue(1 / 0)", "1"),
            ("optional.none().or(1)", "!failed"), ("optional.of(2).optMap(x, x * 2).value()", "4"),
            ("optional.none().optMap(x, 1 / 0).hasValue()", "false"),
            ("optional.of(2).optFlatMap(x, optional.of(x + 1)).value()", "3"),
            ("optional.of(2).optFlatMap(x, x)", "!failed"),
            ("optional.of(1) == optional.of(1.0)", "true"), ("optional.of(1) == optional.none()", "false"),
            ("optional.of(1) == 1", "false"), ("type(optional.none()) == optional_type", "true"),
            ("optional.unwrap([optional.of(1), optional.none()])", "[1]"), ("[optional.of(2)].unwrapOpt()", "[2]"),
            ("xs.first().value()", "1"), ("[].last().hasValue()", "false"), ("size(1).hasValue()", "!failed"),
            ("optional.of(1)", "!failed"), ("json([optional.none()])", "!failed"), ("1.orValue(2)", "!failed"),
            ("optional.of(1, 2)", "!unknownFunction"), ("optional.some(1)", "!unknownFunction"),
        ])
    }

    @Test func `lists and maps leave out what is empty`() throws {
        try check([
            ("[1, ?o.?none, ?optional.of(2)]", "[1, 2]"),
            ("{?'a': o.?none, 'b': 1, ?'c': xs[?0]}", "{\"b\":1,\"c\":1}"),
            ("[?1]", "!failed"), ("{?'a': 1}", "!failed"), ("{?'a': optional.none()} == {}", "true"),
        ])
    }

    @Test func `default opens optional values`() throws {
        try check([
            ("default(o.?none, 1)", "1"), ("default(o.?n, xs[?0])", "!failed"), ("default(xs[?0], 9)", "1"),
            ("default(o.?a.b.c, 1)", "7"), ("default(optional.none().value(), 5)", "5"),
        ])
    }

    @Test func `references of optional fields may be missing`() throws {
        let found = try CELExpression("a.?b.c + d[?'e'] + f.g").references.map { ($0.root, $0.path, $0.isTested) }
        #expect(found.map(\.0) == ["a", "d", "f"])
        #expect(found.map(\.1) == [["b", "c"], ["e"], ["g"]])
        #expect(found.map(\.2) == [true, true, false])
    }
}
