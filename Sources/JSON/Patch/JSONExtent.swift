// Baton
// SPDX-License-Identifier: Apache-2.0

/// How much a value holds.
struct JSONExtent {
    /// How deeply arrays and objects are nested; 0 for anything else.
    private(set) var depth = 0
    /// Roughly the length of the compact form.
    private(set) var bytes = 0

    /// Measures a value; `nil` as soon as it is known to be larger than the limit, which costs no more than the limit.
    init?(_ value: JSONValue, byteLimit: Int) {
        guard add(value, 0, byteLimit) else { return nil }
    }

    private mutating func add(_ value: JSONValue, _ level: Int, _ limit: Int) -> Bool {
        bytes += 4
        switch value {
        case .null, .bool: break
        case .int, .double: bytes += 4
        case .string(let string): bytes += string.utf8.count
        case .array(let array):
            depth = max(depth, level + 1)
            for element in array { guard add(element, level + 1, limit) else { return false } }
        case .object(let object):
            depth = max(depth, level + 1)
            for member in object.members {
                bytes += member.key.utf8.count + 4
                guard add(member.value, level + 1, limit) else { return false }
            }
        }
        return bytes <= limit
    }
}
