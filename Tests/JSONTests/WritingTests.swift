// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Testing

@Suite struct WritingTests {
    @Test func `compact text is exact`() {
        let table: [(JSONValue, String)] = [
            (nil, "null"), (true, "true"), (0, "0"), (-1, "-1"), (10, "10"), (99, "99"), (100, "100"),
            (1_234_567_890, "1234567890"),
            (.int(.max), "9223372036854775807"), (.int(.min), "-9223372036854775808"), (1.0, "1.0"), (-2.5, "-2.5"),
            (.double(-0.0), "-0.0"), (0.0, "0.0"), (1e21, "1e+21"), (1e20, "100000000000000000000.0"), (1e-7, "1e-7"),
            (.double(.infinity), "null"), (.double(.nan), "null"), ("", "\"\""), ("a\"b\\c/d", #""a\"b\\c/d""#),
            ("12345678\n", #""12345678\n""#),
            ("\u{0}\u{1F}\u{8}\u{C}\r\t\u{7F}", "\"\\u0000\\u001f\\b\\f\\r\\t\u{7F}\""),
            ("é€😀", "\"é€😀\""), ([], "[]"), ([1, [2], [:]], "[1,[2],{}]"),
            (["b": 1, "a": [nil]], #"{"b":1,"a":[null]}"#),
        ]
        for (value, text) in table { #expect(value.text == text && value.bytes().text == text, "\(text)") }
    }

    @Test func `pretty text puts each member on a line`() {
        let value: JSONValue = ["a": [1, ["b": nil]], "e": [], "o": [:]]
        let text = """
            {
              "a": [
                1,
                {
                  "b": null
                }
              ],
              "e": [],
              "o": {}
            }
            """
        #expect(value.prettyText == text)
    }

    @Test func `pieces append to what is there`() {
        var bytes = Array("{".utf8)
        JSONWriter.appendString("k\n", into: &bytes)
        bytes.append(UInt8(ascii: ":"))
        JSONWriter.appendInteger(-12, into: &bytes)
        JSONWriter.appendDouble(0.25, into: &bytes)
        JSONValue.array([true]).write(into: &bytes)
        #expect(bytes.text == #"{"k\n":-120.25[true]"#)
    }

    @Test func `a byte to escape is found at every place`() {
        for size in 1..<40 {
            for place in 0..<size {
                for byte in ["\"", "\\", "\n", "\u{1F}"] {
                    let text =
                        String(repeating: "a", count: place) + byte + String(repeating: "b", count: size - place - 1)
                    let value = JSONValue.string(text)
                    var piece: [UInt8] = []
                    JSONWriter.appendString(text, into: &piece)
                    let again = try? JSONValue(parsing: piece)
                    if again != value || piece != value.bytes() { Issue.record("\(byte) at \(place) of \(size)") }
                }
            }
        }
    }

    @Test func `long documents are whole`() throws {
        let long = JSONValue.string(String(repeating: "é\n", count: 30_000))
        let value = JSONValue.array((0..<5_000).map { [.int($0), "text \($0)", .double(Double($0) / 8)] } + [long])
        var bytes = Array("[".utf8)
        value.write(into: &bytes)
        #expect(bytes == Array("[".utf8) + Array(value.text.utf8))
        #expect(try JSONValue(parsing: value.canonicalBytes()) == value)
        #expect(try JSONValue(parsing: value.prettyText) == value)
    }

    @Test func `numbers have the canonical spelling of RFC 8785 appendix B`() {
        let table: [(UInt64, String)] = [
            (0x0000_0000_0000_0000, "0"), (0x8000_0000_0000_0000, "0"), (0x0000_0000_0000_0001, "5e-324"),
            (0x8000_0000_0000_0001, "-5e-324"), (0x7FEF_FFFF_FFFF_FFFF, "1.7976931348623157e+308"),
            (0xFFEF_FFFF_FFFF_FFFF, "-1.7976931348623157e+308"), (0x4340_0000_0000_0000, "9007199254740992"),
            (0xC340_0000_0000_0000, "-9007199254740992"), (0x4430_0000_0000_0000, "295147905179352830000"),
            (0x44B5_2D02_C7E1_4AF5, "9.999999999999997e+22"), (0x44B5_2D02_C7E1_4AF6, "1e+23"),
            (0x44B5_2D02_C7E1_4AF7, "1.0000000000000001e+23"), (0x444B_1AE4_D6E2_EF4E, "999999999999999700000"),
            (0x444B_1AE4_D6E2_EF4F, "999999999999999900000"), (0x444B_1AE4_D6E2_EF50, "1e+21"),
            (0x3EB0_C6F7_A0B5_ED8C, "9.999999999999997e-7"), (0x3EB0_C6F7_A0B5_ED8D, "0.000001"),
            (0x41B3_DE43_5555_5553, "333333333.3333332"), (0x41B3_DE43_5555_5554, "333333333.33333325"),
            (0x41B3_DE43_5555_5555, "333333333.3333333"), (0x41B3_DE43_5555_5556, "333333333.3333334"),
            (0x41B3_DE43_5555_5557, "333333333.33333343"), (0xBECB_F647_612F_3696, "-0.0000033333333333333333"),
            (0x4314_3FF3_C1CB_0959, "1424953923781206.2"),
        ]
        for (bits, text) in table {
            #expect(JSONValue.double(Double(bitPattern: bits)).canonicalBytes().text == text)
        }
    }

    @Test func `documents have the canonical form of RFC 8785 section 3`() throws {
        let example = #"""
            {
              "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
              "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
              "literals": [null, true, false]
            }
            """#
        let canonical =
            #"{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"#
            + #""string":"€$\u000f\nA'B\"\\\\\"/"}"#
        #expect(try JSONValue(parsing: example).canonicalBytes().text == canonical)
        let sorting = #"""
            {"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One",
            "\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"}
            """#
        let sorted = try JSONValue(parsing: JSONValue(parsing: sorting).canonicalBytes())
        #expect(sorted.objectValue?.keys == ["\r", "1", "\u{80}", "ö", "€", "😀", "\u{FB33}"])
        #expect(try JSONValue(parsing: "[1.0, 9007199254740993]").canonicalBytes().text == "[1,9007199254740993]")
    }

    @Test func `a tree that is not made of JSON values has the same canonical form`() throws {
        for count in [0, 1, 5, 16, 17, 40] {
            let starts = ["k", "", "\u{FB33}", "k", "😀"]
            let keys: [String] = (0..<count).map { index in "\(starts[index % 5])\(index * 37 % 41)" }
            var object = JSONObject()
            for key in keys { object[key] = [.string(key), 1.5] }
            var writer = CanonicalWriter()
            writer.writeObject(count: count, key: { keys[$0] }) { writer, position in
                writer.writeArray(count: 2) { writer, index in
                    if index == 0 { writer.write(keys[position]) } else { writer.write(.double(1.5)) }
                }
            }
            #expect(writer.finish() == JSONValue.object(object).canonicalBytes(), "\(count)")
            let sorted = keys.sorted { left, right in left.utf16.lexicographicallyPrecedes(right.utf16) }
            let read = try JSONValue(parsing: JSONValue.object(object).canonicalBytes())
            #expect(read.objectValue?.keys == sorted, "\(count)")
        }
    }

    @Test func `every double reads back as itself and is as short as can be`() {
        var generator = SeededGenerator(state: 1)
        var doubles = (0..<3_000).map { _ in generator.anyDouble() }
        doubles += (0..<3_000).map { _ in Double(Int32.random(in: .min ... .max, using: &generator)) / 10_000 }
        doubles += (0..<300).map { Double(sign: .plus, exponent: $0 - 150, significand: 1) }
        doubles += (-307...308).compactMap { Double("1e\($0)") }
        let wrong = doubles.filter { double in
            let text = JSONValue.double(double).text
            guard case .double(let again)? = try? JSONValue(parsing: text) else { return true }
            return again.bitPattern != double.bitPattern || digits(text) != digits(double.description)
        }
        #expect(wrong == [])
    }

    /// The significant digits.
    private func digits(_ text: String) -> String {
        let mantissa = text.prefix { $0 != "e" }.filter(\.isNumber).drop { $0 == "0" }
        return String(String(mantissa.reversed()).drop { $0 == "0" })
    }

    @Test func `random values survive every form`() {
        var generator = SeededGenerator(state: 2)
        let values = (0..<400).map { _ in generator.value(depth: 4) }
        let wrong = values.filter { value in
            let forms = [value.bytes(), Array(value.prettyText.utf8), value.canonicalBytes()]
            return forms.contains { (try? JSONValue(parsing: $0)) != value }
        }
        #expect(wrong == [])
        #expect(values.allSatisfy { (try? JSONValue(parsing: $0.bytes()))?.bytes() == $0.bytes() })
    }

    @Test func `integers beyond what doubles hold are rounded in canonical form on demand`() {
        let value: JSONValue = [9_007_199_254_740_992, 9_007_199_254_740_993, .int(.max), .int(.min)]
        #expect(value.canonicalBytes().text == value.text)
        let rounded = "[9007199254740992,9007199254740992,9223372036854776000,-9223372036854776000]"
        #expect(value.canonicalBytes(roundsIntegers: true).text == rounded)
    }
}
