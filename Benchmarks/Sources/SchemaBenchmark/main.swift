// Baton
// SPDX-License-Identifier: Apache-2.0

// Compares the JSON Schema checker with the Python package `jsonschema` on the same schema and values, in rounds that
// take turns.

import Foundation
import JSON

/// The seconds that one pass over all values takes, and how many of them are right.
struct Pass {
    var seconds: Double
    var valid: Int
}

func ours(_ instances: [JSONValue], _ check: (JSONValue) -> Bool) -> Pass {
    let clock = ContinuousClock()
    let start = clock.now
    var valid = 0
    for _ in 0..<10 { for instance in instances where check(instance) { valid += 1 } }
    return Pass(seconds: (clock.now - start) / .seconds(1) / 10, valid: valid / 10)
}

/// `nil` when Python or its package is missing.
func peer(_ file: URL) throws -> Pass? {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../peers/jsonschema_peer.py")
    let python = ProcessInfo.processInfo.environment["PYTHON"] ?? "python3"
    process.arguments = [python, script.standardized.path, file.path]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { return nil }
    let answer = try JSONValue(parsing: [UInt8](data))
    return Pass(seconds: answer["seconds"]?.doubleValue ?? 0, valid: Int(answer["valid"]?.intValue ?? 0))
}

func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

func milliseconds(_ seconds: Double) -> String { String(format: "%.2f ms", seconds * 1e3) }

let rounds = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 5
let instances = Orders.instances(1_000)
let schema = try JSONSchema(Orders.schema)
let file = FileManager.default.temporaryDirectory.appending(path: "schema-benchmark-\(getpid()).json")
try Data(JSONValue.object(["schema": Orders.schema, "instances": .array(instances)]).bytes()).write(to: file)
defer { try? FileManager.default.removeItem(at: file) }

var fast: [Double] = []
var full: [Double] = []
var peers: [Double] = []
for _ in 0..<rounds {
    let quick = ours(instances) { schema.isValid($0) }
    fast.append(quick.seconds)
    full.append(ours(instances) { schema.validate($0).isEmpty }.seconds)
    if let pass = try peer(file) {
        precondition(pass.valid == quick.valid, "the peer finds \(pass.valid) values right, we \(quick.valid)")
        peers.append(pass.seconds)
    }
}
print("1,000 values: isValid \(milliseconds(median(fast))), validate \(milliseconds(median(full)))")
if peers.count == rounds {
    let ratios = zip(peers, fast).map { $0 / $1 }
    let fullRatios = zip(peers, full).map { $0 / $1 }
    print(
        "python jsonschema \(milliseconds(median(peers))): ratio \(String(format: "%.0f", median(ratios))) "
            + "(\(String(format: "%.0f–%.0f", ratios.min() ?? 0, ratios.max() ?? 0))) for isValid, "
            + "\(String(format: "%.0f", median(fullRatios))) for validate"
    )
} else {
    print("python jsonschema is not there; PYTHON names an interpreter that has it")
}
