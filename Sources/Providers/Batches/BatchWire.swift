// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON

/// How calls are put into a batch: a list at Anthropic, a file of JSON lines at OpenAI.
public enum BatchWire {
    /// The formats that have batches.
    public static func has(_ format: WireFormat) -> Bool { [.messages, .chatCompletions, .responses].contains(format) }

    /// A call as an item of a batch.
    ///
    /// - Parameters:
    ///   - name: Of the call within the batch.
    ///   - body: In the provider's form, not asking for a stream.
    public static func item(_ name: String, _ body: JSONValue, as format: WireFormat) -> [UInt8] {
        let item: JSONValue =
            format == .messages
            ? ["custom_id": .string(name), "params": body]
            : ["custom_id": .string(name), "method": "POST", "url": .string(place(of: format)), "body": body]
        return item.bytes()
    }

    /// What OpenAI calls the endpoint of a batch.
    public static func place(of format: WireFormat) -> String {
        format == .responses ? "/v1/responses" : "/v1/chat/completions"
    }

    /// The body that creates a batch of items at Anthropic.
    public static func list(_ items: [[UInt8]]) -> [UInt8] {
        Array(#"{"requests":["#.utf8) + items.joined(separator: [UInt8(ascii: ",")]) + Array("]}".utf8)
    }

    /// The body that puts items as a file at OpenAI, and its type.
    public static func form(_ items: [[UInt8]]) -> (body: [UInt8], type: String) {
        // Every line of the file begins with a brace, so none of them can look like the boundary.
        let boundary = "baton-batch-of-calls"
        let head = """
            --\(boundary)\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nbatch\r\n\
            --\(boundary)\r\nContent-Disposition: form-data; name="file"; filename="batch.jsonl"\r\n\
            Content-Type: application/jsonl\r\n\r\n
            """
        let body = Array(head.utf8) + items.joined(separator: [0x0a]) + Array("\r\n--\(boundary)--\r\n".utf8)
        return (body, "multipart/form-data; boundary=\(boundary)")
    }

    /// The body that creates a batch of a file at OpenAI.
    public static func creation(file: String, as format: WireFormat) -> JSONValue {
        ["input_file_id": .string(file), "endpoint": .string(place(of: format)), "completion_window": "24h"]
    }

    /// An id that may stand in the path of a URL: letters, digits, `_` and `-`, 1 to 128 of them.
    public static func isID(_ text: String) -> Bool {
        (1...128).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case 48...57, 65...90, 97...122, UInt8(ascii: "_"), UInt8(ascii: "-"): true
                default: false
                }
            }
    }
}
