// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model
public import Store

/// Sessions lie in the same file as the runs. A file that an older program wrote and nobody has upgraded yet has none.
extension SQLiteRunStore: ConversationStore {
    /// Writes a change and flushes it.
    public func apply(_ change: ConversationChange) throws(StoreError) {
        try writing { (writer) throws(StoreError) in try writer.apply(change) }
    }

    /// The session with that id.
    public func session(_ id: SessionID) throws(StoreError) -> SessionRow? {
        try sessions { (reader) throws(StoreError) in try ConversationRows.session(id, reader.connection) } ?? nil
    }

    /// Sessions, the newest first.
    public func sessions(
        _ visibility: Visibility,
        before last: SessionID?,
        limit: Int
    ) throws(StoreError) -> [SessionRow] {
        try sessions { (reader) throws(StoreError) in
            try ConversationRows.sessions(visibility, before: last, limit: limit, reader.connection)
        } ?? []
    }

    /// Sessions that ended.
    public func sessions(endedBefore time: Timestamp, limit: Int) throws(StoreError) -> [SessionRow] {
        try sessions { (reader) throws(StoreError) in
            try ConversationRows.sessions(endedBefore: time, limit: limit, reader.connection)
        } ?? []
    }

    /// Threads by agent.
    public func threads(of session: SessionID) throws(StoreError) -> [ThreadFigures] {
        try sessions { (reader) throws(StoreError) in
            try ConversationRows.threads(of: session, reader.connection)
        } ?? []
    }

    /// Turns by number.
    public func turns(of thread: ThreadKey, after number: Int, limit: Int) throws(StoreError) -> [ThreadTurnRow] {
        try sessions { (reader) throws(StoreError) in
            try ConversationRows.turns(of: thread, after: number, limit: limit, reader.connection)
        } ?? []
    }

    /// The summary that reaches farthest.
    public func summary(of thread: ThreadKey) throws(StoreError) -> ThreadSummaryRow? {
        try sessions { (reader) throws(StoreError) in try ConversationRows.summary(of: thread, reader.connection) }
            ?? nil
    }

    private func sessions<Value: Sendable>(
        _ body: @Sendable (RunReader) throws(StoreError) -> Value
    ) throws(StoreError) -> Value? {
        try read { (reader) throws(StoreError) in
            guard try reader.connection.hasTable(ConversationRows.table) else { return nil }
            return try body(reader)
        }
    }
}
