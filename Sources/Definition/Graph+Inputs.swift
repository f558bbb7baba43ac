// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON
import Text

/// One way in which the inputs given for a run do not fit.
public struct InputViolation: Sendable, Equatable, CustomStringConvertible {
    /// JSON Pointer into the inputs.
    public let pointer: String
    /// What is wrong, for people.
    public let message: String

    /// Names a place and what is wrong with it.
    public init(pointer: String, message: String) {
        self.pointer = pointer
        self.message = message
    }

    /// Place and message.
    public var description: String { pointer.isEmpty ? message : "\(pointer): \(message)" }
}

/// Why a run cannot start with the inputs given: everything that is wrong with them.
public struct InputError: Error, Sendable, Equatable, CustomStringConvertible {
    /// At least one.
    public let violations: [InputViolation]

    /// One line for each.
    public var description: String { violations.map(\.description).joined(separator: "\n") }
}

extension Graph {
    /// Fills in the defaults and checks every input against its schema.
    ///
    /// - Returns: An object with the declared inputs, in declared order.
    /// - Throws: InputError with unknown inputs, missing ones, and those that do not satisfy their schema.
    public func checkInputs(_ given: JSONObject) throws(InputError) -> JSONValue {
        var violations = unknownInputs(given)
        var result = JSONObject()
        for input in inputs {
            let pointer = JSONPointer.root.appending(input.name)
            guard let value = given[input.name] ?? input.defaultValue else {
                violations.append(.init(pointer: pointer.description, message: "input `\(input.name)` is required"))
                continue
            }
            result.append(input.name, value)
            violations += Self.violations(of: value, input, pointer)
        }
        guard violations.isEmpty else { throw InputError(violations: violations) }
        return .object(result)
    }

    private func unknownInputs(_ given: JSONObject) -> [InputViolation] {
        let known = inputs.map(\.name)
        var speller = Speller()
        return given.keys.filter { !known.contains($0) }.map { name in
            let suggestion = speller.nearest(to: name, among: known).map { "; did you mean `\($0)`?" } ?? ""
            let pointer = JSONPointer.root.appending(name).description
            return InputViolation(pointer: pointer, message: "there is no input `\(name)`\(suggestion)")
        }
    }

    private static func violations(of value: JSONValue, _ input: Input, _ pointer: JSONPointer) -> [InputViolation] {
        do {
            return try JSONSchema(input.schema, options: .strict).validate(value).map { violation in
                let place = JSONPointer(tokens: pointer.tokens + violation.instancePointer.tokens)
                return InputViolation(pointer: place.description, message: "input `\(input.name)`: \(violation)")
            }
        } catch {
            return [InputViolation(pointer: pointer.description, message: "its schema cannot be used: \(error)")]
        }
    }
}
