// Baton
// SPDX-License-Identifier: Apache-2.0

extension ByteBuffer {
    /// Adds a value in compact form.
    mutating func append(compact value: JSONValue) {
        switch value {
        case .string(let string): append(quoted: string)
        case .int(let int): append(int)
        case .double(let double): append(double, .keepingKind)
        case .array(let array): append(compact: array)
        case .object(let object): append(compact: object)
        case .bool(let bool): append(bool ? "true" : "false")
        case .null: append("null")
        }
    }

    private mutating func append(compact array: [JSONValue]) {
        append(UInt8(ascii: "["))
        var isFirst = true
        for element in array {
            if !isFirst { append(UInt8(ascii: ",")) }
            isFirst = false
            append(compact: element)
        }
        append(UInt8(ascii: "]"))
    }

    private mutating func append(compact object: JSONObject) {
        append(UInt8(ascii: "{"))
        var isFirst = true
        for member in object.members {
            if !isFirst { append(UInt8(ascii: ",")) }
            isFirst = false
            append(quoted: member.key)
            append(UInt8(ascii: ":"))
            append(compact: member.value)
        }
        append(UInt8(ascii: "}"))
    }

    /// Adds a value over several lines; the first continues the current line.
    mutating func append(pretty value: JSONValue, indent: Int) {
        switch value {
        case .array(let array) where !array.isEmpty:
            append(UInt8(ascii: "["))
            for (position, element) in array.enumerated() {
                appendLine(isFirst: position == 0, indent: indent + 2)
                append(pretty: element, indent: indent + 2)
            }
            appendEnd(UInt8(ascii: "]"), indent: indent)
        case .object(let object) where !object.isEmpty:
            append(UInt8(ascii: "{"))
            for (position, member) in object.members.enumerated() {
                appendLine(isFirst: position == 0, indent: indent + 2)
                append(quoted: member.key)
                append(": ")
                append(pretty: member.value, indent: indent + 2)
            }
            appendEnd(UInt8(ascii: "}"), indent: indent)
        default: append(compact: value)
        }
    }

    private mutating func appendLine(isFirst: Bool, indent: Int) {
        append(isFirst ? "\n" : ",\n")
        appendSpaces(indent)
    }

    private mutating func appendEnd(_ bracket: UInt8, indent: Int) {
        append(UInt8(ascii: "\n"))
        appendSpaces(indent)
        append(bracket)
    }
}
