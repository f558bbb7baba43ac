// Baton
// SPDX-License-Identifier: Apache-2.0

extension JSONValue {
    /// Whether this is `null`.
    public var isNull: Bool {
        if case .null = self { true } else { false }
    }

    /// The truth value, if this is one.
    public var boolValue: Bool? {
        if case .bool(let bool) = self { bool } else { nil }
    }

    /// The integer, if this is a number with an integer value that fits 64 bits; so `3.0` gives 3 and `3.5` gives `nil`.
    public var intValue: Int64? {
        switch self {
        case .int(let int): int
        case .double(let double): Int64(exactly: double)
        default: nil
        }
    }

    /// The number, if this is one. Integers beyond 2^53 are rounded to the nearest double.
    public var doubleValue: Double? {
        switch self {
        case .int(let int): Double(int)
        case .double(let double): double
        default: nil
        }
    }

    /// The text, if this is text.
    public var stringValue: String? {
        if case .string(let string) = self { string } else { nil }
    }

    /// The elements, if this is an array.
    public var arrayValue: [JSONValue]? {
        if case .array(let array) = self { array } else { nil }
    }

    /// The members, if this is an object.
    public var objectValue: JSONObject? {
        if case .object(let object) = self { object } else { nil }
    }

    /// The member with this name; `nil` when there is none or this is not an object.
    public subscript(key: String) -> JSONValue? {
        if case .object(let object) = self { object[key] } else { nil }
    }

    /// The element at this position; `nil` when out of range or this is not an array.
    public subscript(index: Int) -> JSONValue? {
        guard case .array(let array) = self, array.indices.contains(index) else { return nil }
        return array[index]
    }
}
