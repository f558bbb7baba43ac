// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// Sessions of agents and their threads. Calls block.
///
/// A turn is written in two steps, so that it is there exactly when its task has succeeded: an attempt writes it down before
/// it ends, and ``Commit/keptTurns`` of the commit in which the task ends gives it its number. Nothing reads it before.
public protocol ConversationStore: Sendable {
    /// Writes everything in `change` in one transaction and flushes it; either all of it is durable or none.
    ///
    /// - Throws: `full` or `failed`. Nothing was written then.
    func apply(_ change: ConversationChange) throws(StoreError)

    /// The session with that id.
    func session(_ id: SessionID) throws(StoreError) -> SessionRow?
    /// What somebody sees of the sessions, the newest first; at most `limit` that began before `last`.
    func sessions(
        _ visibility: Visibility,
        before last: SessionID?,
        limit: Int
    ) throws(StoreError) -> [SessionRow]
    /// Sessions of all tenants that ended or expired before that time, those first that expired first.
    func sessions(endedBefore time: Timestamp, limit: Int) throws(StoreError) -> [SessionRow]
    /// The threads of a session that have a turn, by agent.
    func threads(of session: SessionID) throws(StoreError) -> [ThreadFigures]
    /// Turns of a thread by number, at most `limit` after `number`.
    func turns(of thread: ThreadKey, after number: Int, limit: Int) throws(StoreError) -> [ThreadTurnRow]
    /// The summary of a thread that reaches farthest.
    func summary(of thread: ThreadKey) throws(StoreError) -> ThreadSummaryRow?
}

/// One transaction of a ``ConversationStore``; carried out in the order of the fields.
public struct ConversationChange: Sendable {
    /// To insert or replace, by id.
    public var sessions: [SessionRow] = []
    /// To write down, in place of what earlier attempts of their tasks wrote; one whose session is gone, or whose task has
    /// one of a later attempt, is left out.
    public var turns: [ThreadTurnRow] = []
    /// To add; one that is there is left alone, one whose session is gone left out.
    public var summaries: [ThreadSummaryRow] = []
    /// To remove with all that is in them; one that is not there is no conflict.
    public var removedSessions: [SessionID] = []

    /// An empty transaction.
    public init() {}
}

extension ConversationStore {
    /// Removes a session with its threads, and all notes in it from where they are kept.
    ///
    /// - Throws: `full` or `failed`. The session goes last, so that whoever removes it again finds what was left.
    public func delete(_ session: SessionRow, notes: any NoteStore) throws(StoreError) {
        var (noted, change) = (NoteChange(), ConversationChange())
        noted.removedPlaces = [.session(session)]
        try notes.apply(noted)
        change.removedSessions = [session.id]
        try apply(change)
    }
}
