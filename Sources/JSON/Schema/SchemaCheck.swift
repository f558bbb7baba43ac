// Baton
// SPDX-License-Identifier: Apache-2.0

import Text

/// One rule of a schema, ready to be applied. Other schemas are given by their positions.
enum SchemaCheck: Sendable {
    /// The schema `false`.
    case nothing
    case type(SchemaTypes)
    case values(SchemaValues)
    case number(SchemaNumberRule, limit: JSONValue)
    case length(SchemaRange)
    case pattern(Pattern)
    case format(SchemaFormat)
    case itemCount(SchemaRange)
    case uniqueItems
    case items(prefix: [Int], rest: Int?)
    case contains(Int, SchemaRange)
    case memberCount(SchemaRange)
    case required([String])
    case dependentRequired([SchemaDependency])
    case members(SchemaMembers)
    case memberNames(Int)
    case dependentSchemas([SchemaDependentSchema])
    case reference(Int)
    case dynamicReference(String, Int)
    case all([Int])
    case any([Int])
    case one([Int])
    case not(Int)
    case condition(Int, then: Int?, otherwise: Int?)
    case unevaluatedItems(Int)
    case unevaluatedMembers(Int)
}

extension SchemaCheck {
    /// When a check is applied; what is cheap and easy to understand comes first.
    enum Stage {
        case general, numbers, strings, arrays, objects, combinations, unevaluated
    }

    var stage: Stage {
        switch self {
        case .nothing, .type, .values: .general
        case .number: .numbers
        case .length, .pattern, .format: .strings
        case .itemCount, .uniqueItems, .items, .contains: .arrays
        case .memberCount, .required, .dependentRequired, .members, .memberNames, .dependentSchemas: .objects
        case .reference, .dynamicReference, .all, .any, .one, .not, .condition: .combinations
        case .unevaluatedItems, .unevaluatedMembers: .unevaluated
        }
    }
}

/// How many there may be.
struct SchemaRange: Sendable {
    var least: Int?
    var most: Int?
}

/// Names that must be there when another one is.
struct SchemaDependency: Sendable {
    let name: String
    let required: [String]
}

/// A schema that counts when a name is there.
struct SchemaDependentSchema: Sendable {
    let name: String
    let node: Int
}

/// How a number relates to a limit.
enum SchemaNumberRule: String, Sendable {
    case minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf
}

/// The values of `enum` or `const`.
struct SchemaValues: Sendable {
    let keyword: String
    let list: [JSONValue]
    private let set: Set<JSONValue>

    init(_ list: [JSONValue], keyword: String) {
        self.keyword = keyword
        self.list = list
        set = list.count > 8 ? Set(list) : []
    }

    func contains(_ value: JSONValue) -> Bool {
        set.isEmpty ? list.contains(value) : set.contains(value)
    }
}

/// Schemas of members by name.
final class SchemaMembers: Sendable {
    /// The position of the schema for each name.
    private let names: JSONObject
    let patterns: [(pattern: Pattern, node: Int)]
    /// The schema of members that neither name nor pattern covers.
    let additional: Int?

    init(names: [(name: String, node: Int)], patterns: [(pattern: Pattern, node: Int)], additional: Int?) {
        var object = JSONObject()
        for (name, node) in names { object.append(name, .int(Int64(node))) }
        self.names = object
        self.patterns = patterns
        self.additional = additional
    }

    func node(of name: String) -> Int? {
        guard case .int(let node) = names[name] else { return nil }
        return Int(node)
    }
}
