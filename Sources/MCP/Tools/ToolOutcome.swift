// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON

/// What came of a call of a tool.
public enum ToolOutcome: Sendable, Equatable {
    /// It gave something: its structured content, else `{text, content?}`, where `content` has the blocks that are no text.
    case output(JSONValue)
    /// It says that it failed.
    case failed(String)
    /// It wants to ask people or us something first, which it was told that we cannot answer.
    case asks

    /// Reads the result of `tools/call`.
    ///
    /// - Throws: When it is none.
    public init(_ result: JSONObject) throws(MCPFailure) {
        switch result["resultType"]?.stringValue ?? "complete" {
        case "complete": break
        case "input_required":
            self = .asks
            return
        case let type: throw MCPFailure("gave a result of the unknown type `\(type.prefix(40))`")
        }
        let blocks = result["content"]?.arrayValue
        let structured = result["structuredContent"].flatMap { $0.isNull ? nil : $0 }
        guard blocks != nil || structured != nil else { throw MCPFailure("gave a result without content") }
        let text = (blocks ?? []).compactMap { $0["type"] == "text" ? $0["text"]?.stringValue : nil }
            .joined(separator: "\n")
        if result["isError"] == true {
            self = .failed(text.isEmpty ? structured?.text ?? "it said no reason" : text)
        } else if let structured {
            self = .output(structured)
        } else {
            var output: JSONObject = ["text": .string(text)]
            let others = (blocks ?? []).filter { $0["type"] != "text" }
            if !others.isEmpty { output["content"] = .array(others) }
            self = .output(.object(output))
        }
    }
}
