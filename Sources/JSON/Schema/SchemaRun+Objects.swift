// Baton
// SPDX-License-Identifier: Apache-2.0

// Members.
extension SchemaRun {
    mutating func apply(
        _ check: SchemaCheck,
        to object: JSONObject,
        _ value: JSONValue,
        _ node: SchemaNode,
        _ seen: inout SchemaEvaluated?
    ) -> Bool {
        switch check {
        case .memberCount(let range):
            return apply(range, to: object.count, ("minProperties", "maxProperties"), ("member", "members"), node)
        case .required(let names):
            var passes = true
            for name in names where object[name] == nil {
                passes = fail(node, "required", "must have the member \(JSONValue.string(name).text)")
            }
            return passes
        case .dependentRequired(let dependencies): return apply(dependencies, object, node)
        case .members(let members): return apply(members, object, &seen)
        case .memberNames(let schema): return apply(names: schema, object, node)
        case .dependentSchemas(let schemas):
            var passes = true
            for schema in schemas where object[schema.name] != nil {
                if !self.check(schema.node, value, &seen) { passes = false }
                if !passes, isFull { return false }
            }
            return passes
        default: return true
        }
    }

    private mutating func apply(
        _ dependencies: [SchemaDependency],
        _ object: JSONObject,
        _ node: SchemaNode
    ) -> Bool {
        var passes = true
        for dependency in dependencies where object[dependency.name] != nil {
            for name in dependency.required where object[name] == nil {
                let names = (JSONValue.string(name).text, JSONValue.string(dependency.name).text)
                passes = fail(
                    node,
                    "dependentRequired",
                    "must have the member \(names.0), since it has the member \(names.1)"
                )
            }
        }
        return passes
    }

    private mutating func apply(
        _ members: SchemaMembers,
        _ object: JSONObject,
        _ seen: inout SchemaEvaluated?
    ) -> Bool {
        var passes = true
        for (position, member) in object.members.enumerated() {
            var isCovered = false
            if let schema = members.node(of: member.key) {
                isCovered = true
                if !descend(position, member.value, schema) { passes = false }
            }
            for (pattern, schema) in members.patterns where matches(pattern, member.key) {
                isCovered = true
                if !descend(position, member.value, schema) { passes = false }
            }
            if !isCovered, let schema = members.additional {
                isCovered = true
                if !descend(position, member.value, schema) { passes = false }
            }
            if isCovered { seen?.addMember(position) }
            if stop != nil || !passes && isFull { return false }
        }
        return passes
    }

    private mutating func apply(names schema: Int, _ object: JSONObject, _ node: SchemaNode) -> Bool {
        var passes = true
        for member in object.members {
            var seen: SchemaEvaluated?
            guard let problem = problem(schema, .string(member.key), &seen) else { continue }
            let name = SchemaPhrase.excerpt(.string(member.key))
            passes = fail(node, "propertyNames", "must not have the member \(name), whose name \(problem)")
            if isFull { return false }
        }
        return passes
    }

    mutating func applyUnevaluated(
        members schema: Int,
        _ object: JSONObject,
        _ seen: inout SchemaEvaluated?
    ) -> Bool {
        var passes = true
        for (position, member) in object.members.enumerated() where seen?.hasMember(position) == false {
            if !descend(position, member.value, schema) { passes = false }
            if !passes, isFull { return false }
        }
        seen?.addAllMembers()
        return passes
    }
}
