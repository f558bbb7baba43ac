// Baton
// SPDX-License-Identifier: Apache-2.0

internal import JSON

/// A context to be saved.
public struct NewContext: Sendable, Equatable {
    var name: String
    var value: JSONObject
    var ttl: Duration?

    init(_ fields: NoteFields) throws(NoteError) {
        name = try fields.contextName("name")
        guard let value = fields.value("value")?.objectValue else { throw .invalid("/value", "must be an object") }
        self.value = value
        ttl = try fields.span("ttl")
        let size = JSONValue.object(value).bytes().count
        guard size <= NoteLimits.context else { throw .tooLarge("a context", NoteLimits.context, size, unit: "bytes") }
    }
}

/// Contexts to be joined into one.
public struct ContextMerge: Sendable, Equatable {
    /// Who wins where several have something.
    public enum Strategy: String, Sendable, CaseIterable {
        /// For every member, the context that was saved last among those that have it.
        case byKey = "by_key"
        /// The context that was saved last, whole.
        case lastWriter = "last_writer"
    }
    var into: String
    var from: [String]
    var strategy: Strategy
    var ttl: Duration?

    init(_ fields: NoteFields) throws(NoteError) {
        into = try fields.contextName("into")
        from = try fields.texts("from") ?? []
        guard (1...16).contains(from.count) else { throw .invalid("/from", "must be a list of 1 to 16 names") }
        let name = try fields.text("strategy") ?? Strategy.byKey.rawValue
        guard let strategy = Strategy(rawValue: name) else {
            throw .invalid("/strategy", "must be by_key or last_writer")
        }
        (self.strategy, ttl) = (strategy, try fields.span("ttl"))
    }

    /// What comes of values in the order in which they were saved.
    func join(_ values: [JSONObject]) -> JSONObject {
        switch strategy {
        case .lastWriter: return values.last ?? [:]
        case .byKey:
            var joined = JSONObject()
            for member in values.flatMap(\.members) { joined[member.key] = member.value }
            return joined
        }
    }
}
