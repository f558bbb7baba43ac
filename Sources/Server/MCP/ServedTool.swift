// Baton
// SPDX-License-Identifier: Apache-2.0

internal import JSON

/// A tool that clients of the Model Context Protocol may call: a request to an operation of the API in other clothes, so that
/// whatever holds for the operation holds for the tool.
struct ServedTool: Sendable {
    /// The request that a call comes to.
    struct Request: Sendable {
        var method = "POST"
        var path: String
        var body: [UInt8] = []
        var type = "application/json"
        /// Seconds in which an end is waited for.
        var patience: Int64?
        /// The answer is that of `POST /v1/execute`.
        var isExecution = false
    }

    let name: String
    let description: String
    let inputSchema: JSONValue
    /// It changes nothing.
    let isRead: Bool
    let request: @Sendable (JSONObject) -> Request

    /// As clients see it.
    var json: JSONValue {
        [
            "name": .string(name), "description": .string(description), "inputSchema": inputSchema,
            "annotations": ["readOnlyHint": .bool(isRead)],
        ]
    }

    /// The form of names that all clients take.
    static func isName(_ name: String) -> Bool {
        (1...128).contains(name.utf8.count)
            && name.utf8.allSatisfy { byte in
                switch byte {
                case 48...57, 65...90, 97...122, 0x2d, 0x2e, 0x5f: true
                default: false
                }
            }
    }

    /// A tool that is called, or what is published as a workflow or workstack.
    static func called(_ name: String, _ description: String, _ schema: JSONValue, isRead: Bool) -> ServedTool {
        ServedTool(name: name, description: description, inputSchema: schema, isRead: isRead) { arguments in
            let body: JSONValue = ["name": .string(name), "arguments": .object(arguments)]
            return Request(path: "/v1/execute", body: body.bytes(), isExecution: true)
        }
    }

    // MARK: Paths

    /// A path of these parts.
    static func path(_ parts: String...) -> String { parts.map { "/\(encoded($0))" }.joined() }

    /// A path with a query; what is `nil` is left out.
    static func path(_ path: String, _ query: [(name: String, value: String?)]) -> String {
        let items = query.compactMap { item in item.value.map { "\(item.name)=\(encoded($0))" } }
        return items.isEmpty ? path : "\(path)?\(items.joined(separator: "&"))"
    }

    private static func encoded(_ text: String) -> String {
        var result = ""
        for byte in text.utf8 {
            switch byte {
            case 48...57, 65...90, 97...122, 0x2d, 0x5f, 0x7e: result.append(Character(Unicode.Scalar(byte)))
            case 0x2e where text != "." && text != "..": result.append(".")
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                result += digits.count == 1 ? "%0\(digits)" : "%\(digits)"
            }
        }
        return result
    }
}
