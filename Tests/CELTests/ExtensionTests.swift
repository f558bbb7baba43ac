// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import Testing

@Suite struct ExtensionTests {
    @Test func `text functions count characters`() throws {
        try check([
            ("s.charAt(2)", "\"ü\""), ("s.charAt(5)", "\"\""), ("s.charAt(6)", "!failed"), ("s.charAt(-1)", "!failed"),
            ("s.indexOf('ß')", "3"), ("'aüaü'.indexOf('ü', 2)", "3"), ("s.indexOf('')", "0"), ("s.indexOf('', 3)", "3"),
            ("s.indexOf('x')", "-1"), ("s.indexOf('g', 9)", "!failed"), ("'aüaü'.lastIndexOf('ü')", "3"),
            ("'aüaü'.lastIndexOf('ü', 2)", "1"), ("'abab'.lastIndexOf('ab', 2)", "2"), ("'ab'.lastIndexOf('')", "2"),
            ("s.substring(2)", "\"üße\""), ("s.substring(1, 3)", "\"rü\""), ("s.substring(3, 1)", "!failed"),
            ("s.substring(0, 9)", "!failed"), ("'ÄbC'.lowerAscii()", "\"Äbc\""), ("'äbC'.upperAscii()", "\"äBC\""),
            ("'abü'.reverse()", "\"üba\""), ("strings.quote('a\"\\n\\\\ü')", #""\"a\\\"\\n\\\\ü\"""#),
            ("base64.encode(b'hello')", "\"aGVsbG8=\""), ("base64.decode('aGVsbG8') == b'hello'", "true"),
            ("base64.decode('a')", "!failed"), ("base64.decode('a$b=')", "!failed"), ("base64.encode(b'')", "\"\""),
            ("base64.decode('//79+g==') == b'\\xff\\xfe\\xfd\\xfa'", "true"), ("base64.encode('a')", "!failed"),
        ])
    }

    @Test func `formats write values into text`() throws {
        try check([
            ("'%s is %d%%'.format(['a', 5])", "\"a is 5%\""),
            ("'%.2f|%e|%.0f'.format([1.005, 1234.5, 2.5])", "\"1.00|1.234500e+03|2\""),
            ("'%f'.format([2])", "\"2.000000\""), ("'%b %o %x %X'.format([5, 8u, 255, 'ü'])", "\"101 10 ff C3BC\""),
            ("'%x'.format([-255])", "\"-ff\""), ("'%b'.format([true])", "\"1\""),
            ("'%s'.format([o.a])", "\"{b: {c: 7}}\""),
            ("'%s'.format([[1, 'a', null, 2.0, b'\\xff\\xfex']])", "\"[1, a, null, 2, �x]\""),
            ("'%s'.format([int])", "\"int\""),
            ("'%s %s'.format([now, duration('90s')])", "\"2026-01-02T03:04:05.678Z 90s\""),
            ("'%d'.format(['a'])", "!failed"), ("'%y'.format([1])", "!failed"), ("'%s'.format([])", "!failed"),
            ("'%'.format([1])", "!failed"), ("'%.101f'.format([1.0])", "!failed"), ("'%.f'.format([1.0])", "!failed"),
            ("'%f'.format([double('NaN')])", "\"NaN\""), ("'%f'.format([1e300]).size()", "308"),
            ("'%s'.format([optional.of(1)])", "!failed"),
        ])
    }

    @Test func `functions of mathematics keep to the types`() throws {
        try check([
            ("math.greatest(1, 2.5, 2u)", "2.5"), ("math.least([3, 1, 2])", "1"), ("math.greatest(-5)", "-5"),
            ("math.greatest('a')", "!failed"), ("math.greatest([])", "!failed"), ("math.ceil(1.2)", "2"),
            ("math.floor(-1.2)", "-2"),
            ("math.round(-1.5)", "-2"), ("math.trunc(-1.9)", "-1"), ("math.ceil(1)", "!failed"), ("math.abs(-3)", "3"),
            ("math.abs(-9223372036854775808)", "!failed"), ("math.sign(-2.5)", "-1"), ("math.sign(0u) == 0u", "true"),
            ("math.sqrt(16)", "4"), ("math.isNaN(math.sqrt(-1.0))", "true"), ("math.isInf(1.0 / 0.0)", "true"),
            ("math.isFinite(1.0)", "true"), ("math.bitAnd(6, 3)", "2"), ("math.bitOr(4, -2)", "-2"),
            ("math.bitXor(1u, 3u) == 2u", "true"),
            ("math.bitNot(0)", "-1"), ("math.bitShiftLeft(1, 63) < 0", "true"), ("math.bitShiftLeft(1, 200)", "0"),
            ("math.bitShiftRight(-1024, 3)", "2305843009213693824"), ("math.bitShiftRight(1, -1)", "!failed"),
            ("math.bitAnd(1, 1u)", "!failed"), ("math.log(1)", "!unknownFunction"),
            ("math.abs(1, 2)", "!unknownFunction"),
        ])
    }

    @Test func `lists are cut, sorted and compared as sets`() throws {
        try check([
            ("xs.slice(1, 3)", "[2, 3]"), ("xs.slice(2, 1)", "!failed"), ("xs.slice(0, 4)", "!failed"),
            ("[[1, [2]], [3], 4].flatten()", "[1, [2], 3, 4]"), ("[[1, [2]], [3]].flatten(2)", "[1, 2, 3]"),
            ("[1].flatten(-1)", "!failed"), ("[1, 2, 1, 1.0, 'a'].distinct()", "[1, 2, \"a\"]"),
            ("[3, 1, 2].sort()", "[1, 2, 3]"),
            ("['b', 'a'].sort()", "[\"a\", \"b\"]"), ("[1, 'a'].sort()", "!failed"), ("[null].sort()", "!failed"),
            ("[].sort()", "[]"),
            ("users.filter(u, has(u.age)).sortBy(u, u.age).map(u, u.name)", "[\"bob\", \"ada\"]"),
            ("users.sortBy(u, size(u.name) * 0).map(u, u.name)", "[\"ada\", \"bob\", \"cy\"]"),
            ("xs.sortBy(x, [x])", "!failed"),
            ("lists.range(4)", "[0, 1, 2, 3]"), ("lists.range(-1)", "!failed"), ("xs.reverse()", "[3, 2, 1]"),
            (
                "lists.range(100).map(x, (x * 37) % 101).sort() == lists.range(100).map(x, (x * 37) % 101).sort().distinct()",
                "true"
            ),
            ("sets.contains(xs, [1, 1.0])", "true"), ("sets.contains(xs, [4])", "false"),
            ("sets.equivalent([1, 1], [1u])", "true"),
            ("sets.intersects(xs, [9, 3])", "true"), ("sets.intersects(xs, [])", "false"),
            ("sets.contains(1, [1])", "!failed"),
        ])
    }

    @Test func `addresses of the Internet are read, written and sorted into blocks`() throws {
        try check([
            ("string(ip('2001:DB8:0:0:1:0:0:1'))", "\"2001:db8::1:0:0:1\""), ("[ip('::1')]", "[\"::1\"]"),
            ("ip('::') == ip('::')", "true"),
            ("ip('1.2.3')", "!failed"), ("ip('1.2.3.256')", "!failed"), ("ip('01.2.3.4')", "!failed"),
            ("ip('1::2::3')", "!failed"),
            ("ip('1:2:3:4:5:6:7')", "!failed"), ("ip('fe80::1%eth0')", "!failed"), ("isIP('::1')", "true"),
            ("isIP('x')", "false"),
            ("isCIDR('10.0.0.0/8')", "true"), ("isCIDR('10.0.0.0/33')", "false"),
            ("ip.isCanonical('2001:DB8::1')", "false"),
            ("cidr('10.0.0.0/8').containsIP('10.255.0.1')", "true"),
            ("cidr('10.0.0.0/9').containsIP(ip('10.255.0.1'))", "false"),
            ("cidr('10.0.0.0/8').containsCIDR('10.1.0.0/16')", "true"),
            ("cidr('10.1.0.0/16').containsCIDR('10.0.0.0/8')", "false"),
            ("string(cidr('10.1.2.3/12').masked())", "\"10.0.0.0/12\""), ("cidr('::1/64').prefixLength()", "64"),
            ("string(cidr('10.1.2.3/12').ip())", "\"10.1.2.3\""), ("ip('::ffff:c0a8:1') == ip('192.168.0.1')", "true"),
            ("ip('10.0.0.1').family() + ip('::1').family()", "10"), ("ip('fe80::1').isLinkLocalUnicast()", "true"),
            ("ip('127.9.9.9').isLoopback() && !ip('8.8.8.8').isLoopback()", "true"),
            ("ip('8.8.8.8').isGlobalUnicast()", "true"),
            ("ip('ff02::1').isLinkLocalMulticast()", "true"), ("ip('0.0.0.0').isUnspecified()", "true"),
            ("'a'.family()", "!failed"),
            ("type(ip('::1')) == net.IP && type(cidr('::/0')) == net.CIDR", "true"),
            ("cidr('::/0').family()", "!failed"),
        ])
    }
}
