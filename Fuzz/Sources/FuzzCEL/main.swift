// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import Driver
import JSON

/// A few variables of every type.
struct Variables: CELScope {
    static let values: JSONObject = [
        "inputs": ["text": "ab c", "number": 3, "ratio": 0.5, "flag": true, "list": [3, 1, 2], "none": nil],
        "nodes": ["a": ["status": "completed", "output": ["rows": [["k": "x", "v": 1], ["k": "y", "v": 2]]]]],
        "item": 7,
    ]

    /// Types as the values show them, and some as schemas say them.
    static let environment: TypeEnvironment = {
        var environment = TypeEnvironment()
        for member in values.members { environment.declare(member.key, CELType(of: CELValue(member.value))) }
        let schema: JSONValue = [
            "type": "object", "additionalProperties": false,
            "properties": ["a": ["type": "number"], "b": ["type": "array", "items": ["type": "string"]]],
        ]
        environment.declare("item", CELType(schema: schema))
        return environment
    }()

    func variable(_ name: String) -> CELValue? { Self.values[name].map { CELValue($0) } }
}

// Neither parsing, checking nor evaluating may stop the program or take longer than its steps allow.
fuzz { start, count in
    let text = String(decoding: bytes(start, count), as: UTF8.self)
    do {
        let expression = try CELExpression(text)
        for mistake in CELChecker(Variables.environment).check(expression).errors {
            precondition((0...text.utf8.count).contains(mistake.offset), "a mistake outside the text")
            _ = mistake.rendered(source: text)
        }
        _ = try? expression.evaluate(in: Variables(), stepLimit: 20_000).json()
    } catch {
        // A closure takes the type of the error for unknown.
        if let error = error as? CELError { _ = error.rendered(source: text) }
    }
    if let template = try? ValueTemplate(.string(text)) {
        _ = try? template.evaluate(in: Variables())
    }
    return 0
}
