// Baton
// SPDX-License-Identifier: Apache-2.0

/// Changes written as the members to set, `null` for those to remove (RFC 7396).
public enum JSONMergePatch {
    /// Applies a patch: members are merged as deep as both sides are objects; anything else is put in place of what was.
    public static func apply(_ patch: JSONValue, to value: JSONValue) -> JSONValue {
        var result = value
        merge(patch, into: &result)
        return result
    }

    /// A patch that makes one value into another; `nil` when there is none, since the new value has a `null` in an
    /// object that would have to be written.
    public static func difference(from old: JSONValue, to new: JSONValue) -> JSONValue? {
        guard let newObject = new.objectValue else { return new }
        guard let oldObject = old.objectValue else {
            guard isFreeOfNull(new) else { return nil }
            return new
        }
        var patch = JSONObject()
        for member in oldObject where newObject[member.key] == nil { patch.append(member.key, .null) }
        for member in newObject {
            let before = oldObject[member.key]
            if before == member.value { continue }
            guard !member.value.isNull, let change = difference(from: before ?? .null, to: member.value) else {
                return nil
            }
            patch.append(member.key, change)
        }
        return .object(patch)
    }

    private static func merge(_ patch: JSONValue, into value: inout JSONValue) {
        guard let patch = patch.objectValue else { return value = patch }
        var object = value.objectValue ?? JSONObject()
        value = .null
        for member in patch {
            if member.value.isNull {
                _ = object.remove(member.key)
            } else if !object.update(member.key, { merge(member.value, into: &$0) }) {
                object.append(member.key, apply(member.value, to: .null))
            }
        }
        value = .object(object)
    }

    private static func isFreeOfNull(_ value: JSONValue) -> Bool {
        guard let object = value.objectValue else { return true }
        return object.allSatisfy { !$0.value.isNull && isFreeOfNull($0.value) }
    }
}
