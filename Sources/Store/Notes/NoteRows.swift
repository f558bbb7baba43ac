// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// An entry of a memory. The store knows nothing of the content of values.
public struct MemoryRow: Sendable, Equatable {
    /// Names an entry.
    public struct Key: Sendable, Hashable {
        /// Where it is.
        public var place: NotePlace
        /// Its key there.
        public var key: String

        /// Names an entry.
        public init(_ place: NotePlace, _ key: String) { (self.place, self.key) = (place, key) }
    }
    /// Where it is, and its key.
    public var key: Key
    /// JSON.
    public var value: [UInt8]
    /// In the order in which they were given.
    public var tags: [String]
    /// What it is found by: words in lower case with blanks between.
    public var words: String
    /// Who wrote it last, as events name who acts.
    public var author: String
    /// When the key was given its first value.
    public var createdAt: Timestamp
    /// When it was written last.
    public var updatedAt: Timestamp
    /// From then on it is gone, whether or not it was removed.
    public var expiresAt: Timestamp?
    /// 1 at first; every change is one above the last.
    public var revision: Int

    /// A new row.
    public init(
        key: Key,
        value: [UInt8],
        tags: [String] = [],
        words: String = "",
        author: String,
        at time: Timestamp,
        expiresAt: Timestamp? = nil
    ) {
        self.key = key
        self.value = value
        self.tags = tags
        self.words = words
        self.author = author
        (createdAt, updatedAt) = (time, time)
        self.expiresAt = expiresAt
        revision = 1
    }
}

/// A saved context.
public struct ContextRow: Sendable, Equatable {
    /// Names a context.
    public struct Key: Sendable, Hashable {
        /// Where it is.
        public var place: NotePlace
        /// Its name there.
        public var name: String

        /// Names a context.
        public init(_ place: NotePlace, _ name: String) { (self.place, self.name) = (place, name) }
    }
    /// Where it is, and its name.
    public var key: Key
    /// A JSON object.
    public var value: [UInt8]
    /// Who saved it last.
    public var author: String
    /// When it was saved first.
    public var createdAt: Timestamp
    /// When it was saved last.
    public var updatedAt: Timestamp
    /// From then on it is gone, whether or not it was removed.
    public var expiresAt: Timestamp?
    /// 1 at first; every change is one above the last.
    public var revision: Int

    /// A new row.
    public init(key: Key, value: [UInt8], author: String, at time: Timestamp, expiresAt: Timestamp? = nil) {
        self.key = key
        self.value = value
        self.author = author
        (createdAt, updatedAt) = (time, time)
        self.expiresAt = expiresAt
        revision = 1
    }
}

/// A thought. Nothing of it changes.
public struct ThoughtRow: Sendable, Equatable {
    /// What it is.
    public enum Kind: String, Sendable, CaseIterable {
        case analysis, hypothesis, plan, critique, conclusion
    }
    /// Where it is.
    public var place: NotePlace
    /// From 1, without gaps, whatever the branch.
    public var number: Int
    /// The branch.
    public var branch: String
    /// The thought that it follows; `nil` for the first one of all.
    public var parent: Int?
    /// The thought that it speaks about.
    public var about: Int?
    /// What it is.
    public var kind: Kind
    /// Its words.
    public var text: String
    /// The steps of a plan.
    public var steps: [String] = []
    /// How sure, in thousandths [0–1000].
    public var confidence: Int?
    /// How it was thought, in a word.
    public var style: String?
    /// Who thought it.
    public var author: String
    /// When.
    public var at: Timestamp

    /// A thought without more.
    public init(
        place: NotePlace,
        number: Int,
        branch: String,
        parent: Int?,
        kind: Kind,
        text: String,
        author: String,
        at time: Timestamp
    ) {
        (self.place, self.number, self.branch, self.parent) = (place, number, branch, parent)
        (self.kind, self.text, self.author, at) = (kind, text, author, time)
    }
}

/// What was answered to a request, so that a repeat gets the same and changes nothing.
public struct NoteAnswerRow: Sendable, Equatable {
    /// Names the request; unique.
    public var request: String
    /// JSON.
    public var answer: [UInt8]
    /// When.
    public var at: Timestamp

    /// Puts a row together.
    public init(request: String, answer: [UInt8], at time: Timestamp) {
        (self.request, self.answer, at) = (request, answer, time)
    }
}
