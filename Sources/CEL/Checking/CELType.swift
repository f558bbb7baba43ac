// Baton
// SPDX-License-Identifier: Apache-2.0

/// What is known about a value before it exists.
public indirect enum CELType: Sendable, Hashable {
    /// The members of a JSON object that are known.
    public struct Shape: Sendable, Hashable {
        /// Types of the known fields; any of them may be missing at run time.
        public var fields: [String: CELType]
        /// There are no other fields.
        public var isClosed: Bool

        /// Describes an object.
        public init(fields: [String: CELType], isClosed: Bool) {
            self.fields = fields
            self.isClosed = isClosed
        }
    }

    /// Nothing is known; everything is allowed.
    case dyn
    /// `null`.
    case null
    /// `true` or `false`.
    case bool
    /// Signed 64 bits.
    case int
    /// Unsigned 64 bits.
    case uint
    /// IEEE 754.
    case double
    /// A number of a JSON document, an int or a double at run time.
    case number
    /// Unicode text.
    case string
    /// Octets.
    case bytes
    /// A time.
    case timestamp
    /// A span of time.
    case duration
    /// A type, the value of `type(x)`.
    case type
    /// An address of the Internet.
    case address
    /// A block of addresses.
    case addressBlock
    /// A list of elements of one type, or of `dyn`.
    case list(CELType)
    /// A map; keys are scalars or `dyn`.
    case map(key: CELType, value: CELType)
    /// What may be missing.
    case optional(CELType)
    /// A JSON object with known fields.
    case object(Shape)
}

extension CELType: CustomStringConvertible {
    /// As a person would write it, for example `list(int)`.
    public var description: String {
        switch self {
        case .dyn: "dyn"
        case .null: "null"
        case .bool: "bool"
        case .int: "int"
        case .uint: "uint"
        case .double: "double"
        case .number: "number"
        case .string: "string"
        case .bytes: "bytes"
        case .timestamp: "timestamp"
        case .duration: "duration"
        case .type: "type"
        case .address: "net.IP"
        case .addressBlock: "net.CIDR"
        case .list(let element): "list(\(element))"
        case .map(let key, let value): "map(\(key), \(value))"
        case .optional(let content): "optional(\(content))"
        case .object: "object"
        }
    }
}

extension CELType {
    /// Types inside each other that are still told apart; deeper ones are `dyn`, so that no expression makes one large.
    static let depthLimit = 16

    /// A list, unless that would be too deep.
    static func boundedList(_ element: CELType) -> CELType { .list(element.bounded) }

    /// A map with a scalar or `dyn` for a key.
    static func boundedMap(_ key: CELType, _ value: CELType) -> CELType {
        .map(key: key.isScalar ? key : .dyn, value: value.bounded)
    }

    /// An optional, unless that would be too deep.
    static func boundedOptional(_ content: CELType) -> CELType { .optional(content.bounded) }

    private var bounded: CELType { depth < Self.depthLimit ? self : .dyn }

    private var depth: Int {
        switch self {
        case .list(let inner), .optional(let inner), .map(_, let inner): inner.depth + 1
        default: 0
        }
    }

    private var isScalar: Bool {
        switch self {
        case .list, .map, .optional, .object, .dyn: false
        default: true
        }
    }

    /// Int, uint, double or a number of JSON.
    var isNumeric: Bool {
        switch self {
        case .int, .uint, .double, .number: true
        default: false
        }
    }

    /// A type that holds for values of both; `dyn` when nothing better is known.
    func joined(_ other: CELType) -> CELType {
        if self == other { return self }
        switch (self, other) {
        case (.int, .double), (.double, .int), (.number, .int), (.int, .number), (.number, .double), (.double, .number):
            return .number
        case (.list(let left), .list(let right)): return .list(left.joined(right))
        case (.optional(let left), .optional(let right)): return .optional(left.joined(right))
        case (.map(let leftKey, let left), .map(let rightKey, let right)):
            return .map(key: leftKey.joined(rightKey), value: left.joined(right))
        default: return .dyn
        }
    }

    /// Whether values of the two can be equal, as far as the types tell; null can be in the place of anything.
    func isComparable(to other: CELType) -> Bool {
        switch (self, other) {
        case (.dyn, _), (_, .dyn), (.null, _), (_, .null): true
        case (.list, .list), (.optional, .optional), (.map, .map), (.object, .object), (.map, .object), (.object, .map):
            true
        default: self == other || isNumeric && other.isNumeric
        }
    }

    /// Whether `<` works between the two.
    func isOrdered(with other: CELType) -> Bool {
        func hasOrder(_ type: CELType) -> Bool {
            switch type {
            case .dyn, .bool, .string, .bytes, .timestamp, .duration: true
            default: type.isNumeric
            }
        }
        guard hasOrder(self), hasOrder(other) else { return false }
        return self == .dyn || other == .dyn || self == other || isNumeric && other.isNumeric
    }
}

extension CELType {
    /// The type of a value, with the types of elements where they agree.
    public init(of value: CELValue) {
        self = Self.type(of: value, depth: 0)
    }

    private static func type(of value: CELValue, depth: Int) -> CELType {
        guard depth < depthLimit else { return .dyn }
        switch value {
        case .null: return .null
        case .bool: return .bool
        case .int: return .int
        case .uint: return .uint
        case .double: return .double
        case .string: return .string
        case .bytes: return .bytes
        case .timestamp: return .timestamp
        case .duration: return .duration
        case .type: return .type
        case .network(let network): return network.isBlock ? .addressBlock : .address
        case .optional(let content): return .optional(content.map { type(of: $0, depth: depth + 1) } ?? .dyn)
        case .list, .map, .json:
            guard let elements = value.iterated else { return type(of: value.normalized, depth: depth) }
            // A look at the first hundred is enough; the rest could only make it `dyn`.
            let isWhole = elements.count <= 100
            let pairs = (0..<min(elements.count, 100)).map { value.pair($0, in: elements) }
            let inner = joined(pairs.map { type(of: $0.1, depth: depth + 1) })
            if value.elements != nil { return .list(isWhole ? inner : .dyn) }
            let key = joined(pairs.map { type(of: $0.0, depth: depth + 1) })
            return .boundedMap(isWhole ? key : .dyn, isWhole ? inner : .dyn)
        }
    }

    /// The type of all; `dyn` for none.
    static func joined(_ types: [CELType]) -> CELType {
        guard let first = types.first else { return .dyn }
        return types.dropFirst().reduce(first) { $0.joined($1) }
    }
}
