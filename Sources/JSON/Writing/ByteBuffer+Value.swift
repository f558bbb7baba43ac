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

    /// Adds a value in canonical form.
    mutating func append(canonical value: JSONValue, roundsIntegers: Bool) {
        switch value {
        case .int(let int) where roundsIntegers && int.magnitude > 1 << 53: append(Double(int), .canonical)
        case .double(let double): append(double, .canonical)
        case .array(let array):
            append(UInt8(ascii: "["))
            for (position, element) in array.enumerated() {
                if position > 0 { append(UInt8(ascii: ",")) }
                append(canonical: element, roundsIntegers: roundsIntegers)
            }
            append(UInt8(ascii: "]"))
        case .object(let object):
            append(UInt8(ascii: "{"))
            append(canonical: object.members, roundsIntegers: roundsIntegers)
            append(UInt8(ascii: "}"))
        default: append(compact: value)
        }
    }

    /// Adds members by the UTF-16 code units of their names. Only positions are sorted: members are costly to move.
    private mutating func append(canonical members: [JSONObject.Member], roundsIntegers: Bool) {
        let isSorted = members.indices.dropFirst().allSatisfy { Self.precedes(members[$0 - 1].key, members[$0].key) }
        if isSorted {
            for position in members.indices {
                append(canonical: members, position, isFirst: position == 0, roundsIntegers: roundsIntegers)
            }
        } else {
            let order = members.indices.sorted { Self.precedes(members[$0].key, members[$1].key) }
            for (place, position) in order.enumerated() {
                append(canonical: members, position, isFirst: place == 0, roundsIntegers: roundsIntegers)
            }
        }
    }

    private mutating func append(
        canonical members: [JSONObject.Member],
        _ position: Int,
        isFirst: Bool,
        roundsIntegers: Bool
    ) {
        if !isFirst { append(UInt8(ascii: ",")) }
        append(quoted: members[position].key)
        append(UInt8(ascii: ":"))
        append(canonical: members[position].value, roundsIntegers: roundsIntegers)
    }

    private static func precedes(_ left: String, _ right: String) -> Bool {
        let (left, right) = (left.utf8, right.utf8)
        // In ASCII, bytes are code units; other texts are rare as names.
        for (first, second) in zip(left, right) where first != second {
            if first < 0x80, second < 0x80 { return first < second }
            return String(left).utf16.lexicographicallyPrecedes(String(right).utf16)
        }
        return left.count < right.count
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
