// Baton
// SPDX-License-Identifier: Apache-2.0

/// Finds and changes what is at a place.
enum PatchPlace {
    typealias Failure = PatchTarget.Failure

    enum Change {
        case add(JSONValue)
        case remove
        case replace(JSONValue)
    }

    static func find(_ path: JSONPointer, in value: JSONValue, _ rules: JSONPatch.Rules) throws(Failure) -> JSONValue {
        var current = value
        for token in path.tokens {
            switch current {
            case .object(let object):
                guard let next = object[token] else { throw noMember(token) }
                current = next
            case .array(let array): current = array[try index(token, array, rules)]
            default: throw noContainer(token)
            }
        }
        return current
    }

    /// Walks down, taking each container out of its parent, so that nobody else holds it while it is changed.
    static func edit(
        _ value: inout JSONValue,
        _ tokens: ArraySlice<String>,
        _ change: Change,
        _ rules: JSONPatch.Rules
    ) throws(Failure) {
        guard let token = tokens.first else { return }
        if var object = value.takeObject() {
            defer { value = .object(object) }
            if tokens.count == 1 { return try edit(&object, token, change) }
            let done = try object.update(token) { member throws(Failure) in
                try edit(&member, tokens.dropFirst(), change, rules)
            }
            guard done else { throw noMember(token) }
        } else if var array = value.takeArray() {
            defer { value = .array(array) }
            if tokens.count == 1 { return try edit(&array, token, change, rules) }
            try edit(&array[try index(token, array, rules)], tokens.dropFirst(), change, rules)
        } else {
            throw noContainer(token)
        }
    }

    private static func edit(_ object: inout JSONObject, _ name: String, _ change: Change) throws(Failure) {
        switch change {
        case .add(let new): object[name] = new
        case .replace(let new): guard object.update(name, { $0 = new }) else { throw noMember(name) }
        case .remove: guard object.remove(name) else { throw noMember(name) }
        }
    }

    private static func edit(
        _ array: inout [JSONValue],
        _ token: String,
        _ change: Change,
        _ rules: JSONPatch.Rules
    ) throws(Failure) {
        switch change {
        case .add(let new):
            let index = token == "-" ? array.count : try index(token, array, rules, isAdding: true)
            array.insert(new, at: index)
        case .replace(let new): array[try index(token, array, rules)] = new
        case .remove: array.remove(at: try index(token, array, rules))
        }
    }

    /// The position that a token names: digits without leading zeros, or `@` and an identifier where that is allowed.
    private static func index(
        _ token: String,
        _ array: [JSONValue],
        _ rules: JSONPatch.Rules,
        isAdding: Bool = false
    ) throws(Failure) -> Int {
        if rules.addressesByID, token.utf8.first == UInt8(ascii: "@") {
            let id = String(token.dropFirst())
            if let index = array.firstIndex(where: { $0["id"]?.stringValue?.hasSameBytes(as: id) ?? false }) {
                return index
            }
            throw Failure(code: .pathNotFound, message: "there is no element with the id \"\(id)\"")
        }
        guard let index = JSONPointer.index(token) else {
            throw Failure(code: .pathNotFound, message: "\"\(token)\" is no position in an array")
        }
        guard index < array.count || isAdding && index == array.count else {
            let elements = array.count == 1 ? "1 element" : "\(array.count) elements"
            throw Failure(code: .pathNotFound, message: "there is no position \(token) in an array of \(elements)")
        }
        return index
    }

    private static func noMember(_ name: String) -> Failure {
        Failure(code: .pathNotFound, message: "there is no member \(JSONValue.string(name).text)")
    }

    private static func noContainer(_ token: String) -> Failure {
        Failure(code: .pathNotFound, message: "there is neither array nor object that could hold \"\(token)\"")
    }
}

// Taking is a function of its own each: inside of a `switch` the value would be held a second time, and every change
// would copy the container.
extension JSONValue {
    fileprivate mutating func takeObject() -> JSONObject? {
        guard case .object(let object) = self else { return nil }
        self = .null
        return object
    }

    fileprivate mutating func takeArray() -> [JSONValue]? {
        guard case .array(let array) = self else { return nil }
        self = .null
        return array
    }
}
