// Baton
// SPDX-License-Identifier: Apache-2.0

extension JSONPatch {
    /// A patch that makes one value into another, of `add`, `remove` and `replace` only.
    ///
    /// Members are compared by name. Elements are compared by their member `id` where both arrays hold objects with
    /// different ones throughout, else by their values. Where changes would be longer than the new value, the new
    /// value is put in whole.
    public static func difference(from old: JSONValue, to new: JSONValue) -> JSONPatch {
        JSONPatch(operations: Difference.operations(old, new, at: .root))
    }
}

/// Finds what changed between two values.
private enum Difference {
    typealias Operation = JSONPatch.Operation

    static func operations(_ old: JSONValue, _ new: JSONValue, at place: JSONPointer) -> [Operation] {
        let changes: [Operation]
        switch (old, new) {
        case _ where old == new: return []
        case (.object(let old), .object(let new)): changes = members(old, new, at: place)
        case (.array(let old), .array(let new)): changes = elements(old, new, at: place)
        default: return [.replace(path: place, value: new)]
        }
        let whole = Operation.replace(path: place, value: new)
        return bytes(changes) <= bytes([whole]) ? changes : [whole]
    }

    /// Roughly the length of the operations as JSON.
    private static func bytes(_ operations: [Operation]) -> Int {
        operations.reduce(0) { sum, operation in
            let path = operation.path.tokens.reduce(0) { $0 + $1.utf8.count + 1 }
            return switch operation {
            case .add(_, let value), .replace(_, let value):
                sum + path + 32 + (JSONExtent(value, byteLimit: .max)?.bytes ?? 0)
            default: sum + path + 24
            }
        }
    }

    private static func members(_ old: JSONObject, _ new: JSONObject, at place: JSONPointer) -> [Operation] {
        var changes: [Operation] = []
        for member in old where new[member.key] == nil {
            changes.append(.remove(path: place.appending(member.key)))
        }
        for member in new {
            let inside = place.appending(member.key)
            if let before = old[member.key] {
                changes += operations(before, member.value, at: inside)
            } else {
                changes.append(.add(path: inside, value: member.value))
            }
        }
        return changes
    }

    /// Removes what stays nowhere, from the end so that positions hold, then walks the new array from its start.
    private static func elements(_ old: [JSONValue], _ new: [JSONValue], at place: JSONPointer) -> [Operation] {
        let pairs = ElementPairing.pairs(old, new)
        var changes: [Operation] = []
        var kept = pairs.count - 1
        for index in old.indices.reversed() {
            if kept >= 0, pairs[kept].old == index {
                kept -= 1
            } else {
                changes.append(.remove(path: place.appending(index)))
            }
        }
        var next = 0
        for (index, element) in new.enumerated() {
            let inside = place.appending(index)
            if next < pairs.count, pairs[next].new == index {
                changes += operations(old[pairs[next].old], element, at: inside)
                next += 1
            } else {
                changes.append(.add(path: inside, value: element))
            }
        }
        return changes
    }
}
