// Baton
// SPDX-License-Identifier: Apache-2.0

import Text

// What is about the value alone.
extension SchemaRun {
    mutating func apply(_ check: SchemaCheck, to value: JSONValue, _ node: SchemaNode) -> Bool {
        switch check {
        case .nothing: return fail(node, "", "is not allowed")
        case .type(let types):
            return types.allows(value)
                || fail(node, "type", "must be \(types.phrase), is \(SchemaPhrase.kind(of: value))")
        case .values(let values):
            return values.contains(value)
                || fail(
                    node,
                    values.keyword,
                    "must be \(SchemaPhrase.choice(values.list)), is \(SchemaPhrase.excerpt(value))"
                )
        case .number(let rule, let limit): return apply(rule, limit, to: value, node)
        default: return true
        }
    }

    private mutating func apply(
        _ rule: SchemaNumberRule,
        _ limit: JSONValue,
        to value: JSONValue,
        _ node: SchemaNode
    ) -> Bool {
        guard let number = Number(value), let bound = Number(limit) else { return true }
        let isKept =
            switch rule {
            case .minimum: !(number < bound)
            case .maximum: !(bound < number)
            case .exclusiveMinimum: bound < number
            case .exclusiveMaximum: number < bound
            case .multipleOf: number.isMultiple(of: bound)
            }
        return isKept
            || fail(node, rule.rawValue, "must be \(SchemaPhrase.relation(rule)) \(limit.text), is \(value.text)")
    }

    mutating func apply(_ check: SchemaCheck, to string: String, _ node: SchemaNode) -> Bool {
        guard spend(string.utf8.count / 32) else { return false }
        switch check {
        case .length(let range):
            return apply(
                range,
                to: string.unicodeScalars.count,
                ("minLength", "maxLength"),
                ("character", "characters"),
                node
            )
        case .pattern(let pattern):
            return matches(pattern, string)
                || fail(
                    node,
                    "pattern",
                    "must match the pattern \(pattern.source), is \(SchemaPhrase.excerpt(.string(string)))"
                )
        case .format(let format):
            return format.accepts(string)
                || fail(node, "format", "must be \(format.phrase), is \(SchemaPhrase.excerpt(.string(string)))")
        default: return true
        }
    }

    /// Matching takes from the same steps as everything else.
    mutating func matches(_ pattern: Pattern, _ text: String) -> Bool {
        guard let matches = pattern.matches(text, visits: &stepsLeft) else {
            stepsLeft = -1
            _ = spend(0)
            return false
        }
        return matches
    }

    mutating func apply(
        _ range: SchemaRange,
        to count: Int,
        _ keywords: (least: String, most: String),
        _ unit: (one: String, many: String),
        _ node: SchemaNode
    ) -> Bool {
        func amount(_ count: Int) -> String { "\(count) \(count == 1 ? unit.one : unit.many)" }
        var passes = true
        if let least = range.least, count < least {
            passes = fail(node, keywords.least, "must have at least \(amount(least)), has \(count)")
        }
        if let most = range.most, count > most {
            passes = fail(node, keywords.most, "must have at most \(amount(most)), has \(count)")
        }
        return passes
    }
}
