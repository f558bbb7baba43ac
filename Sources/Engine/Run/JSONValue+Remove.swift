// Baton
// SPDX-License-Identifier: Apache-2.0

internal import JSON

extension JSONValue {
    /// Takes out what `pointer` names (RFC 6901); nothing happens when there is nothing. The root becomes null.
    mutating func remove(at pointer: JSONPointer) {
        remove(pointer.tokens[...])
    }

    private mutating func remove(_ tokens: ArraySlice<String>) {
        guard let name = tokens.first else {
            self = .null
            return
        }
        let rest = tokens.dropFirst()
        switch self {
        case .object(var object):
            if rest.isEmpty {
                object[name] = nil
            } else if var member = object[name] {
                member.remove(rest)
                object[name] = member
            }
            self = .object(object)
        case .array(var items):
            guard let index = Int(name), items.indices.contains(index) else { return }
            if rest.isEmpty { items.remove(at: index) } else { items[index].remove(rest) }
            self = .array(items)
        default:
            break
        }
    }
}
