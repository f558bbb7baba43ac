// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON

/// A value of the expression language.
///
/// JSON objects and arrays stay as they are in `json` and are read member by member, so that selecting one field
/// of a large document converts nothing else. JSON scalars and their CEL counterparts are the same values.
public enum CELValue: Sendable {
    /// `null`.
    case null
    /// `true` or `false`.
    case bool(Bool)
    /// Signed 64 bits.
    case int(Int64)
    /// Unsigned 64 bits, written `1u`.
    case uint(UInt64)
    /// IEEE 754, infinities and NaN included.
    case double(Double)
    /// Unicode text, compared by code points and never normalised.
    case string(String)
    /// Octets.
    case bytes([UInt8])
    /// A list built by an expression.
    case list([CELValue])
    /// A map built by an expression: unique keys (bool, int, uint or string) in the order they were written.
    case map([(CELValue, CELValue)])
    /// Seconds since 1970-01-01T00:00:00Z and 0 to 999,999,999 nanoseconds; years 1 to 9999.
    case timestamp(seconds: Int64, nanoseconds: Int32)
    /// Seconds and nanoseconds of the same sign; at most 2^63 − 1 nanoseconds, about 292 years, either way.
    case duration(seconds: Int64, nanoseconds: Int32)
    /// The name of a type, the value of `type(x)`.
    case type(String)
    /// What may be missing: the result of `.?field`, `[?key]` and the `optional` functions.
    indirect case optional(CELValue?)
    /// An address or a block of addresses of the Internet, the value of `ip(x)` and `cidr(x)`.
    indirect case network(CELNetwork)
    /// A value of a JSON document.
    case json(JSONValue)

    /// Wraps JSON without converting what is inside.
    public init(_ json: JSONValue) {
        switch json {
        case .null: self = .null
        case .bool(let value): self = .bool(value)
        case .int(let value): self = .int(value)
        case .double(let value): self = .double(value)
        case .string(let value): self = .string(value)
        case .array, .object: self = .json(json)
        }
    }

    /// The name that `type(x)` gives, for example `int` or `google.protobuf.Timestamp`.
    public var typeName: String {
        switch self {
        case .null: "null_type"
        case .bool: "bool"
        case .int: "int"
        case .uint: "uint"
        case .double: "double"
        case .string: "string"
        case .bytes: "bytes"
        case .list, .json(.array): "list"
        case .map, .json(.object): "map"
        case .timestamp: "google.protobuf.Timestamp"
        case .duration: "google.protobuf.Duration"
        case .type: "type"
        case .optional: "optional_type"
        case .network(let network): network.isBlock ? "net.CIDR" : "net.IP"
        case .json: normalized.typeName
        }
    }

    /// The same value with JSON scalars as CEL scalars; after this `json` holds only arrays and objects.
    var normalized: CELValue {
        if case .json(let value) = self { CELValue(value) } else { self }
    }
}
