// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import JSON
import Testing

/// Variables from JSON text, and some that JSON cannot hold.
struct TestScope: CELScope {
    static let document = """
        {
          "n": 3, "d": 2.5, "s": "grüße", "t": true, "nothing": null, "big": 9007199254740993,
          "xs": [1, 2, 3], "mixed": [1, 2.5, "a", null, true], "names": ["ada", "bob", "cy"],
          "o": {"a": {"b": {"c": 7}}, "x-y": 1, "in": 2, "null": 3, "z": null},
          "users": [{"name": "ada", "age": 36}, {"name": "bob", "age": 17}, {"name": "cy"}],
          "item": {"tags": ["a", "b"]}
        }
        """

    private let values: JSONObject

    init(_ text: String = document) throws {
        guard case .object(let object) = try JSONValue(parsing: text) else { throw JSONMissing() }
        values = object
    }

    /// The types of all variables, as the values show them.
    var environment: TypeEnvironment {
        var environment = TypeEnvironment()
        for name in values.keys + ["u", "now", "wrapped"] {
            if let value = variable(name) { environment.declare(name, CELType(of: value)) }
        }
        return environment
    }

    func variable(_ name: String) -> CELValue? {
        switch name {
        case "u": .uint(7)
        case "now": .timestamp(seconds: 1_767_323_045, nanoseconds: 678_000_000)
        case "wrapped": .list([.json(.int(1)), .json(.string("a"))])
        default: values[name].map { CELValue($0) }
        }
    }

    struct JSONMissing: Error {}
}

/// Canonical JSON of the value, or `!` and the code of the error.
func outcome(_ source: String, in scope: some CELScope, stepLimit: Int = 1_000_000) -> String {
    do {
        let value = try CELExpression(source).evaluate(in: scope, stepLimit: stepLimit)
        return String(decoding: try value.json().canonicalBytes(), as: UTF8.self)
    } catch {
        return "!\(error.code.rawValue)"
    }
}

/// Evaluates each expression and compares with JSON text or `!code`; what has a value must pass the checker, too, unless
/// the table is about mistakes that other operands hide.
func check(
    _ table: [(source: String, expected: String)],
    hidesMistakes: Bool = false,
    sourceLocation: SourceLocation = #_sourceLocation
) throws {
    let scope = try TestScope()
    for (source, expected) in table {
        var wanted = expected
        if !expected.hasPrefix("!") {
            wanted = String(decoding: try JSONValue(parsing: expected).canonicalBytes(), as: UTF8.self)
        }
        let got = outcome(source, in: scope)
        #expect(got == wanted, "\(source)", sourceLocation: sourceLocation)
        if !expected.hasPrefix("!"), !hidesMistakes {
            let falseAlarms = mistakes(in: source, scope.environment)
            #expect(falseAlarms.isEmpty, "\(source)", sourceLocation: sourceLocation)
        }
    }
}

/// What the checker finds, without what it refuses on purpose although it works.
private func mistakes(in source: String, _ environment: TypeEnvironment) -> [CELTypeError] {
    guard let expression = try? CELExpression(source) else { return [] }
    return CELChecker(environment).check(expression).errors.filter { error in
        !["`==`", "`!=`", "`in`"].contains { error.message.hasPrefix($0) }
    }
}

/// The error of parsing, nil when there is none.
func parseError(_ source: String) -> CELError? {
    do {
        _ = try CELExpression(source)
        return nil
    } catch {
        return error
    }
}
