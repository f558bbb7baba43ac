// Baton
// SPDX-License-Identifier: Apache-2.0

extension Parser {
    /// An error at a byte position, with line and column counted now.
    @inline(never)
    func failure(_ code: JSONError.Code, at offset: Int, _ message: String) -> JSONError {
        var line = 1
        var column = 1
        for index in 0..<offset {
            let byte = base[index]
            if byte == UInt8(ascii: "\n") {
                line += 1
                column = 1
            } else if byte & 0xC0 != 0x80 {
                column += 1
            }
        }
        return JSONError(code: code, message: message, line: line, column: column, offset: offset)
    }

    /// An error that something else stands at the position.
    @inline(never)
    func unexpected(_ wanted: String) -> JSONError {
        guard position < end else {
            return failure(.syntax, at: end, "expected \(wanted), found the end of the document")
        }
        let byte = base[position]
        let found =
            0x21...0x7E ~= byte ? "\"\(Character(Unicode.Scalar(byte)))\"" : "byte 0x\(String(byte, radix: 16))"
        return failure(.syntax, at: position, "expected \(wanted), found \(found)")
    }
}
