// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Testing

@Suite struct ParsingTests {
    @Test func `valid documents give their values`() {
        let table: [(String, JSONValue)] = [
            ("null", nil), (" true ", true), ("\t\r\nfalse", false), ("0", 0), ("-0", 0), ("17", 17), ("-17", -17),
            ("9223372036854775807", .int(.max)), ("-9223372036854775808", .int(.min)),
            ("9223372036854775808", .double(9_223_372_036_854_775_808)), ("-9223372036854775809", .double(-0x1p63)),
            ("18446744073709551616", .double(0x1p64)), ("1.5", 1.5), ("-0.0", .double(-0.0)), ("1e2", 100.0),
            ("1E+2", 100.0), ("25e-1", 2.5), ("0e99", .double(0)), ("0.1", 0.1), ("1e-400", .double(0)),
            ("123456789012345678901234567890", 123_456_789_012_345_678_901_234_567_890.0),
            ("0.000000000000000000000000000001", 1e-30), ("5e-324", .double(.leastNonzeroMagnitude)),
            ("1.7976931348623157e308", .double(.greatestFiniteMagnitude)),
            ("9007199254740993.0", 9_007_199_254_740_992.0),
            ("2.2250738585072014e-308", .double(.leastNormalMagnitude)), ("1e23", 1e23), ("8.41e21", 8.41e21),
            ("\"\"", ""), ("\"abc\"", "abc"), ("\"12345678\"", "12345678"), ("\"1234567\\n\"", "1234567\n"),
            (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"), (#""\u0041\u00e9\u20AC\ud83d\uDE00""#, "Aé€😀"),
            ("\"é€😀 12345678901234567890\"", "é€😀 12345678901234567890"), (#""é\n€""#, "é\n€"),
            ("\"\u{7F}\"", "\u{7F}"),
            ("[]", []), ("[ ]", []), ("{}", [:]), ("{ }", [:]), ("[1,[2,[]],{}]", [1, [2, []], [:]]),
            (#"{"a":1,"b":{"a":[null]}}"#, ["a": 1, "b": ["a": [nil]]]), (#"{"":0}"#, ["": 0]),
            (#" { "a" : [ 1 , 2 ] } "#, ["a": [1, 2]]), ("{\"é\":1,\"e\u{301}\":2}", ["é": 1, "e\u{301}": 2]),
        ]
        for (text, value) in table {
            let parsed = try? JSONValue(parsing: text)
            #expect(parsed == value && sameKind(parsed, value), "\(text)")
        }
    }

    private func sameKind(_ left: JSONValue?, _ right: JSONValue) -> Bool {
        switch (left, right) {
        case (.int, .int), (.double, .double): true
        case (.int, .double), (.double, .int): false
        default: true
        }
    }

    @Test func `invalid documents are refused with code and place`() {
        let table: [(String, JSONError.Code, Int, Int)] = [
            ("", .syntax, 1, 1), ("  ", .syntax, 1, 3), ("\n\n x", .syntax, 3, 2), ("nul", .syntax, 1, 1),
            ("nulL", .syntax, 1, 1),
            ("True", .syntax, 1, 1), ("1 2", .syntax, 1, 3), ("[1,]", .syntax, 1, 4), ("[,1]", .syntax, 1, 2),
            ("[1 2]", .syntax, 1, 4), ("[1", .syntax, 1, 3), ("[", .syntax, 1, 2), ("]", .syntax, 1, 1),
            ("[1}", .syntax, 1, 3),
            ("{", .syntax, 1, 2), ("{\"a\"}", .syntax, 1, 5), ("{\"a\":}", .syntax, 1, 6),
            ("{\"a\":1,}", .syntax, 1, 8),
            ("{a:1}", .syntax, 1, 2), ("{1:1}", .syntax, 1, 2), ("{\"a\":1 \"b\":2}", .syntax, 1, 8),
            ("{'a':1}", .syntax, 1, 2),
            ("01", .syntax, 1, 1), ("-01", .syntax, 1, 2), ("-", .syntax, 1, 2), ("+1", .syntax, 1, 1),
            (".5", .syntax, 1, 1),
            ("1.", .syntax, 1, 3), ("1.e1", .syntax, 1, 3), ("1e", .syntax, 1, 3), ("1e+", .syntax, 1, 4),
            ("0x1", .syntax, 1, 2),
            ("NaN", .syntax, 1, 1), ("-Infinity", .syntax, 1, 2), ("1_0", .syntax, 1, 2), ("--1", .syntax, 1, 2),
            ("1e999", .number, 1, 1), ("[-1e309]", .number, 1, 2), ("1e99999999999999999999", .number, 1, 1),
            ("\"", .syntax, 1, 1), ("\"abc", .syntax, 1, 1), ("[\"é\", \"abcdefghijkl", .syntax, 1, 7),
            ("\"\\\"", .syntax, 1, 1), ("\"\\", .syntax, 1, 2), ("\"a\\x\"", .syntax, 1, 3),
            ("\"\\u12\"", .syntax, 1, 2),
            ("\"\\u00g0\"", .syntax, 1, 2), ("\"a\nb\"", .syntax, 1, 3), ("\"1234567\u{1}\"", .syntax, 1, 9),
            ("\"\\ud800\"", .encoding, 1, 2), ("\"\\udc00\"", .encoding, 1, 2), ("\"\\ud800\\ud800\"", .encoding, 1, 2),
            ("\"\\ud800\\n\"", .encoding, 1, 2), ("\"\\uD83Dx\"", .encoding, 1, 2),
            ("\"\\ud83d\\u0041\"", .encoding, 1, 2),
            ("\u{FEFF}1", .encoding, 1, 1), ("// c\n1", .syntax, 1, 1), ("é", .syntax, 1, 1),
            ("[1]\u{0}", .syntax, 1, 4),
            ("{\"a\":1,\n  \"é\": 2, \"b\":3, \"a\":4}", .duplicateKey, 2, 18),
            ("{\"a\":{\"b\":1,\"b\":1}}", .duplicateKey, 1, 13),
            (#"{"a":1,"\u0061":2}"#, .duplicateKey, 1, 8),
        ]
        for (text, code, line, column) in table {
            let error = failure(Array(text.utf8))
            #expect(
                error?.code == code && error?.line == line && error?.column == column,
                "\(text): \(String(describing: error))"
            )
        }
    }

    @Test func `bytes that are not UTF-8 are refused`() {
        let broken: [[UInt8]] = [
            [0x80], [0xC3], [0xC0, 0x80], [0xE2, 0x82], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xFF],
        ]
        for bytes in broken {
            for padding in ["", "abcdefg", "12345678901234567890", "é", "\\n"] {
                let document = Array("[\"\(padding)".utf8) + bytes + Array("\"]".utf8)
                let error = failure(document)
                #expect(
                    error?.code == .encoding && error?.offset == 2 + padding.utf8.count,
                    "\(bytes) after \(padding)"
                )
            }
        }
    }

    @Test func `a document may be as deep and as long as the limits say`() {
        func nested(_ depth: Int) -> [UInt8] {
            Array(
                (String(repeating: "[{\"a\":", count: depth / 2) + "1" + String(repeating: "}]", count: depth / 2)).utf8
            )
        }
        #expect(failure(nested(256)) == nil)
        #expect(failure(nested(258))?.code == .depth)
        #expect(failure(Array(repeating: UInt8(ascii: "["), count: 1_000_000))?.code == .depth)
        #expect(failure(Array("[[1]]".utf8), .init(maxDepth: 1))?.offset == 1)
        #expect(failure(nested(1_024), .init(maxDepth: 1_000_000)) == nil)
        #expect(failure(Array("[12]".utf8), .init(maxBytes: 4)) == nil)
        #expect(failure(Array("[123]".utf8), .init(maxBytes: 4))?.code == .size)
    }

    @Test func `a large object keeps order and finds duplicates`() throws {
        let names = (0..<100_000).map { "\"name\($0)\":\($0)" }
        let value = try JSONValue(parsing: "{\(names.joined(separator: ","))}")
        #expect(value.objectValue?.count == 100_000)
        #expect(value["name99999"] == 99_999 && value["name100000"] == nil)
        #expect(value.objectValue?.members[4_711].key == "name4711")
        for count in [15, 16, 17, 18, 40, 5_000] {
            let text = "{\(names.prefix(count).joined(separator: ",")),\"name3\":1}"
            let error = failure(Array(text.utf8))
            #expect(error?.code == .duplicateKey && error?.offset == text.utf8.count - 10, "\(count)")
        }
    }

    @Test func `a part of a buffer can be read`() throws {
        let bytes = Array("xx[1]xx".utf8)
        #expect(try JSONValue(parsing: bytes[2..<5]) == [1])
    }

    private func failure(_ bytes: [UInt8], _ limits: JSONLimits = .init()) -> JSONError? {
        do throws(JSONError) {
            _ = try JSONValue(parsing: bytes, limits: limits)
            return nil
        } catch {
            return error
        }
    }

    @Test func `names may repeat where that is allowed and the last value counts`() throws {
        let limits = JSONLimits(allowsDuplicateNames: true)
        #expect(
            try JSONValue(parsing: #"{"a":1,"b":{"c":1,"c":2},"a":3}"#, limits: limits).text == #"{"a":3,"b":{"c":2}}"#
        )
        let many = (0..<50).map { "\"k\($0 % 30)\":\($0)" }.joined(separator: ",")
        let value = try JSONValue(parsing: "{\(many)}", limits: limits)
        #expect(value.objectValue?.count == 30 && value["k19"] == 49 && value["k29"] == 29)
    }
}
