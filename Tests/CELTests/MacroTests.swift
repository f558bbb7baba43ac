// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import Testing

@Suite struct MacroTests {
    @Test func `macros with two variables see index and element or key and value`() throws {
        try check([
            ("xs.all(i, x, x == i + 1)", "true"), ("xs.exists(i, x, i == 2 && x == 3)", "true"),
            ("xs.exists_one(i, x, i == 1)", "true"), ("xs.existsOne(i, x, x > 1)", "false"),
            ("xs.existsOne(x, x > 2)", "true"), ("o.exists(k, v, k == 'in' && v == 2)", "true"),
            ("{'a': 1}.all(k, v, k == 'a' && v == 1)", "true"), ("xs.all(i, x, 1 / i > 5)", "false"),
            ("[0].all(i, x, 1 / x > 5)", "!failed"), ("xs.transformList(i, x, i * x)", "[0, 2, 6]"),
            ("xs.transformList(i, x, i > 0, x)", "[2, 3]"), ("users[0].transformList(k, v, k)", "[\"name\", \"age\"]"),
            ("xs.transformMap(i, x, x * 2) == {0: 2, 1: 4, 2: 6}", "true"),
            ("{'a': 1, 'b': 2}.transformMap(k, v, v > 1, v + 1)", "{\"b\":3}"),
            ("names.transformMapEntry(i, s, {s: i})", "{\"ada\":0,\"bob\":1,\"cy\":2}"),
            ("xs.transformMapEntry(i, x, {'a': x})", "!failed"), ("xs.transformMapEntry(i, x, 1)", "!failed"),
            ("xs.transformMapEntry(i, x, x == 1, {'a': x})", "{\"a\":1}"), ("1.transformList(i, x, x)", "!failed"),
            ("xs.map(x, xs.transformList(i, y, x * i + y)[2])", "[5, 7, 9]"),
        ])
    }

    @Test func `wrong variables are found when parsing`() {
        let table: [(String, String)] = [
            ("xs.transformList(x, x)", "two new variables"), ("xs.transformMap(1, x, x)", "two new variables"),
            ("xs.all(x, x, true)", "different names"), ("xs.all(i, x, true, true)", "takes 2 to 3"),
            ("xs.map(i, x, x, x)", "takes 2 to 3"), ("xs.filter(i, x, true)", "takes 2"),
            ("cel.bind(1, 2, 3)", "new variable"),
            ("cel.bind(x, 2)", "before the body"), ("xs.sortBy(1, x)", "new variable"), ("cel.index(0)", "no function"),
            ("xs.transformListt(i, x, x)", "did you mean `transformList`"),
            ("cel.blind(x, 1, x)", "did you mean `cel.bind`"),
        ]
        for (source, words) in table {
            #expect(
                parseError(source)?.message.contains(words) == true,
                "\(source): \(parseError(source)?.message ?? "none")"
            )
        }
    }

    @Test func `a bound value has a name in the body only`() throws {
        try check([
            ("cel.bind(x, n + 1, x * x)", "16"), ("cel.bind(x, 1, cel.bind(y, x + 1, [x, y]))", "[1, 2]"),
            ("cel.bind(n, 1, n) + n", "4"), ("xs.map(x, cel.bind(y, x * 2, xs.filter(z, z == y)))", "[[2], [], []]"),
            ("cel.bind(x, 1, x) + x", "!failed"), ("cel.bind(x, 1 / 0, 1)", "!failed"),
        ])
        #expect(try CELExpression("cel.bind(x, a.b, x + c)").references.map(\.root) == ["a", "c"])
    }
}
