// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import Testing

@Suite struct SyntaxTests {
    @Test func `literals have the value they show`() throws {
        try check([
            ("0", "0"), ("42", "42"), ("0x1F", "31"), ("0XfF", "255"), ("-0x10", "-16"),
            ("9223372036854775807", "9223372036854775807"), ("-9223372036854775808", "-9223372036854775808"),
            ("9223372036854775808", "!syntax"), ("-9223372036854775809", "!syntax"),
            ("99999999999999999999", "!syntax"),
            ("1u", "1"), ("0xFFu", "255"), ("string(18446744073709551615u)", "\"18446744073709551615\""),
            ("18446744073709551616u", "!syntax"), ("18446744073709551615u", "!failed"),
            ("1.5", "1.5"), (".5", "0.5"), ("-.5", "-0.5"), ("1e3", "1000"), ("1.5E-2", "0.015"), ("1e400", "!syntax"),
            ("1e", "!syntax"), ("1abc", "!syntax"), ("0x", "!syntax"), ("1.", "!syntax"),
            ("true", "true"), ("false", "false"), ("null", "null"),
            ("[]", "[]"), ("[1, 2,]", "[1,2]"), ("[,]", "!syntax"), ("{}", "{}"), ("{\"a\": 1,}", "{\"a\":1}"),
            ("{1: 'x', true: 'y'}", "{\"1\":\"x\",\"true\":\"y\"}"),
            ("// note\n1 // more\n+ 1", "2"), ("1 /* no */", "!syntax"), ("", "!syntax"), ("  // only", "!syntax"),
        ])
    }

    @Test func `strings follow the escapes of the language`() throws {
        try check([
            (#""a\n\t\\\"\'\`\?b""#, #""a\n\t\\\"'`?b""#), (#"'it\'s'"#, #""it's""#),
            (#""\x41\u00e9\U0001F600""#, "\"Aé😀\""),
            (#""\101\377""#, "\"Aÿ\""), (#""\a\b\f\r\v""#, #""\u0007\b\f\r\u000b""#), (#"r"a\n""#, #""a\\n""#),
            (#"R'\'"#, #""\\""#), ("'''a'b\n\"c'''", #""a'b\n\"c""#), (#""""say "hi" """"#, #""say \"hi\" ""#),
            (#"r'''\d'''"#, #""\\d""#), ("\"\"", "\"\""), ("\"\"\"\"\"\"", "\"\""),
            (#"b"abc""#, "\"YWJj\""), (#"b"\xff\001""#, "\"/wE=\""), (#"b'ü'"#, "\"w7w=\""), (#"br"\n""#, "\"XG4=\""),
            (#""\q""#, "!syntax"), (#""\x4""#, "!syntax"), (#""\ud800""#, "!syntax"), (#""\U00110000""#, "!syntax"),
            (#""\400""#, "!syntax"), (#""\18""#, "!syntax"), (#"b"\u0041""#, "!syntax"), ("\"open", "!syntax"),
            ("\"a\nb\"", "!syntax"), ("'''open''", "!syntax"), (#""\"#, "!syntax"),
        ])
    }

    @Test func `operators bind as in the language definition`() throws {
        try check([
            ("1 + 2 * 3", "7"), ("(1 + 2) * 3", "9"), ("10 - 4 - 3", "3"), ("2 * 6 / 4 % 2", "1"), ("-2 + 3", "1"),
            ("- 2", "-2"), ("--2", "2"), ("-(-2)", "2"), ("!true || true", "true"), ("!!true", "true"),
            ("!(1 == 2)", "true"),
            ("true || false && false", "true"), ("1 < 2 == true", "true"), ("1 + 1 == 2 && 2 < 3", "true"),
            ("1 in [1] && !(2 in [1])", "true"), ("false ? 1 : true ? 2 : 3", "2"), ("true ? 1 : false ? 2 : 3", "1"),
            ("false ? 1 : (false ? 2 : 3)", "3"), ("true ? false ? 1 : 2 : 3", "!syntax"),
            ("1 - -1", "2"), ("1--1", "2"), ("-n", "-3"), ("-xs[0]", "-1"), ("!-1", "!syntax"), ("-!t", "!syntax"),
            ("1 = 1", "!syntax"), ("t & t", "!syntax"), ("1 +", "!syntax"), ("(1", "!syntax"), ("1)", "!syntax"),
            ("[1", "!syntax"),
            ("{1}", "!syntax"), ("a b", "!syntax"), ("1 ? 2", "!syntax"), ("?", "!syntax"), ("$x", "!syntax"),
            ("é", "!syntax"),
        ])
    }

    @Test func `members are reached by name, key and index`() throws {
        try check([
            ("o.a.b.c", "7"), ("o['a'].b[\"c\"]", "7"), (".o.a.b.c", "7"), ("(o.a).b.c", "7"), ("o[\"x-y\"]", "1"),
            ("o.`x-y`", "1"), ("o.in", "!syntax"), ("o[\"in\"]", "2"), ("o.null", "!syntax"),
            ("users[1].name", "\"bob\""),
            ("{'for': 1}.for", "1"), ("{'a': {'b': 2}}.a.b", "2"), ("[[1, 2], [3]][0][1]", "2"), ("xs[n - 1]", "3"),
            ("for", "!syntax"), ("while + 1", "!syntax"), ("`o`", "!syntax"), ("o.", "!syntax"), ("o.1", "!syntax"),
            ("o[]", "!syntax"),
            ("Foo{a: 1}", "!syntax"), ("google.protobuf.Duration{seconds: 1}", "!syntax"), ("o.a{}", "!syntax"),
            ("o.?a()", "!syntax"), ("o.?", "!syntax"), ("o[?]", "!syntax"), ("[??o]", "!syntax"), ("{?'a'}", "!syntax"),
        ])
    }

    @Test func `a syntax error names the place`() {
        let table: [(String, Int, String)] = [
            ("1 + ", 4, "end of the expression"), ("a = b", 2, "`==`"), ("a & b", 2, "`&&`"),
            ("\"ü\" + 'x", 7, "closing quote"),
            ("a.b.", 4, "field name"), ("f{", 1, "messages"), ("has(a)", 0, "has(a.b)"),
            ("xs.map(1, x)", 7, "variable"),
            ("xs.all(x)", 7, "variable"), ("ab cd", 3, "`cd`"), ("matches('a', '(')", 0, "pattern"),
        ]
        for (source, offset, words) in table {
            let error = parseError(source)
            #expect(error?.code == .syntax || words == "pattern", "\(source)")
            #expect(error?.offset == offset, "\(source)")
            #expect(error?.message.contains(words) == true, "\(source): \(error?.message ?? "none")")
        }
    }

    @Test func `unknown functions and wrong arguments are found when parsing`() {
        let table: [(String, String)] = [
            ("sise(x)", "did you mean `size`"), ("x.lowwer()", "did you mean `lower`"),
            ("secret()", "takes 1 argument"),
            ("size(1, 2)", "takes 1 argument here, not 2"), ("size()", "takes 1 argument"),
            ("x.size(1)", "takes 0 arguments"),
            ("contains('a', 'b')", "x.contains"), ("x.int()", "int(x)"), ("default(x)", "takes 2"),
            ("has(x.y, 1)", "takes 1"),
            ("xs.map(x, 1, 2, 3)", "takes 2 to 3"), ("xs.all(x, true, true)", "takes 2"), ("map(xs, x)", "list.map"),
            ("x.exist(y, y)", "did you mean `exists`"), ("a.has(b)", "no function `has`"), ("f(g(", ""),
        ]
        for (source, words) in table {
            let error = parseError(source)
            #expect(error?.code == (words.isEmpty ? .syntax : .unknownFunction), "\(source)")
            #expect(error?.message.contains(words) == true || words.isEmpty, "\(source): \(error?.message ?? "none")")
        }
    }
}
