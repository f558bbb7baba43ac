// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// A source: documents that belong together, and whose they are.
public struct SourceRow: Sendable, Equatable {
    /// Its id.
    public var id: SourceID
    /// Unique within the tenant.
    public var name: String
    /// Whose it is, and with it all that is in it.
    public var ownership: Ownership
    /// When it was made.
    public var createdAt: Timestamp

    /// Puts a row together.
    public init(id: SourceID, name: String, ownership: Ownership, createdAt: Timestamp) {
        (self.id, self.name, self.ownership, self.createdAt) = (id, name, ownership, createdAt)
    }
}

/// A source with what is in it.
public struct SourceSummary: Sendable, Equatable {
    /// The source.
    public var row: SourceRow
    /// How many documents it has.
    public var documents: Int
    /// How many passages they have.
    public var passages: Int
    /// How long their texts are.
    public var bytes: Int

    /// Puts a summary together.
    public init(row: SourceRow, documents: Int, passages: Int, bytes: Int) {
        (self.row, self.documents, self.passages, self.bytes) = (row, documents, passages, bytes)
    }
}

/// A document as it was last taken in.
public struct DocumentRow: Sendable, Equatable {
    /// Its id; it stays when the text changes.
    public var id: DocumentID
    /// The source it is in.
    public var source: SourceID
    /// Unique within the source: the path of a file, or any name.
    public var path: String
    /// For people.
    public var title: String
    /// The SHA-256 of its text, `sha256:…`.
    public var hash: String
    /// How long the text is.
    public var bytes: Int
    /// How many passages it was cut into.
    public var passages: Int
    /// When it came.
    public var addedAt: Timestamp
    /// When its text changed last.
    public var updatedAt: Timestamp
    /// Who brought it.
    public var author: String

    /// Puts a row together.
    public init(
        id: DocumentID,
        source: SourceID,
        path: String,
        title: String,
        hash: String,
        bytes: Int,
        passages: Int,
        addedAt: Timestamp,
        updatedAt: Timestamp,
        author: String
    ) {
        (self.id, self.source, self.path, self.title, self.hash) = (id, source, path, title, hash)
        (self.bytes, self.passages, self.addedAt, self.updatedAt) = (bytes, passages, addedAt, updatedAt)
        self.author = author
    }
}

/// A piece of a document that is found and shown as one.
public struct Passage: Sendable, Equatable {
    /// The headings above it, the outermost first, joined by ` > `; empty when there is none.
    public var heading: String
    /// Its first line in the document, from 1.
    public var firstLine: Int
    /// Its last line.
    public var lastLine: Int
    /// What it says.
    public var text: String

    /// Puts a passage together.
    public init(heading: String, firstLine: Int, lastLine: Int, text: String) {
        (self.heading, self.firstLine, self.lastLine, self.text) = (heading, firstLine, lastLine, text)
    }
}

/// What passages are asked for.
public struct PassageQuery: Sendable {
    /// Words of letters and digits; a passage has at least one of them.
    public var words: [String]
    /// Where to look.
    public var sources: [SourceID]
    /// At most that many.
    public var limit: Int

    /// Puts a query together.
    public init(words: [String], sources: [SourceID], limit: Int) {
        (self.words, self.sources, self.limit) = (words, sources, limit)
    }
}

/// A passage that was found.
public struct PassageHit: Sendable, Equatable {
    /// The document.
    public var document: DocumentRow
    /// The number of the passage in it, from 1.
    public var number: Int
    /// The passage.
    public var passage: Passage
    /// BM25 of the words, 0 or more; comparable within one answer only.
    public var relevance: Double

    /// Puts a hit together.
    public init(document: DocumentRow, number: Int, passage: Passage, relevance: Double) {
        (self.document, self.number, self.passage, self.relevance) = (document, number, passage, relevance)
    }
}
