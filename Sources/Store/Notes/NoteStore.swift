// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// What agents keep: memories, contexts and thoughts. Calls block.
///
/// Rows that have ended are read like others until they are removed, except where a time is asked for.
public protocol NoteStore: Sendable {
    /// Writes everything in `change` in one transaction and flushes it; either all of it is durable or none.
    ///
    /// - Throws: `conflict` when a row was changed meanwhile, a number is taken, or the request was answered; `full` or
    ///   `failed`. Nothing was written then.
    func apply(_ change: NoteChange) throws(StoreError)

    /// What was answered to a request.
    func noteAnswer(to request: String) throws(StoreError) -> NoteAnswerRow?

    /// The entry with that key.
    func memory(_ key: MemoryRow.Key) throws(StoreError) -> MemoryRow?
    /// Entries that have not ended, by key as bytes are ordered.
    func memories(_ filter: MemoryFilter) throws(StoreError) -> [MemoryRow]
    /// The context with that name.
    func context(_ key: ContextRow.Key) throws(StoreError) -> ContextRow?
    /// Contexts that have not ended, by name as bytes are ordered; at most `limit` after `name`.
    func contexts(
        in place: NotePlace,
        at time: Timestamp,
        after name: String?,
        limit: Int
    ) throws(StoreError) -> [ContextRow]
    /// Thoughts by number, at most `limit` after `number`.
    func thoughts(in place: NotePlace, after number: Int, limit: Int) throws(StoreError) -> [ThoughtRow]
    /// The last thought of a branch; without one, of all.
    func lastThought(in place: NotePlace, branch: String?) throws(StoreError) -> ThoughtRow?

    /// How much a place holds at that time.
    func noteSize(of place: NotePlace, at time: Timestamp) throws(StoreError) -> NoteSize
    /// How many rows a step would remove.
    func count(_ expiry: NoteExpiry) throws(StoreError) -> Int
}

/// Which entries of a memory are wanted.
public struct MemoryFilter: Sendable {
    /// Where.
    public var place: NotePlace
    /// Those that have not ended by then.
    public var time: Timestamp
    /// Only those with a word that is one of these or begins with one; empty for all.
    public var words: [String] = []
    /// Only those after that key.
    public var after: String?
    /// At most that many.
    public var limit = 500

    /// All of a place, the first 500.
    public init(_ place: NotePlace, at time: Timestamp) { (self.place, self.time) = (place, time) }
}

/// A step in which notes go whose time is over.
public struct NoteExpiry: Sendable, Equatable {
    /// Rows that end by themselves.
    public enum Kind: Sendable, CaseIterable {
        /// By ``MemoryRow/expiresAt``.
        case memories
        /// By ``ContextRow/expiresAt``.
        case contexts
        /// By ``ThoughtRow/at``.
        case thoughts
        /// By ``NoteAnswerRow/at``.
        case answers
    }
    /// Which rows.
    public var kind: Kind
    /// Those whose time is before this.
    public var before: Timestamp
    /// At most that many.
    public var limit: Int

    /// Describes a step.
    public init(_ kind: Kind, before time: Timestamp, limit: Int = 500) {
        (self.kind, before, self.limit) = (kind, time, limit)
    }
}

/// One transaction, carried out in the order of the fields.
public struct NoteChange: Sendable {
    /// Removes all notes of these places.
    public var removedPlaces: [NotePlace] = []
    /// New entries (revision 1) and changed ones; `conflict` when the revision is not one above the stored one.
    public var memories: [MemoryRow] = []
    /// To remove; one that is not there is no conflict.
    public var removedMemories: [MemoryRow.Key] = []
    /// New contexts (revision 1) and changed ones; `conflict` when the revision is not one above the stored one.
    public var contexts: [ContextRow] = []
    /// To remove; one that is not there is no conflict.
    public var removedContexts: [ContextRow.Key] = []
    /// New thoughts; `conflict` when the number is not one above that of the last one of the place.
    public var thoughts: [ThoughtRow] = []
    /// `conflict` when the request has an answer.
    public var answer: NoteAnswerRow?
    /// Removes rows whose time is over.
    public var expiries: [NoteExpiry] = []

    /// Nothing.
    public init() {}
}

extension StoreError {
    /// A note was changed meanwhile.
    public static func noteTaken(_ what: String) -> Self {
        Self(.conflict, "The \(what) was changed meanwhile: another writer was faster.")
    }
}
