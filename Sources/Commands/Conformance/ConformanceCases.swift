// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON

/// The cases on standard input, from the first to the last.
struct ConformanceCases {
    let answer: ConformanceCommands.Answer

    /// Writes whatever is known before it waits for more.
    func run(_ console: Console) throws(CommandFailure) {
        var lines = InputLines()
        while let line = try lines.next(beforeWaiting: { console.flush() }) {
            guard line.contains(where: { $0 > 0x20 }) else { continue }
            console.line(JSONValue.object(answer(to: line)).text)
            if console.isBroken { return }
        }
    }

    private func answer(to line: [UInt8]) -> JSONObject {
        let value: JSONValue
        do {
            value = try JSONValue(parsing: line, limits: JSONLimits(maxDepth: 1_024))
        } catch {
            return ["id": nil, "error": .string("the line is no JSON: \(error)")]
        }
        guard let object = value.objectValue else {
            return ["id": nil, "error": "the line is no JSON object"]
        }
        var result: JSONObject = ["id": object["id"] ?? nil]
        do {
            for member in try answer(object) { result[member.key] = member.value }
        } catch {
            result["error"] = .string("\(error)")
        }
        return result
    }
}

/// A case without what it needs.
struct ConformanceError: Error, CustomStringConvertible {
    let description: String

    /// The member of a case that must be there.
    static func member(_ name: String, of object: JSONObject) throws -> JSONValue {
        guard let value = object[name] else { throw ConformanceError(description: "the case has no \"\(name)\"") }
        return value
    }
}
