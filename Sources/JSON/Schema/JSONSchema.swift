// Baton
// SPDX-License-Identifier: Apache-2.0

/// A compiled JSON Schema (draft 2020-12), for checking many values.
///
/// These keywords are checked: `type`, `enum`, `const`, `properties`, `required`, `additionalProperties`,
/// `minProperties`, `maxProperties`, `items`, `prefixItems`, `minItems`, `maxItems`, `uniqueItems`, `minLength`,
/// `maxLength`, `minimum`, `maximum`, `exclusiveMinimum`, `exclusiveMaximum`, `multipleOf`, `allOf`, `anyOf`, `oneOf`,
/// `not`, and `true` and `false` as schemas. Annotations (`title`, `description`, `default`, `examples`, `format`,
/// `deprecated`, `readOnly`, `writeOnly`, `$schema`, `$id`, `$comment` and names starting with `x-`) are allowed and
/// not checked. Any other keyword is an error, so that no rule is left out in silence.
public struct JSONSchema: Sendable {
    /// The most violations that one validation reports.
    public static let violationLimit = 100

    private let root: SchemaNode

    /// Compiles a schema.
    public init(_ schema: JSONValue) throws(JSONSchemaError) {
        root = try SchemaCompiler.compile(schema, at: .root)
    }

    /// Checks a value.
    ///
    /// - Returns: What is wrong with it, in the order of its members and elements, at most ``violationLimit``; empty
    ///   when the value satisfies the schema.
    public func validate(_ value: JSONValue) -> [JSONSchemaViolation] {
        var validation = SchemaValidation()
        validation.check(value, against: root)
        return validation.violations
    }
}
