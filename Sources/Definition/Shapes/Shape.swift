// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Model

/// A mapping with known keys.
final class Shape: Sendable {
    /// How mistakes in the mapping are reported.
    enum Part: Sendable {
        /// The document itself: unknown keys are E104, wrong values E105, missing ones E106; `x-…` is free.
        case document
        /// The configuration of a node: all of these are E403.
        case config
    }

    /// One key.
    struct Field: Sendable {
        let key: String
        let type: ValueType
        let summary: String
        var isRequired = false
        /// Written into the graph when the key is not there.
        var defaultValue: JSONValue?
        /// What is printed as default when it is not a fixed value.
        var defaultText: String?
        var aliases: [Alias] = []
        /// An older way to say something; published as such.
        var isDeprecated = false
        /// What is reported when it is missing, if not what is usual for the part.
        var missingCode: Diagnostic.Code?
    }

    /// An older spelling of a key.
    struct Alias: Sendable {
        let key: String
        /// Set when the old key counts in a unit, as `timeout_ms` does.
        var unit: Duration?
    }

    /// Keys that exclude each other.
    struct Group: Sendable {
        let keys: [String]
        /// One of them must be there.
        var isRequired = true
    }

    /// Keys that depend on the word under another key: of the keys named here, each word has its own and refuses the
    /// others.
    struct Variants: Sendable {
        /// The key that holds the word.
        let key: String
        /// The keys of each word; those that end with `!` must be there.
        let words: [(word: String, keys: [String])]

        /// Keys that belong to some word.
        var all: Set<String> { Set(words.flatMap { $0.keys.map(Self.name) }) }

        /// The keys of a word; `nil` for other words.
        func keys(of word: String) -> [(name: String, isRequired: Bool)]? {
            words.first { $0.word == word }?.keys.map { (Self.name($0), $0.hasSuffix("!")) }
        }

        private static func name(_ key: String) -> String { key.hasSuffix("!") ? String(key.dropLast()) : key }
    }

    /// What it is, for messages: `a node`.
    let name: String
    let part: Part
    let fields: [Field]
    let groups: [Group]
    let variants: Variants?
    /// Other keys are taken as they are.
    let isOpen: Bool
    /// Positions of fields that are required or have a default.
    let fieldsToFill: [Int]
    /// All keys and older spellings, by their length: few have the same, so that this is faster than hashing.
    private let names: [[(key: String, place: Place)]]

    /// A field, and which of its older spellings was found.
    struct Place {
        let field: Int
        let alias: Int?
    }

    /// A part of the document itself.
    convenience init(_ name: String, _ fields: [Field]) {
        self.init(name, .document, fields)
    }

    init(
        _ name: String,
        _ part: Part,
        groups: [Group] = [],
        variants: Variants? = nil,
        isOpen: Bool = false,
        _ fields: [Field]
    ) {
        self.name = name
        self.part = part
        self.fields = fields
        self.groups = groups
        self.variants = variants
        self.isOpen = isOpen
        precondition(fields.count <= FieldSet.limit, "\(name) has too many keys")
        let keys = Set(fields.map(\.key))
        var names: [(key: String, place: Place)] = []
        for (index, field) in fields.enumerated() {
            names.append((field.key, Place(field: index, alias: nil)))
            for (alias, spelling) in field.aliases.enumerated() where !keys.contains(spelling.key) {
                names.append((spelling.key, Place(field: index, alias: alias)))
            }
        }
        let longest = names.map(\.key.utf8.count).max() ?? 0
        self.names = (0..<longest + 1).map { length in names.filter { $0.key.utf8.count == length } }
        fieldsToFill = fields.indices.filter { fields[$0].isRequired || fields[$0].defaultValue != nil }
    }

    /// The fields with these keys.
    func fields(_ keys: String...) -> FieldSet {
        var set = FieldSet()
        for key in keys { if let field = find(key)?.field { _ = set.insert(field) } }
        return set
    }

    /// The position of the field with that key or older spelling.
    func find(_ key: String) -> Place? {
        let length = key.utf8.count
        guard length < names.count else { return nil }
        for index in names[length].indices where names[length][index].key == key { return names[length][index].place }
        return nil
    }

    var unknownKey: Diagnostic.Code { part == .document ? .unknownKey : .invalidConfig }
    var invalidValue: Diagnostic.Code { part == .document ? .invalidValue : .invalidConfig }
    var missingKey: Diagnostic.Code { part == .document ? .missingKey : .invalidConfig }
}

/// Positions of fields of a shape.
struct FieldSet {
    /// The most fields of a shape.
    static let limit = 64

    private var bits: UInt64 = 0

    func isSubset(of other: Self) -> Bool { bits & ~other.bits == 0 }

    func contains(_ field: Int) -> Bool { bits & (1 << UInt64(field)) != 0 }

    /// Whether it was not there.
    mutating func insert(_ field: Int) -> Bool {
        defer { bits |= 1 << UInt64(field) }
        return !contains(field)
    }
}

extension Shape.Field {
    /// A key that may be missing.
    static func optional(
        _ key: String,
        _ type: ValueType,
        _ summary: String,
        default value: JSONValue? = nil,
        defaultText: String? = nil,
        aliases: [Shape.Alias] = []
    ) -> Shape.Field {
        Shape.Field(
            key: key,
            type: type,
            summary: summary,
            defaultValue: value,
            defaultText: defaultText,
            aliases: aliases
        )
    }

    /// A key that must be there.
    static func required(
        _ key: String,
        _ type: ValueType,
        _ summary: String,
        aliases: [Shape.Alias] = []
    ) -> Shape.Field {
        Shape.Field(key: key, type: type, summary: summary, isRequired: true, aliases: aliases)
    }

    /// The key under which the value stands in the graph: durations are milliseconds there.
    var storedKey: String {
        if case .duration = type { "\(key)_ms" } else { key }
    }
}

extension Shape.Alias: ExpressibleByStringLiteral {
    init(stringLiteral key: String) {
        self.init(key: key)
    }
}
