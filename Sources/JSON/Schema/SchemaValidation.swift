// Baton
// SPDX-License-Identifier: Apache-2.0

/// One walk through a value, with the way from the root and the violations so far.
struct SchemaValidation {
    private enum Step {
        case member(String)
        case element(Int)
    }

    private(set) var violations: [JSONSchemaViolation] = []
    private var path: [Step] = []

    mutating func check(_ value: JSONValue, against node: SchemaNode) {
        for check in node.checks {
            guard violations.count < JSONSchema.violationLimit else { return }
            apply(check, to: value)
        }
    }

    private mutating func apply(_ check: SchemaCheck, to value: JSONValue) {
        switch check {
        case .nothing: report("is not allowed")
        case .type(let types):
            if !types.allows(value) { report("must be \(types.phrase), is \(Self.phrase(value))") }
        case .oneOfValues(let values):
            if !values.contains(value) { report("must be \(Self.choice(values)), is \(Self.excerpt(value))") }
        case .number(let rule, let limit): apply(rule, limit, to: value)
        case .all(let nodes): for node in nodes { self.check(value, against: node) }
        case .any(let nodes): applyAny(nodes, to: value)
        case .one(let nodes): applyOne(nodes, to: value)
        case .not(let node):
            if trial(value, node).isEmpty { report("must not match the schema under \"not\", but does") }
        case .length, .itemCount, .uniqueItems, .items, .memberCount, .required, .members:
            switch value {
            case .string(let string): apply(check, to: string)
            case .array(let array): apply(check, to: array)
            case .object(let object): apply(check, to: object)
            default: break
            }
        }
    }

    private mutating func apply(_ check: SchemaCheck, to string: String) {
        guard case .length(let range) = check else { return }
        apply(range, to: string.unicodeScalars.count, "character", "characters")
    }

    private mutating func apply(_ check: SchemaCheck, to array: [JSONValue]) {
        switch check {
        case .itemCount(let range): apply(range, to: array.count, "element", "elements")
        case .uniqueItems: applyUnique(array)
        case .items(let prefix, let rest):
            for (index, element) in array.enumerated() {
                guard let node = index < prefix.count ? prefix[index] : rest else { return }
                descend(.element(index), element, node)
            }
        default: break
        }
    }

    private mutating func apply(_ check: SchemaCheck, to object: JSONObject) {
        switch check {
        case .memberCount(let range): apply(range, to: object.count, "member", "members")
        case .required(let names):
            for name in names where object[name] == nil {
                report("must have the member \(JSONValue.string(name).text)")
            }
        case .members(let members):
            for member in object {
                if let node = members.node(of: member.key) { descend(.member(member.key), member.value, node) }
            }
        default: break
        }
    }

    private mutating func descend(_ step: Step, _ value: JSONValue, _ node: SchemaNode) {
        guard violations.count < JSONSchema.violationLimit else { return }
        path.append(step)
        check(value, against: node)
        path.removeLast()
    }

    private mutating func apply(_ range: SchemaRange, to count: Int, _ one: String, _ many: String) {
        func amount(_ count: Int) -> String { "\(count) \(count == 1 ? one : many)" }
        if let least = range.least, count < least { report("must have at least \(amount(least)), has \(count)") }
        if let most = range.most, count > most { report("must have at most \(amount(most)), has \(count)") }
    }

    private mutating func apply(_ rule: SchemaNumberRule, _ limit: JSONValue, to value: JSONValue) {
        guard let number = Number(value), let bound = Number(limit) else { return }
        let isKept =
            switch rule {
            case .minimum: !(number < bound)
            case .maximum: !(bound < number)
            case .exclusiveMinimum: bound < number
            case .exclusiveMaximum: number < bound
            case .multipleOf: number.isMultiple(of: bound)
            }
        if !isKept { report("must be \(Self.phrase(rule)) \(limit.text), is \(value.text)") }
    }

    private mutating func applyUnique(_ array: [JSONValue]) {
        var first: [JSONValue: Int] = [:]
        for (index, element) in array.enumerated() {
            if let earlier = first[element] {
                return report("must have different elements, but \(earlier) and \(index) are equal")
            }
            first[element] = index
        }
    }

    private mutating func applyAny(_ nodes: [SchemaNode], to value: JSONValue) {
        var problems: [String] = []
        for node in nodes {
            guard let problem = trial(value, node).first else { return }
            problems.append(relative(problem))
        }
        report("must match one of \(nodes.count) schemas: \(Self.list(problems))")
    }

    private mutating func applyOne(_ nodes: [SchemaNode], to value: JSONValue) {
        var problems: [String] = []
        for node in nodes { if let problem = trial(value, node).first { problems.append(relative(problem)) } }
        switch nodes.count - problems.count {
        case 0: report("must match one of \(nodes.count) schemas: \(Self.list(problems))")
        case 1: return
        case let matches: report("must match exactly one of \(nodes.count) schemas, matches \(matches)")
        }
    }

    /// The violations of a schema that may be broken.
    private func trial(_ value: JSONValue, _ node: SchemaNode) -> [JSONSchemaViolation] {
        var trial = SchemaValidation()
        trial.check(value, against: node)
        return trial.violations
    }

    private mutating func report(_ message: String) {
        var pointer = JSONPointer.root
        for step in path {
            switch step {
            case .member(let name): pointer = pointer.appending(name)
            case .element(let index): pointer = pointer.appending(index)
            }
        }
        violations.append(JSONSchemaViolation(instancePointer: pointer, message: message))
    }

    private func relative(_ violation: JSONSchemaViolation) -> String {
        violation.instancePointer.tokens.isEmpty ? violation.message : violation.description
    }
}

// Phrases of messages.
extension SchemaValidation {
    private static func phrase(_ value: JSONValue) -> String {
        switch value {
        case .null: "null"
        case .bool: "a boolean"
        case .int: "a number"
        case .double: "a number with a fraction"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }

    private static func phrase(_ rule: SchemaNumberRule) -> String {
        switch rule {
        case .minimum: "at least"
        case .maximum: "at most"
        case .exclusiveMinimum: "above"
        case .exclusiveMaximum: "below"
        case .multipleOf: "a multiple of"
        }
    }

    private static func choice(_ values: [JSONValue]) -> String {
        let texts = values.prefix(10).map(excerpt) + (values.count > 10 ? ["…"] : [])
        return texts.count == 1 ? texts[0] : "one of \(texts.joined(separator: ", "))"
    }

    private static func list(_ problems: [String]) -> String {
        (problems.prefix(5) + (problems.count > 5 ? ["…"] : [])).joined(separator: "; ")
    }

    /// The start of the value's text.
    private static func excerpt(_ value: JSONValue) -> String {
        let text = value.text
        return text.count > 60 ? "\(text.prefix(59))…" : text
    }
}
