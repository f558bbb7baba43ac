// Baton
// SPDX-License-Identifier: Apache-2.0

/// Everything that was compiled. Schemas refer to each other by their positions, so a schema may contain itself.
final class SchemaProgram: Sendable {
    let nodes: [SchemaNode]
    /// The position of the schema to start with.
    let root: Int
    /// For each resource the schemas that `$dynamicRef` may find in it, by name.
    let dynamicAnchors: [[String: Int]]
    /// Whether the way to a schema matters.
    let usesDynamicScope: Bool
    /// The URI of each document; empty for the one that was given.
    let documentURIs: [String]
    let stepLimit: Int

    init(
        nodes: [SchemaNode],
        root: Int,
        dynamicAnchors: [[String: Int]],
        documentURIs: [String],
        stepLimit: Int
    ) {
        self.nodes = nodes
        self.root = root
        self.dynamicAnchors = dynamicAnchors
        usesDynamicScope = nodes.contains { $0.usesDynamicScope }
        self.documentURIs = documentURIs
        self.stepLimit = stepLimit
    }
}

/// A schema as lists of checks, each for the kind of value that it is about; without any it accepts everything.
final class SchemaNode: Sendable {
    let resource: Int
    let document: Int
    let place: JSONPointer
    /// For values of every kind.
    let general: [SchemaCheck]
    let numbers: [SchemaCheck]
    let strings: [SchemaCheck]
    let arrays: [SchemaCheck]
    let objects: [SchemaCheck]
    /// Other schemas for the same value.
    let combinations: [SchemaCheck]
    /// What looks at the results of all others.
    let unevaluated: [SchemaCheck]

    init(_ checks: [SchemaCheck], resource: Int, document: Int, place: JSONPointer) {
        self.resource = resource
        self.document = document
        self.place = place
        general = checks.filter { $0.stage == .general }
        numbers = checks.filter { $0.stage == .numbers }
        strings = checks.filter { $0.stage == .strings }
        arrays = checks.filter { $0.stage == .arrays }
        objects = checks.filter { $0.stage == .objects }
        combinations = checks.filter { $0.stage == .combinations }
        unevaluated = checks.filter { $0.stage == .unevaluated }
    }

    /// The schema that this one only stands for.
    var alias: Int? {
        guard general.isEmpty, numbers.isEmpty, strings.isEmpty, arrays.isEmpty, objects.isEmpty, unevaluated.isEmpty,
            combinations.count == 1, case .reference(let target) = combinations[0]
        else { return nil }
        return target
    }

    var usesDynamicScope: Bool {
        combinations.contains { if case .dynamicReference = $0 { true } else { false } }
    }

    /// The schemas that are applied to the same value.
    var inPlace: [Int] {
        (objects + combinations).flatMap { check -> [Int] in
            switch check {
            case .reference(let node), .dynamicReference(_, let node), .not(let node): [node]
            case .all(let nodes), .any(let nodes), .one(let nodes): nodes
            case .condition(let condition, let then, let otherwise): [condition, then, otherwise].compactMap { $0 }
            case .dependentSchemas(let schemas): schemas.map(\.node)
            default: []
            }
        }
    }
}
