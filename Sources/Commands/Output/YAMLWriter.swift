// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON

/// JSON values as YAML 1.2 in block style.
struct YAMLWriter {
    private var lines: [String] = []

    /// The document, ending with a line feed.
    static func text(of value: JSONValue) -> String {
        var writer = YAMLWriter()
        if let scalar = scalar(value) {
            writer.lines.append(scalar)
        } else {
            writer.write(value, indent: 0)
        }
        return writer.lines.joined(separator: "\n") + "\n"
    }

    private mutating func write(_ value: JSONValue, indent: Int) {
        let space = String(repeating: " ", count: indent)
        if let object = value.objectValue {
            for member in object {
                write(member.value, after: "\(space)\(Self.quoted(member.key)):", indent: indent + 2)
            }
        } else if let items = value.arrayValue {
            for item in items { writeItem(item, space, indent) }
        }
    }

    /// A value after its key: on the same line if it is short, else below.
    private mutating func write(_ value: JSONValue, after key: String, indent: Int) {
        if let scalar = Self.scalar(value) {
            lines.append("\(key) \(scalar)")
        } else {
            lines.append(key)
            write(value, indent: indent)
        }
    }

    /// The first line of an item stands behind its dash.
    private mutating func writeItem(_ item: JSONValue, _ space: String, _ indent: Int) {
        if let scalar = Self.scalar(item) {
            lines.append("\(space)- \(scalar)")
        } else {
            let first = lines.count
            write(item, indent: indent + 2)
            lines[first] = "\(space)- " + lines[first].dropFirst(indent + 2)
        }
    }

    /// What fits behind a key: everything but lists and mappings that hold something.
    private static func scalar(_ value: JSONValue) -> String? {
        switch value {
        case .string(let text): quoted(text)
        case .array(let items): items.isEmpty ? "[]" : nil
        case .object(let object): object.isEmpty ? "{}" : nil
        case .null, .bool, .int, .double: value.text
        }
    }

    /// Text that YAML would read as something else, or not at all, is written as a JSON string, which YAML reads too.
    private static func quoted(_ text: String) -> String {
        isPlain(text) ? text : JSONValue.string(text).text.unicodeScalars.map(escaped).joined()
    }

    /// Characters that JSON has as they are and YAML takes for line ends or refuses.
    private static func escaped(_ scalar: Unicode.Scalar) -> String {
        switch scalar.value {
        case 0x7f...0x9f: "\\x" + String(scalar.value, radix: 16)
        case 0x2028, 0x2029, 0xfeff: "\\u" + String(scalar.value, radix: 16)
        default: String(scalar)
        }
    }

    private static func isPlain(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard let first = bytes.first, isLetter(first) || first == UInt8(ascii: "/") || first == UInt8(ascii: "_"),
            bytes.last != UInt8(ascii: " "), bytes.last != UInt8(ascii: ":"), !reserved.contains(text.lowercased())
        else { return false }
        var previous = first
        for byte in bytes {
            guard isLetter(byte) || (0x30...0x39).contains(byte) || inner.contains(byte) else { return false }
            if byte == UInt8(ascii: " "), previous == UInt8(ascii: ":") { return false }
            previous = byte
        }
        return true
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
    }

    /// Harmless inside a text that starts with a letter. A `#` is not here: behind a space it begins a comment.
    private static let inner = Set(" _-./@:()+=;".utf8)
    /// What YAML 1.1 and 1.2 take for null, a boolean or a number.
    private static let reserved: Set<String> = [
        "null", "true", "false", "yes", "no", "on", "off", "y", "n", "nan", "inf",
    ]
}
