// Baton
// SPDX-License-Identifier: Apache-2.0

import Driver
import JSON

// The input is a JSON array of a value, a patch and perhaps another value. What a patch gives can be written and read
// again, and the differences between the two values lead from one to the other.
fuzz { start, count in
    guard let input = try? JSONValue(parsing: bytes(start, count)).arrayValue, input.count >= 2 else { return -1 }
    let limits = JSONPatch.Limits(maxOperations: 1_000, maxCopiedBytes: 1 << 20)
    for rules in [JSONPatch.Rules.rfc6902, .definition] {
        guard let patch = try? JSONPatch(input[1], rules: rules, limits: limits) else { continue }
        require(
            (try? JSONPatch(patch.json, rules: rules, limits: limits)) == patch,
            "the patch is read differently again"
        )
        guard let result = try? patch.apply(to: input[0]) else { continue }
        let again = try? JSONValue(parsing: result.bytes(), limits: JSONLimits(maxDepth: 1_024))
        require(again == result, "the result cannot be read again")
    }
    let (old, new) = (input[0], input[input.count - 1])
    let difference = JSONPatch.difference(from: old, to: new)
    require((try? difference.apply(to: old)) == new, "the difference leads elsewhere")
    if let merge = JSONMergePatch.difference(from: old, to: new) {
        require(JSONMergePatch.apply(merge, to: old) == new, "the merge patch leads elsewhere")
    }
    return 0
}
