// Baton
// SPDX-License-Identifier: Apache-2.0

// Other schemas for the same value.
extension SchemaRun {
    mutating func apply(
        _ check: SchemaCheck,
        to value: JSONValue,
        _ node: SchemaNode,
        _ seen: inout SchemaEvaluated?
    ) -> Bool {
        switch check {
        case .reference(let target): return self.check(target, value, &seen)
        case .dynamicReference(let name, let target):
            return self.check(dynamicTarget(name) ?? target, value, &seen)
        case .all(let schemas):
            var passes = true
            for schema in schemas {
                if !self.check(schema, value, &seen) { passes = false }
                if !passes, isFull { return false }
            }
            return passes
        case .any(let schemas): return applyAny(schemas, value, node, &seen)
        case .one(let schemas): return applyOne(schemas, value, node, &seen)
        case .not(let schema):
            var inner: SchemaEvaluated?
            guard trial(schema, value, &inner) else { return stop == nil }
            return fail(node, "not", "must not match the schema under \"not\", but does")
        case .condition(let condition, let then, let otherwise):
            return applyCondition(condition, then, otherwise, value, &seen)
        case .unevaluatedItems(let schema):
            guard case .array(let array) = value else { return true }
            return applyUnevaluated(items: schema, array, &seen)
        case .unevaluatedMembers(let schema):
            guard case .object(let object) = value else { return true }
            return applyUnevaluated(members: schema, object, &seen)
        default: return true
        }
    }

    /// The schema of this name in the outermost resource on the way that has one.
    private func dynamicTarget(_ name: String) -> Int? {
        for resource in scope {
            if let target = program.dynamicAnchors[resource][name] { return target }
        }
        return nil
    }

    private mutating func applyCondition(
        _ condition: Int,
        _ then: Int?,
        _ otherwise: Int?,
        _ value: JSONValue,
        _ seen: inout SchemaEvaluated?
    ) -> Bool {
        var inner = seen.map { _ in SchemaEvaluated() }
        let holds = trial(condition, value, &inner)
        if stop != nil { return false }
        if holds, let inner { seen?.formUnion(inner) }
        guard let next = holds ? then : otherwise else { return true }
        return check(next, value, &seen)
    }

    /// With somebody who wants to know what was looked at, all schemas are tried.
    private mutating func applyAny(
        _ schemas: [Int],
        _ value: JSONValue,
        _ node: SchemaNode,
        _ seen: inout SchemaEvaluated?
    ) -> Bool {
        var problems: [String] = []
        for schema in schemas {
            var inner = seen.map { _ in SchemaEvaluated() }
            if let problem = problem(schema, value, &inner) {
                problems.append(problem)
            } else if let inner {
                seen?.formUnion(inner)
            } else {
                return true
            }
            if stop != nil { return false }
        }
        return problems.count < schemas.count
            || fail(node, "anyOf", "must match one of \(schemas.count) schemas: \(SchemaPhrase.list(problems))")
    }

    private mutating func applyOne(
        _ schemas: [Int],
        _ value: JSONValue,
        _ node: SchemaNode,
        _ seen: inout SchemaEvaluated?
    ) -> Bool {
        var problems: [String] = []
        var matches = 0
        for schema in schemas {
            var inner = seen.map { _ in SchemaEvaluated() }
            if let problem = problem(schema, value, &inner) {
                problems.append(problem)
            } else {
                matches += 1
                if let inner { seen?.formUnion(inner) }
            }
            if stop != nil { return false }
        }
        switch matches {
        case 0: return fail(node, "oneOf", "must match one of \(schemas.count) schemas: \(SchemaPhrase.list(problems))")
        case 1: return true
        default: return fail(node, "oneOf", "must match exactly one of \(schemas.count) schemas, matches \(matches)")
        }
    }
}
