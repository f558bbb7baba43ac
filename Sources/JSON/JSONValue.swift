// Baton
// SPDX-License-Identifier: Apache-2.0

/// A JSON value (RFC 8259). Integers that fit 64 bits are exact; every other number is a double.
///
/// Equality is by value: `1` and `1.0` are equal, objects are equal whatever the order of their members, and text is
/// equal only when its Unicode scalars are the same (no normalization).
public enum JSONValue: Sendable {
    /// `null`.
    case null
    /// `true` or `false`.
    case bool(Bool)
    /// A number without fraction and exponent that fits 64 bits.
    case int(Int64)
    /// Any other number; always finite. Whoever makes one from arithmetic checks that first; writers write `null` for
    /// what JSON cannot hold.
    case double(Double)
    /// Text.
    case string(String)
    /// An ordered list.
    case array([JSONValue])
    /// Members with unique names, in the order they were written.
    case object(JSONObject)
}

extension JSONValue: Equatable {
    /// Compares by value, not by spelling.
    public static func == (left: Self, right: Self) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let left), .bool(let right)): left == right
        case (.int(let left), .int(let right)): left == right
        case (.double(let left), .double(let right)): left == right
        case (.int(let int), .double(let double)), (.double(let double), .int(let int)): Int64(exactly: double) == int
        case (.string(let left), .string(let right)): left.hasSameBytes(as: right)
        case (.array(let left), .array(let right)): left == right
        case (.object(let left), .object(let right)): left == right
        default: false
        }
    }
}

extension JSONValue: Hashable {
    /// Equal values have equal hashes, so a double that is an integer hashes as that integer.
    public func hash(into hasher: inout Hasher) {
        switch self {
        case .null: hasher.combine(0 as UInt8)
        case .bool(let bool): hasher.combine(bool)
        case .int(let int): hasher.combine(int)
        case .double(let double):
            if let int = Int64(exactly: double) { hasher.combine(int) } else { hasher.combine(double) }
        case .string(let string): string.hashBytes(into: &hasher)
        case .array(let array): hasher.combine(array)
        case .object(let object): hasher.combine(object)
        }
    }
}
