// Baton
// SPDX-License-Identifier: Apache-2.0

import Driver
import JSON

// The input is a JSON array of a schema and values for it. Neither compiling nor checking may stop the program or take
// longer than its steps allow, and both ways of checking agree.
fuzz { start, count in
    guard let input = try? JSONValue(parsing: bytes(start, count)).arrayValue, let source = input.first else {
        return -1
    }
    let options = JSONSchema.Options(assertsFormat: count % 2 == 0, stepLimit: 200_000)
    let registry = JSONSchema.Registry(["http://x/other": input.last ?? true])
    guard let schema = try? JSONSchema(source, registry: registry, options: options) else { return 0 }
    // A schema is a good value too.
    for value in input {
        let violations = schema.validate(value)
        let isUnsure = violations.contains { $0.code != .unsatisfied }
        require(isUnsure || schema.isValid(value) == violations.isEmpty, "the two ways of checking differ on \(value)")
        require(violations.count <= JSONSchema.violationLimit, "there are \(violations.count) violations")
        for violation in violations where !isUnsure {
            require(value[violation.instancePointer] != nil, "there is nothing at \(violation.instancePointer)")
        }
    }
    return 0
}
