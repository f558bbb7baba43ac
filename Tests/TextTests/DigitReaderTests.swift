// Baton
// SPDX-License-Identifier: Apache-2.0

import Testing
import Text

@Suite struct DigitReaderTests {
    @Test func `digits and characters are taken from the front`() {
        var reader = DigitReader("2024-5x")
        let year = reader.number(4)
        let dash = reader.take("-")
        let tooMany = reader.number(2)
        let rest = reader.number()
        let name = reader.take { $0 == UInt8(ascii: "x") }
        #expect(year == 2024 && dash && tooMany == nil && rest == 5 && name == "x")
        #expect(reader.isAtEnd && reader.next == nil)
    }

    @Test func `numbers that do not fit are refused`() {
        var reader = DigitReader("1234567890123456789")
        let number = reader.number()
        let eighteen = reader.number(18)
        #expect(number == nil && eighteen == 123_456_789_012_345_678)
    }

    @Test func `fractions are nanoseconds`() {
        for (text, expected) in [("5", 500_000_000), ("000000001", 1), ("1234567891", 123_456_789)] as [(String, Int32)]
        {
            var reader = DigitReader(text)
            let got = reader.nanoseconds()
            #expect(got == expected, "\(text)")
        }
        var empty = DigitReader("")
        let none = empty.nanoseconds()
        #expect(none == nil)
    }
}
