// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model
public import Store

/// Notes lie in the same file as the runs. A file that an older program wrote and nobody has upgraded yet has none.
extension SQLiteRunStore: NoteStore {
    /// Writes a change and flushes it.
    public func apply(_ change: NoteChange) throws(StoreError) {
        try writing { (writer) throws(StoreError) in try writer.apply(change) }
    }

    /// What was answered to a request.
    public func noteAnswer(to request: String) throws(StoreError) -> NoteAnswerRow? {
        try notes { (reader) throws(StoreError) in try NoteReader.answer(to: request, reader.connection) } ?? nil
    }

    /// The entry with that key.
    public func memory(_ key: MemoryRow.Key) throws(StoreError) -> MemoryRow? {
        try notes { (reader) throws(StoreError) in try NoteReader.memory(key, reader.connection) } ?? nil
    }

    /// Entries by key.
    public func memories(_ filter: MemoryFilter) throws(StoreError) -> [MemoryRow] {
        try notes { (reader) throws(StoreError) in try NoteReader.memories(filter, reader.connection) } ?? []
    }

    /// The context with that name.
    public func context(_ key: ContextRow.Key) throws(StoreError) -> ContextRow? {
        try notes { (reader) throws(StoreError) in try NoteReader.context(key, reader.connection) } ?? nil
    }

    /// Contexts by name.
    public func contexts(
        in place: NotePlace,
        at time: Timestamp,
        after name: String?,
        limit: Int
    ) throws(StoreError) -> [ContextRow] {
        try notes { (reader) throws(StoreError) in
            try NoteReader.contexts(in: place, at: time, after: name, limit: limit, reader.connection)
        } ?? []
    }

    /// Thoughts by number.
    public func thoughts(in place: NotePlace, after number: Int, limit: Int) throws(StoreError) -> [ThoughtRow] {
        try notes { (reader) throws(StoreError) in
            try NoteReader.thoughts(in: place, after: number, limit: limit, reader.connection)
        } ?? []
    }

    /// The last thought.
    public func lastThought(in place: NotePlace, branch: String?) throws(StoreError) -> ThoughtRow? {
        try notes { (reader) throws(StoreError) in
            try NoteReader.lastThought(in: place, branch: branch, reader.connection)
        } ?? nil
    }

    /// How much a place holds.
    public func noteSize(of place: NotePlace, at time: Timestamp) throws(StoreError) -> NoteSize {
        try notes { (reader) throws(StoreError) in try NoteReader.size(of: place, at: time, reader.connection) }
            ?? NoteSize()
    }

    /// How many rows a step would remove.
    public func count(_ expiry: NoteExpiry) throws(StoreError) -> Int {
        try notes { (reader) throws(StoreError) in try NoteReader.count(expiry, reader.connection) } ?? 0
    }

    private func notes<Value: Sendable>(
        _ body: @Sendable (RunReader) throws(StoreError) -> Value
    ) throws(StoreError) -> Value? {
        try read { (reader) throws(StoreError) in
            guard try reader.connection.hasTable(NoteSchema.table) else { return nil }
            return try body(reader)
        }
    }
}
