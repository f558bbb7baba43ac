// Baton
// SPDX-License-Identifier: Apache-2.0

internal import JSON

/// An entry to be written.
public struct NewMemory: Sendable, Equatable {
    var key: String
    var value: JSONValue
    var tags: [String]
    /// How long it is kept; `nil` for as long as its place, which for a run is ``NoteLimits/ofRun``.
    var ttl: Duration?
    /// Without it an entry that is there stays, and the request is refused.
    var overwrites: Bool

    init(_ fields: NoteFields) throws(NoteError) {
        key = try fields.name("key")
        guard let value = fields.value("value") else { throw .invalid("/value", "must be there") }
        self.value = value
        let size = value.bytes().count
        guard size <= NoteLimits.value else {
            throw .tooLarge("a value of a memory", NoteLimits.value, size, unit: "bytes")
        }
        tags = try fields.texts("tags") ?? []
        guard tags.count <= NoteLimits.tags else { throw .tooLarge("tags", NoteLimits.tags, tags.count, unit: "items") }
        guard tags.allSatisfy({ (1...NoteLimits.name).contains($0.count) }) else {
            throw .invalid("/tags", "must have 1 to \(NoteLimits.name) characters each")
        }
        ttl = try fields.span("ttl")
        overwrites = try fields.flag("overwrite", default: true)
    }
}

/// Which keys are listed.
public struct MemoryList: Sendable, Equatable {
    /// `*` stands for any characters, `?` for one.
    var glob: String?
    /// Only entries with that tag.
    var tag: String?
    /// Only keys after that one.
    var after: String?
    /// At most that many.
    var limit: Int

    init(_ fields: NoteFields) throws(NoteError) {
        (glob, tag, after) = (try fields.text("glob"), try fields.text("tag"), try fields.text("after"))
        limit = try fields.integer("limit", 1...500) ?? 100
    }
}

/// What is looked for.
public struct MemorySearch: Sendable, Equatable {
    var text: String
    /// Only entries with that tag.
    var tag: String?
    /// Only entries with at least that score.
    var minScore: Double
    /// At most that many.
    var limit: Int

    init(_ fields: NoteFields) throws(NoteError) {
        text = try fields.text("text") ?? ""
        guard !MemoryWords.of(text).isEmpty else { throw .invalid("/text", "must have a word") }
        tag = try fields.text("tag")
        minScore = try fields.share("min_score") ?? 0.3
        limit = try fields.integer("limit", 1...100) ?? 10
    }
}
