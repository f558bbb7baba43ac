// Baton
// SPDX-License-Identifier: Apache-2.0

internal import JSON
internal import Model

/// What happened, as it is written.
struct LogRecord: Sendable {
    var at: Timestamp
    var level: LogLevel
    var message: String
    var fields: KeyValuePairs<String, JSONValue>

    /// The most bytes of a message or of a text in a field.
    static let textLimit = 8192

    /// Appends the record as a line.
    func write(_ format: LogFormat, _ mask: (String) -> String, into bytes: inout [UInt8]) {
        let message = Self.short(mask(message))
        let fields = fields.map { (name: $0.key, value: Self.masked($0.value, mask)) }
        switch format {
        case .text: writeText(message, fields, into: &bytes)
        case .json: writeJSON(message, fields, into: &bytes)
        }
        bytes.append(UInt8(ascii: "\n"))
    }

    private func writeText(_ message: String, _ fields: [(name: String, value: JSONValue)], into bytes: inout [UInt8]) {
        bytes += "\(at) \(level.rawValue.uppercased()) \(Self.visible(message))".utf8
        for field in fields {
            bytes += " \(Self.visible(field.name))=".utf8
            if case .string(let text) = field.value, Self.isPlain(text) {
                bytes += text.utf8
            } else {
                field.value.write(into: &bytes)
            }
        }
    }

    private func writeJSON(_ message: String, _ fields: [(name: String, value: JSONValue)], into bytes: inout [UInt8]) {
        var object: JSONObject = [
            "at": .string(at.description), "level": .string(level.rawValue), "message": .string(message),
        ]
        for field in fields { object[object.contains(field.name) ? field.name + "_" : field.name] = field.value }
        JSONValue.object(object).write(into: &bytes)
    }

    /// A text that needs no quotes.
    private static func isPlain(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                switch byte {
                case 48...57, 65...90, 97...122: true
                default: "-_.:/@+%#".utf8.contains(byte)
                }
            }
    }

    /// Without what would end the line or change the terminal.
    private static func visible(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": result += "\\n"
            case let scalar where isControl(scalar): result += "\\u{\(String(scalar.value, radix: 16))}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value) || scalar.value == 0x2028 || scalar.value == 0x2029
    }

    private static func masked(_ value: JSONValue, _ mask: (String) -> String) -> JSONValue {
        switch value {
        case .null, .bool, .int, .double: value
        case .string(let text): .string(short(mask(text)))
        case .array(let values): .array(values.map { masked($0, mask) })
        case .object(let object):
            .object(JSONObject(members: object.members.map { .init(key: mask($0.key), value: masked($0.value, mask)) }))
        }
    }

    private static func short(_ text: String) -> String {
        guard text.utf8.count > textLimit else { return text }
        var end = text.utf8.index(text.startIndex, offsetBy: textLimit)
        while end.samePosition(in: text.unicodeScalars) == nil { end = text.utf8.index(before: end) }
        return "\(text[..<end])…"
    }
}
