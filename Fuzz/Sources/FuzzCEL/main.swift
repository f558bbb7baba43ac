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

    func variable(_ name: String) -> CELValue? { Self.values[name].map { CELValue($0) } }
}

// Neither parsing nor evaluating may stop the program or take longer than its steps allow.
fuzz { start, count in
    let text = String(decoding: bytes(start, count), as: UTF8.self)
    if let expression = try? CELExpression(text) {
        _ = try? expression.evaluate(in: Variables(), stepLimit: 20_000).json()
    }
    if let template = try? ValueTemplate(.string(text)) {
        _ = try? template.evaluate(in: Variables())
    }
    return 0
}
