// Baton
// SPDX-License-Identifier: Apache-2.0

// Evaluations per second of processor time, of expressions as they stand in workflows.

import CEL
import Glibc
import JSON

/// Variables in a JSON object, as a run keeps them.
struct Variables: CELScope {
    let values: JSONObject

    func variable(_ name: String) -> CELValue? { values[name].map { CELValue($0) } }
}

let scope = Variables(values: [
    "x": ["id": "4711", "amount": 120, "currency": "EUR"], "limit": 100, "status": "ok", "ratio": 0.25,
    "tags": ["new", "vip", "checked"], "text": "Order 4711 of Ada Lovelace",
    "rows": .array((0..<100).map { ["k": .int($0), "v": .double(Double($0) / 2)] }),
    "nodes": ["fetch": ["status": "completed", "output": ["rows": [["k": "x", "v": 1], ["k": "y", "v": 2]]]]],
])

/// Seconds that this thread had the processor, so that a busy machine says the same as a quiet one.
func processorTime() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// The best of `rounds` tenths of a second.
func rate(_ expression: CELExpression, rounds: Int) throws -> Double {
    var best = 0.0
    for _ in 0..<rounds {
        let start = processorTime()
        var count = 0
        while processorTime() - start < 0.1 {
            for _ in 0..<100 { withExtendedLifetime(try expression.evaluate(in: scope)) {} }
            count += 100
        }
        best = max(best, Double(count) / (processorTime() - start))
    }
    return best
}

let rounds = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 5
let sources = [
    "x.amount > limit && status == \"ok\"",
    "true",
    "nodes.fetch.output.rows[1].v + 1",
    "\"vip\" in tags",
    "default(x.discount, 0) == 0",
    "has(x.amount) ? x.currency + \"!\" : \"none\"",
    "text.matches(\"^Order [0-9]+ of \")",
    "text.contains(\"Ada\")",
    "rows.filter(r, r.v > 10.0).map(r, r.k)",
]
for source in sources {
    let expression = try CELExpression(source)
    let perSecond = try rate(expression, rounds: rounds)
    print("\(Int(perSecond)) evaluations/s  \(Int(1e9 / perSecond)) ns  \(source)")
}
