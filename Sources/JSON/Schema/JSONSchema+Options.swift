// Baton
// SPDX-License-Identifier: Apache-2.0

extension JSONSchema {
    /// What is checked beyond the standard, and at what cost.
    public struct Options: Sendable, Hashable {
        /// Whether `format` is checked; else it only describes, as the draft has it.
        public var assertsFormat: Bool
        /// Whether keywords that the draft does not know are taken as comments, as it has it; else they are refused,
        /// except those that start with `x-`, so that no misspelt rule is left out in silence.
        public var allowsUnknownKeywords: Bool
        /// The most steps of one validation, about 20 ns each.
        public var stepLimit: Int

        /// By default what the draft says, and about a second.
        public init(assertsFormat: Bool = false, allowsUnknownKeywords: Bool = true, stepLimit: Int = 50_000_000) {
            self.assertsFormat = assertsFormat
            self.allowsUnknownKeywords = allowsUnknownKeywords
            self.stepLimit = stepLimit
        }

        /// For schemas that people write for us: formats are checked and unknown keywords refused.
        public static let strict = Options(assertsFormat: true, allowsUnknownKeywords: false)
    }

    /// Schemas by the URI under which others refer to them.
    public struct Registry: Sendable {
        private(set) var schemas: [String: JSONValue] = [:]

        /// A registry of these schemas; they may also be referred to by the `$id` that they have inside.
        public init(_ schemas: [String: JSONValue] = [:]) {
            for (uri, schema) in schemas { add(schema, as: uri) }
        }

        /// Adds a schema; it takes the place of one with the same URI.
        public mutating func add(_ schema: JSONValue, as uri: String) {
            schemas[SchemaURI(uri).withoutFragment] = schema
            guard let id = schema["$id"]?.stringValue else { return }
            let own = SchemaURI(id).resolved(against: SchemaURI(uri)).withoutFragment
            if schemas[own] == nil { schemas[own] = schema }
        }
    }
}
