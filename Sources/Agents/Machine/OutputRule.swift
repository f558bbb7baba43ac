// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Model

/// What an answer has to be.
struct OutputRule: Sendable {
    /// The schema of the answer; `nil` for words.
    let source: JSONValue?
    private let schema: JSONSchema?

    /// How often a model may correct an answer.
    static let repairLimit = 2

    init(_ source: JSONValue?) throws(TaskError) {
        self.source = source
        do throws(JSONSchemaError) {
            schema = try source.map { source throws(JSONSchemaError) in try JSONSchema(source) }
        } catch {
            throw .invalid("`output_schema`: \(error)")
        }
    }

    /// The output that an answer stands for, or what is wrong with it, one line for each thing.
    func output(of text: String, isSimulated: Bool) -> Result<JSONValue, Violations> {
        let data = Self.data(in: text)
        guard let schema else {
            var output: JSONObject = ["text": .string(text), "data": data ?? .null]
            if isSimulated { output["simulated"] = true }
            return .success(.object(output))
        }
        guard let data else { return .failure(Violations(lines: ["the answer is no JSON value"])) }
        let violations = schema.validate(data).prefix(20).map { violation in
            let place = violation.instancePointer.description
            return "\(place.isEmpty ? "the value" : place): \(violation.message)"
        }
        return violations.isEmpty ? .success(data) : .failure(Violations(lines: violations))
    }

    /// The answer is `{success: false, reason, …}`.
    static func refusal(in text: String) -> JSONObject? {
        guard let object = data(in: text)?.objectValue, object["success"] == false,
            object["reason"]?.stringValue != nil
        else { return nil }
        return object
    }

    /// The value that a text is, also within the fences of a block of code.
    static func data(in text: String) -> JSONValue? {
        if let value = try? JSONValue(parsing: text) { return value }
        var lines = text.split(whereSeparator: \.isNewline)
        guard lines.count >= 3, lines.removeFirst().hasPrefix("```"), lines.removeLast() == "```" else { return nil }
        return try? JSONValue(parsing: lines.joined(separator: "\n"))
    }

    /// What is wrong with an answer.
    struct Violations: Error, Equatable {
        let lines: [String]
    }
}
