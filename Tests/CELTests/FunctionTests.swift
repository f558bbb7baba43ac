// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import Testing

@Suite struct FunctionTests {
    @Test func `conversions refuse what does not fit`() throws {
        try check([
            ("int('-42')", "-42"), ("int('4.2')", "!failed"), ("int('+4')", "!failed"), ("int('')", "!failed"),
            ("int(' 1')", "!failed"), ("int(7u)", "7"),
            ("int(-1.9)", "-1"), ("int(1e19)", "!failed"), ("int(-9.223372036854775808e18)", "!failed"),
            ("int(18446744073709551615u)", "!failed"),
            ("int(double('NaN'))", "!failed"), ("int(true)", "!failed"), ("int(5)", "5"), ("int(timestamp(99))", "99"),
            ("uint(7) == 7u", "true"), ("uint(-1)", "!failed"), ("uint(1.9) == 1u", "true"), ("uint(-0.5)", "!failed"),
            ("uint('12') == 12u", "true"),
            ("uint('-1')", "!failed"), ("uint(1.8446744073709551616e19)", "!failed"), ("double(1)", "1"),
            ("type(double(1)) == double", "true"),
            ("double('1.5e3')", "1500"), ("double('0x10')", "!failed"), ("double('one')", "!failed"),
            ("string(double('-Infinity'))", "\"-Infinity\""),
            ("double(9223372036854775807) == 9223372036854775807.0", "true"), ("double('NaN')", "!failed"),
            ("double('1e999')", "!failed"),
            ("string(1)", "\"1\""), ("string(1u)", "\"1\""), ("string(1.0)", "\"1\""), ("string(1.5)", "\"1.5\""),
            ("string(1e21)", "\"1e+21\""),
            ("string(true)", "\"true\""), ("string('x')", "\"x\""), ("string(b'\\xc3\\xbc')", "\"ü\""),
            ("string(b'\\xff')", "!failed"), ("string(null)", "!failed"),
            ("string([1])", "!failed"), ("bytes('ü') == b'\\xc3\\xbc'", "true"), ("bytes(1)", "!failed"),
            ("bytes(b'a') == b'a'", "true"),
            ("bool('true')", "true"), ("bool('False')", "false"), ("bool('yes')", "!failed"), ("bool(1)", "!failed"),
            ("bool(true)", "true"),
            ("dyn([1])", "[1]"), ("type(int)", "!failed"), ("type(int) == type", "true"),
            ("type(type(1)) == type", "true"),
            ("type(null) == null_type", "true"), ("type(o) == map && type({}) == map", "true"),
            ("type(xs) == list && type([]) == list", "true"),
            ("type(now) == google.protobuf.Timestamp", "true"),
            ("type(duration('1s')) == google.protobuf.Duration", "true"),
            (
                "type(d) == double && type(n) == int && type(u) == uint && type(b'') == bytes && type(s) == string && type(t) == bool",
                "true"
            ),
        ])
    }

    @Test func `text functions count code points and compare bytes`() throws {
        try check([
            ("size('grüße')", "5"), ("s.size()", "5"), ("size('e\\u0301')", "2"), ("size(b'\\xc3\\xbc')", "2"),
            ("size(xs)", "3"), ("o.size()", "5"),
            ("size({1: 2})", "1"), ("size(1)", "!failed"), ("s.contains('üß')", "true"),
            ("'aaab'.contains('aab')", "true"), ("'abab'.contains('abc')", "false"),
            ("s.contains('')", "true"), ("''.contains('')", "true"), ("'é'.contains('e')", "false"),
            ("s.startsWith('gr')", "true"), ("s.startsWith('grüßen')", "false"),
            ("s.endsWith('ße')", "true"), ("s.endsWith('')", "true"), ("'e'.endsWith('ee')", "false"),
            ("s.contains(1)", "!failed"), ("n.contains('a')", "!failed"),
            ("'ÄbC'.lower()", "\"äbc\""), ("upper('äbc')", "\"ÄBC\""), ("trim('\\u00a0 a b \\n')", "\"a b\""),
            ("'   '.trim()", "\"\""), ("lower(1)", "!failed"),
            ("'a,b,,c'.split(',')", "[\"a\",\"b\",\"\",\"c\"]"), ("split('abc', '')", "[\"a\",\"b\",\"c\"]"),
            ("'aüb'.split('')", "[\"a\",\"ü\",\"b\"]"), ("''.split(',')", "[\"\"]"),
            ("''.split('')", "[]"), ("'a,b,c'.split(',', 2)", "[\"a\",\"b,c\"]"), ("'a,b'.split(',', 0)", "[]"),
            ("'a,b'.split(',', -1)", "[\"a\",\"b\"]"), ("'abc'.split('', 2)", "[\"a\",\"bc\"]"),
            ("names.join('-')", "\"ada-bob-cy\""), ("join(names)", "\"adabobcy\""), ("[].join(',')", "\"\""),
            ("[1].join(',')", "!failed"), ("'a'.join(',')", "!failed"),
            ("'aXbX'.replace('X', '--')", "\"a--b--\""), ("replace('aaa', 'aa', 'b')", "\"ba\""),
            ("'aaa'.replace('a', 'b', 2)", "\"bba\""), ("'aü'.replace('', '.')", "\".a.ü.\""),
            ("'abc'.replace('z', '')", "\"abc\""), ("'abc'.replace('', '.', 1)", "\".abc\""),
            ("'a'.replace('a', 1)", "!failed"),
        ])
    }

    @Test func `added functions work on documents`() throws {
        try check([
            ("json({'b': 1, 'a': [1.0, null, 'x']})", #""{\"a\":[1,null,\"x\"],\"b\":1}""#), ("json('a')", #""\"a\"""#),
            ("json(o.a)", #""{\"b\":{\"c\":7}}""#), ("json(int)", "!failed"),
            ("parse_json('{\"a\": [1, 2.5]}').a[1]", "2.5"), ("parse_json(' 7 ') == 7", "true"),
            ("parse_json('{')", "!failed"), ("'[1]'.parse_json()", "[1]"), ("parse_json(1)", "!failed"),
            ("parse_json(json(o)) == o", "true"),
            ("sha256('abc')", "\"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\""),
            ("sha256(b'') == sha256('')", "true"), ("sha256(1)", "!failed"),
            ("round(2.5, 0)", "3"), ("round(-2.5)", "-3"), ("round(1.2345, 2)", "1.23"), ("round(1.235, 2)", "1.24"),
            ("round(7, 2)", "7"), ("round(1e300, 5)", "1e300"), ("type(round(2.0)) == double", "true"),
            ("round(1.5, -1)", "!failed"), ("round(1.5, 16)", "!failed"), ("round('a', 1)", "!failed"),
            ("d.round(0)", "3"), ("round(double('Infinity')) > 1e308", "true"),
            ("sum(xs)", "6"), ("xs.sum()", "6"), ("sum([])", "0"), ("sum([1, 2.5])", "3.5"),
            ("sum([1u, 2u]) == 3u", "true"), ("sum(['a'])", "!failed"), ("sum([1, 'a'])", "!failed"),
            ("sum(['a', 1])", "!failed"),
            ("sum([9223372036854775807, 1])", "!failed"), ("sum(users.map(u, default(u.age, 0)))", "53"),
            ("sum(1)", "!failed"),
            ("min(xs)", "1"), ("max([1, 2.5, 2u])", "2.5"), ("names.max()", "\"cy\""), ("min(3, 1, 2)", "1"),
            ("max([])", "!failed"), ("min([1, 'a'])", "!failed"), ("min([null])", "!failed"),
            ("max([duration('1s'), duration('2s')])", "\"2s\""), ("avg(xs)", "2"), ("avg([1, 2])", "1.5"),
            ("avg([])", "!failed"), ("avg(['a'])", "!failed"),
        ])
    }

    @Test func `default takes the place of what is missing or null only`() throws {
        try check([
            ("default(o.none, 1)", "1"), ("default(o.none.deep.er, 1)", "1"), ("default(missing.x, 'd')", "\"d\""),
            ("default(missing, 2)", "2"), ("default(o.z, 3)", "3"),
            ("default(o.z.q, 3)", "3"), ("default(xs[9], 4)", "4"), ("default(o.a.b.c, 1)", "7"),
            ("default(false, true)", "false"), ("default('', 'x')", "\"\""), ("default(n.x, 1)", "!failed"),
            ("default(1 / 0, 1)", "!failed"), ("default(1, 1 / 0)", "1"), ("default(o.none, o.none)", "!failed"),
            ("default(default(o.q, o.r), 5)", "5"), ("default(size(o.q), 0) + 1", "1"),
            ("default(o.q, {'a': 1}).a", "1"), ("default(xs.map(x, o.q), [])", "[]"),
            ("default(nothing, null)", "null"),
        ])
    }

    @Test func `times keep to the calendar and to their ranges`() throws {
        try check([
            ("timestamp('2024-02-29T12:00:00Z')", "\"2024-02-29T12:00:00Z\""),
            ("timestamp('2024-02-29T12:00:00.120+02:00')", "\"2024-02-29T10:00:00.12Z\""),
            ("timestamp('2023-02-29T12:00:00Z')", "!failed"),
            ("timestamp('2024-01-01')", "!failed"), ("timestamp('2024-01-01T24:00:00Z')", "!failed"),
            ("timestamp('2024-01-01T00:00:00')", "!failed"), ("timestamp('2024-13-01T00:00:00Z')", "!failed"),
            ("timestamp('2024-01-01T00:00:00.1234567891Z')", "!failed"),
            ("timestamp('0000-01-01T00:00:00Z')", "!failed"), ("timestamp('0001-01-01T00:00:00+00:01')", "!failed"),
            ("timestamp(0)", "\"1970-01-01T00:00:00Z\""), ("timestamp(-1)", "\"1969-12-31T23:59:59Z\""),
            ("timestamp(253402300800)", "!failed"), ("timestamp(-62135596801)", "!failed"),
            ("timestamp(now) == now", "true"),
            ("string(now)", "\"2026-01-02T03:04:05.678Z\""), ("int(now)", "1767323045"), ("now.getFullYear()", "2026"),
            ("now.getMonth()", "0"), ("now.getDate()", "2"), ("now.getDayOfMonth()", "1"),
            ("now.getDayOfYear()", "1"), ("now.getDayOfWeek()", "5"), ("now.getHours()", "3"),
            ("now.getMinutes()", "4"), ("now.getSeconds()", "5"), ("now.getMilliseconds()", "678"),
            ("now.getHours('-05:30')", "21"), ("now.getDate('-05:30')", "1"), ("now.getHours('02:00')", "5"),
            ("now.getHours('UTC')", "3"), ("now.getHours('Europe/Berlin')", "4"),
            ("now.getHours('Nowhere/City')", "!failed"), ("now.getHours('../x')", "!failed"),
            ("now.getHours(1)", "!failed"),
            ("timestamp('2024-12-31T00:00:00Z').getDayOfYear()", "365"),
            ("timestamp('0001-01-01T00:00:00Z').getDayOfWeek()", "1"),
            ("timestamp('0001-01-01T00:00:00Z').getFullYear('-01:00')", "0"),
            ("duration('1h30m')", "\"5400s\""), ("duration('-1.5s')", "\"-1.5s\""), ("duration('250ms')", "\"0.25s\""),
            ("duration('1us1ns')", "\"0.000001001s\""), ("duration('0')", "\"0s\""), ("duration('1.5h')", "\"5400s\""),
            ("duration('1')", "!failed"), ("duration('')", "!failed"), ("duration('-')", "!failed"),
            ("duration('1d')", "!failed"), ("duration('1 s')", "!failed"), ("duration('.s')", "!failed"),
            ("duration('9223372037s')", "!failed"), ("duration('9223372036s')", "\"9223372036s\""),
            ("duration('1h30m').getHours()", "1"), ("duration('1h30m').getMinutes()", "90"),
            ("duration('1h').getSeconds()", "3600"), ("duration('3.25s').getMilliseconds()", "250"),
            ("duration('1h').getFullYear()", "!failed"), ("duration('1h').getHours('UTC')", "!failed"),
            ("now + duration('1h') - now", "\"3600s\""), ("duration('1s') + now == now + duration('1s')", "true"),
            ("now - now", "\"0s\""), ("now - duration('0.678s')", "\"2026-01-02T03:04:05Z\""),
            ("timestamp(0) - duration('1ns')", "\"1969-12-31T23:59:59.999999999Z\""),
            ("duration('1s') - duration('2.5s')", "\"-1.5s\""), ("now + now", "!failed"),
            ("duration('1s') - now", "!failed"), ("now + 1", "!failed"), ("duration('1s') * 2", "!failed"),
            ("timestamp(253402300799) + duration('1s')", "!failed"),
            ("duration('5000000000s') + duration('5000000000s')", "!failed"),
            ("timestamp('9999-12-31T23:59:59Z') - timestamp('0001-01-01T00:00:00Z')", "!failed"),
        ])
    }
}
