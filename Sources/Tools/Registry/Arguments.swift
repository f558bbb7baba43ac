// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Model

/// Reads arguments that a schema has checked already.
extension JSONValue {
    func text(_ name: String) -> String? { self[name]?.stringValue }

    func texts(_ name: String) -> [String] { (self[name]?.arrayValue ?? []).compactMap(\.stringValue) }

    func flag(_ name: String) -> Bool { self[name]?.boolValue ?? false }

    func integer(_ name: String) -> Int? { self[name]?.intValue.map { Int($0) } }

    /// A span like `10s`; `validation.failed` when it is not one.
    func duration(_ name: String) throws(TaskError) -> Duration? {
        guard let value = self[name], !value.isNull else { return nil }
        guard let text = value.stringValue, let duration = Duration(text: text), duration > .zero else {
            throw .argument(name, "is no span of time such as 10s")
        }
        return duration
    }
}

extension TaskError {
    /// `validation.failed` for one argument.
    static func argument(_ name: String, _ problem: String) -> TaskError {
        TaskError(
            code: "validation.failed",
            errorClass: .permanent,
            message: "\(name) \(problem)",
            details: ["violations": [["pointer": .string("/\(name)"), "message": .string("\(name) \(problem)")]]]
        )
    }

    static func denied(_ message: String) -> TaskError {
        TaskError(code: "tool.denied", errorClass: .permanent, message: message)
    }

    static func failed(_ message: String, _ errorClass: ErrorClass = .permanent, details: JSONValue? = nil) -> TaskError
    {
        TaskError(code: "tool.failed", errorClass: errorClass, message: message, details: details)
    }

    static func timeout(_ what: String, _ limit: Duration, details: JSONValue? = nil) -> TaskError {
        TaskError(
            code: "timeout",
            errorClass: .transient,
            message: "\(what) did not end within \(limit.text)",
            details: details
        )
    }
}

/// Schemas of tools in few words.
enum Schema {
    static func object(_ properties: JSONObject, required: [JSONValue] = []) -> JSONValue {
        [
            "type": "object", "additionalProperties": false, "properties": .object(properties),
            "required": .array(required),
        ]
    }

    static func text(_ description: String, default value: JSONValue? = nil) -> JSONValue {
        typed("string", description, value)
    }

    static func flag(_ description: String) -> JSONValue { typed("boolean", description, false) }

    static func integer(_ description: String, _ range: ClosedRange<Int64>, default value: Int64?) -> JSONValue {
        var schema = typed("integer", description, value.map { .int($0) }).objectValue ?? [:]
        schema["minimum"] = .int(range.lowerBound)
        schema["maximum"] = .int(range.upperBound)
        return .object(schema)
    }

    static func choice(_ values: [JSONValue], _ description: String, default value: JSONValue) -> JSONValue {
        ["enum": .array(values), "description": .string(description), "default": value]
    }

    static func texts(_ description: String) -> JSONValue {
        ["type": "array", "items": ["type": "string"], "description": .string(description)]
    }

    private static func typed(_ type: JSONValue, _ description: String, _ value: JSONValue?) -> JSONValue {
        var schema: JSONObject = ["type": type, "description": .string(description)]
        schema["default"] = value
        return .object(schema)
    }
}
