// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import JSON

/// Answers one line of an official suite of the expression language.
///
/// In: `{"id", "expr", "bindings": {name: typed}, "check"?: bool}`. Out: `{"id", "value": typed}` or `{"id", "error"}`.
/// With `check` the types of the bindings are checked first, and what is wrong with them is the error.
enum CELConformance {
    /// The language's own tests nest deeper and are longer than workflows may be, and call functions that do not exist.
    private static let options = CELExpression.Options(
        byteLimit: 1 << 15,
        depthLimit: 100,
        defersUnknownFunctions: true,
        hasTestMacros: true
    )

    /// The answer; every failure is one.
    static func answer(_ line: JSONObject) -> JSONObject {
        var answer = JSONObject()
        answer.append("id", line["id"] ?? .null)
        do {
            answer.append("value", try TypedValue.encode(try value(of: line)))
        } catch {
            answer.append("error", .string(error.message))
        }
        return answer
    }

    private static func value(of line: JSONObject) throws(CELError) -> CELValue {
        guard case .string(let source)? = line["expr"] else { throw malformed("the line has no `expr`") }
        var bindings: [String: CELValue] = [:]
        if let given = line["bindings"] {
            guard case .object(let object) = given else { throw malformed("`bindings` is not an object") }
            for member in object.members { bindings[member.key] = try TypedValue.decode(member.value) }
        }
        let expression = try CELExpression(source, options: options)
        if line["check"] == .bool(true) { try check(expression, bindings) }
        return try expression.evaluate(in: BoundVariables(values: nested(bindings)))
    }

    private static func check(_ expression: CELExpression, _ bindings: [String: CELValue]) throws(CELError) {
        var environment = TypeEnvironment()
        for (name, value) in nested(bindings) { environment.declare(name, CELType(of: value)) }
        let errors = CELChecker(environment).check(expression).errors
        guard let first = errors.first else { return }
        throw CELError(
            code: .failed,
            message: errors.map(\.message).joined(separator: "; "),
            offset: first.offset
        )
    }

    /// A variable may be bound under a name with points; it is then a field of a map.
    private static func nested(_ bindings: [String: CELValue]) -> [String: CELValue] {
        var result: [String: CELValue] = [:]
        // A longer name comes after its beginning and wins over a field of the same name.
        for (name, value) in bindings.sorted(by: { $0.key < $1.key }) {
            let parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
            result[parts[0]] = put(value, at: parts.dropFirst(), into: result[parts[0]])
        }
        return result
    }

    private static func put(_ value: CELValue, at path: ArraySlice<String>, into outer: CELValue?) -> CELValue {
        guard let name = path.first else { return value }
        var entries: [(CELValue, CELValue)] = []
        if case .map(let known)? = outer { entries = known }
        let place = entries.firstIndex { if case .string(name) = $0.0 { true } else { false } }
        let inner = put(value, at: path.dropFirst(), into: place.map { entries[$0].1 })
        if let place { entries[place].1 = inner } else { entries.append((.string(name), inner)) }
        return .map(entries)
    }

    private static func malformed(_ message: String) -> CELError {
        CELError(code: .failed, message: message)
    }
}

/// The bindings of a line.
private struct BoundVariables: CELScope {
    let values: [String: CELValue]

    func variable(_ name: String) -> CELValue? { values[name] }
}
