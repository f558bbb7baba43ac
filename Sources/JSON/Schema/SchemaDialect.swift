// Baton
// SPDX-License-Identifier: Apache-2.0

/// Which keywords a schema has and what they mean.
struct SchemaDialect: Sendable {
    /// The drafts that differ for us.
    enum Draft: Sendable, Comparable {
        /// Draft 07 and 06: `$ref` hides what is beside it.
        case draft7
        case draft2019
        case draft2020
    }

    struct Vocabularies: OptionSet, Sendable {
        let rawValue: UInt8

        static let applicator = Self(rawValue: 1)
        static let unevaluated = Self(rawValue: 2)
        static let validation = Self(rawValue: 4)
        static let formatAssertion = Self(rawValue: 8)
        static let standard: Self = [.applicator, .unevaluated, .validation]
    }

    var draft = Draft.draft2020
    var vocabularies = Vocabularies.standard

    static let standard = SchemaDialect()

    /// The drafts by the URI in `$schema`.
    static func published(_ uri: String) -> SchemaDialect? {
        switch uri {
        case "https://json-schema.org/draft/2020-12/schema": .standard
        case "https://json-schema.org/draft/2019-09/schema": SchemaDialect(draft: .draft2019)
        case "http://json-schema.org/draft-07/schema", "http://json-schema.org/draft-06/schema",
            "https://json-schema.org/draft-07/schema", "https://json-schema.org/draft-06/schema":
            SchemaDialect(draft: .draft7)
        default: nil
        }
    }

    /// The dialect that a metaschema describes, and the vocabulary that it demands and nobody knows, if there is one.
    static func described(by metaschema: JSONValue) -> (dialect: SchemaDialect, unknown: String?) {
        var dialect = SchemaDialect()
        guard let listed = metaschema["$vocabulary"]?.objectValue else { return (dialect, nil) }
        dialect.vocabularies = []
        for member in listed {
            guard let name = member.key.standardVocabulary else {
                if member.value == true { return (dialect, member.key) }
                continue
            }
            if member.key.contains("2019-09") { dialect.draft = .draft2019 }
            switch name {
            case "applicator":
                dialect.vocabularies.insert(.applicator)
                if dialect.draft == .draft2019 { dialect.vocabularies.insert(.unevaluated) }
            case "unevaluated": dialect.vocabularies.insert(.unevaluated)
            case "validation": dialect.vocabularies.insert(.validation)
            case "format-assertion": dialect.vocabularies.insert(.formatAssertion)
            default: break
            }
        }
        return (dialect, nil)
    }

    /// What every schema may have: the core, and what only describes.
    static let descriptions: Set<String> = [
        "$schema", "$id", "$ref", "$anchor", "$dynamicRef", "$dynamicAnchor", "$defs", "$vocabulary", "$comment",
        "definitions", "title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly", "format",
        "contentEncoding", "contentMediaType", "contentSchema",
    ]
}

extension String {
    /// The name of a standard vocabulary from its URI.
    fileprivate var standardVocabulary: Substring? {
        for draft in ["2020-12", "2019-09"] {
            let start = "https://json-schema.org/draft/\(draft)/vocab/"
            if hasPrefix(start) { return dropFirst(start.count) }
        }
        return nil
    }
}
