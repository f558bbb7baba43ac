// Baton
// SPDX-License-Identifier: Apache-2.0

/// One walk through a value.
///
/// Every check says whether the value passes. Violations are noted up to a limit; with none to note, the walk ends at
/// the first. Schemas that may be broken, as in `anyOf`, are tried with a limit of one at most.
struct SchemaRun {
    /// The most schemas inside each other, counting those for the same value.
    private static let depthLimit = 1_100

    let program: SchemaProgram
    private let root: JSONValue
    private(set) var violations: [JSONSchemaViolation] = []
    private var limit: Int
    /// Positions of members and elements on the way from the root.
    private var path: [Int] = []
    private var depth = 0
    var stepsLeft: Int
    /// Why nothing more is checked.
    private(set) var stop: JSONSchemaViolation.Code?
    /// The resources of the schemas on the way, while somebody may ask for them.
    private(set) var scope: [Int] = []

    init(_ program: SchemaProgram, _ value: JSONValue, violationLimit: Int) {
        self.program = program
        root = value
        limit = violationLimit
        stepsLeft = program.stepLimit
    }

    mutating func isValid() -> Bool {
        var seen: SchemaEvaluated?
        return check(program.root, root, &seen)
    }

    mutating func result() -> [JSONSchemaViolation] {
        guard !isValid() else { return [] }
        guard let stop else { return violations }
        let message =
            stop == .tooDeep
            ? "cannot be checked: schema and value lead deeper than \(Self.depthLimit) levels"
            : "cannot be checked: it takes more than \(program.stepLimit) steps"
        return [
            JSONSchemaViolation(
                code: stop,
                instancePointer: .root,
                schemaPointer: .root,
                schemaURI: "",
                message: message
            )
        ]
    }

    /// Whether it makes no sense to go on.
    var isFull: Bool { violations.count >= limit || stop != nil }

    /// Checks a value against a schema.
    ///
    /// - Parameter seen: Takes in what the schema has looked at, if somebody wants to know; of no use when it fails.
    mutating func check(_ index: Int, _ value: JSONValue, _ seen: inout SchemaEvaluated?) -> Bool {
        guard spend(1) else { return false }
        guard depth < Self.depthLimit else {
            stop = .tooDeep
            return false
        }
        depth += 1
        defer { depth -= 1 }
        let node = program.nodes[index]
        guard program.usesDynamicScope, scope.last != node.resource else { return check(node, value, &seen) }
        scope.append(node.resource)
        defer { scope.removeLast() }
        return check(node, value, &seen)
    }

    private mutating func check(_ node: SchemaNode, _ value: JSONValue, _ seen: inout SchemaEvaluated?) -> Bool {
        guard !node.unevaluated.isEmpty else { return checkAll(node, value, &seen) }
        var own: SchemaEvaluated? = SchemaEvaluated()
        var passes = checkAll(node, value, &own)
        guard passes || !isFull else { return false }
        for check in node.unevaluated { passes = apply(check, to: value, node, &own) && passes }
        if let own { seen?.formUnion(own) }
        return passes
    }

    private mutating func checkAll(_ node: SchemaNode, _ value: JSONValue, _ seen: inout SchemaEvaluated?) -> Bool {
        var passes = true
        for check in node.general where !apply(check, to: value, node) {
            passes = false
            if isFull { return false }
        }
        switch value {
        case .string(let string):
            for check in node.strings where !apply(check, to: string, node) {
                passes = false
                if isFull { return false }
            }
        case .int, .double:
            for check in node.numbers where !apply(check, to: value, node) {
                passes = false
                if isFull { return false }
            }
        case .array(let array):
            for check in node.arrays where !apply(check, to: array, node, &seen) {
                passes = false
                if isFull { return false }
            }
        case .object(let object):
            for check in node.objects where !apply(check, to: object, value, node, &seen) {
                passes = false
                if isFull { return false }
            }
        case .null, .bool: break
        }
        for check in node.combinations where !apply(check, to: value, node, &seen) {
            passes = false
            if isFull { return false }
        }
        return passes
    }

    /// Checks a part of the current value.
    mutating func descend(_ position: Int, _ value: JSONValue, _ index: Int) -> Bool {
        path.append(position)
        defer { path.removeLast() }
        var seen: SchemaEvaluated?
        return check(index, value, &seen)
    }

    /// Whether a value passes a schema that it need not pass; nothing is noted.
    mutating func trial(_ index: Int, _ value: JSONValue, _ seen: inout SchemaEvaluated?) -> Bool {
        let outer = limit
        limit = 0
        defer { limit = outer }
        return check(index, value, &seen)
    }

    /// The first violation of a schema that a value need not pass; `nil` when it passes. Without need for violations,
    /// an empty text.
    mutating func problem(_ index: Int, _ value: JSONValue, _ seen: inout SchemaEvaluated?) -> String? {
        guard limit > 0 else { return check(index, value, &seen) ? nil : "" }
        let outer = (limit, violations)
        limit = 1
        violations = []
        let passes = check(index, value, &seen)
        let first = violations.first
        (limit, violations) = outer
        guard !passes else { return nil }
        guard let first else { return "" }
        let inside = first.instancePointer.tokens.dropFirst(path.count)
        return inside.isEmpty ? first.message : "\(JSONPointer(tokens: Array(inside))) \(first.message)"
    }

    /// Takes steps; `false` when they are used up.
    mutating func spend(_ steps: Int) -> Bool {
        guard stop == nil else { return false }
        stepsLeft -= steps
        guard stepsLeft < 0 else { return true }
        stop = .tooManySteps
        return false
    }

    /// Notes a violation if anybody wants it; always `false`.
    mutating func fail(_ node: SchemaNode, _ keyword: String, _ message: @autoclosure () -> String) -> Bool {
        guard limit > violations.count, stop == nil else { return false }
        let violation = JSONSchemaViolation(
            code: .unsatisfied,
            instancePointer: place,
            schemaPointer: keyword.isEmpty ? node.place : node.place.appending(keyword),
            schemaURI: program.documentURIs[node.document],
            message: message()
        )
        violations.append(violation)
        return false
    }

    /// The names and positions that the path stands for.
    private var place: JSONPointer {
        var pointer = JSONPointer.root
        var value = root
        for position in path {
            switch value {
            case .object(let object):
                pointer = pointer.appending(object.members[position].key)
                value = object.members[position].value
            case .array(let array):
                pointer = pointer.appending(position)
                value = array[position]
            default: return pointer
            }
        }
        return pointer
    }
}
