// Baton
// SPDX-License-Identifier: Apache-2.0

/// A compiled JSON Schema (draft 2020-12), for checking many values.
///
/// All vocabularies of the draft are there. Formats are checked only when the options or the dialect say so; what
/// describes content (`contentEncoding` and its kin) is never checked. Schemas that say in `$schema` that they are of
/// draft 2019-09, 07 or 06 are read as such. Other schemas are looked up in a registry; nothing is ever fetched.
///
/// Patterns take linear time, so those with references to groups or with looking ahead or behind are refused.
public struct JSONSchema: Sendable {
    /// The most violations that one validation reports.
    public static let violationLimit = 100

    private let program: SchemaProgram

    /// Compiles a schema and all that it refers to.
    ///
    /// - Parameters:
    ///   - registry: Where references to other schemas lead; the metaschemas of the draft are always there.
    ///   - options: What is checked beyond the standard.
    /// - Throws: When the schema does not follow the draft, refers to what is not there, or refers to itself in a way
    ///   that would never end.
    public init(
        _ schema: JSONValue,
        registry: Registry = Registry(),
        options: Options = Options()
    ) throws(JSONSchemaError) {
        program = try SchemaCompiler.compile(schema, registry, options)
    }

    /// Checks a value.
    ///
    /// - Returns: What is wrong with it, in the order of its members and elements, at most ``violationLimit``; empty
    ///   when the value satisfies the schema. When checking took too much, one violation that says so.
    public func validate(_ value: JSONValue) -> [JSONSchemaViolation] {
        var run = SchemaRun(program, value, violationLimit: Self.violationLimit)
        return run.result()
    }

    /// Whether a value satisfies the schema; faster than looking for all violations. `false` also when checking took
    /// too much.
    public func isValid(_ value: JSONValue) -> Bool {
        var run = SchemaRun(program, value, violationLimit: 0)
        return run.isValid()
    }
}
