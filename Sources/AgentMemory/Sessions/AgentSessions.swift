// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model
public import Store
internal import Synchronization

/// Sessions of agents, and their threads: the conversation of each agent in a session (spec 8.8). Calls block.
public final class AgentSessions: Sendable {
    let store: any ConversationStore
    private let notes: any NoteStore
    private let now: @Sendable () -> Timestamp
    private let ids = Mutex(IdentifierSource())

    /// How long a session takes work when nobody says.
    public static let usualLife = Duration.seconds(7 * 24 * 3600)
    /// The longest and the shortest.
    public static let lives = Duration.seconds(1)...Duration.seconds(365 * 24 * 3600)
    /// Agents of a session that names some.
    public static let agentLimit = 50
    /// So much of what was asked and what was answered is kept in a thread, in bytes.
    public static let (questionLimit, answerLimit) = (16 << 10, 32 << 10)
    /// So many turns are read for an agent.
    private static let turnLimit = 200

    /// Sessions over a store, whose notes are in another one or the same.
    public init(_ store: any ConversationStore, notes: any NoteStore, now: @escaping @Sendable () -> Timestamp) {
        (self.store, self.notes, self.now) = (store, notes, now)
    }

    /// Now, for those who say whether a session is open.
    public var time: Timestamp { now() }

    // MARK: Sessions

    /// Starts a session.
    ///
    /// - Parameters:
    ///   - agents: Who may work in it; empty for everybody.
    ///   - life: How long it takes work.
    /// - Throws: `validation.failed` for a life or a list that cannot be, `store.unavailable`.
    public func start(
        _ agents: [String] = [],
        for life: Duration? = nil,
        of ownership: Ownership,
        by author: String
    ) throws(NoteError) -> SessionRow {
        let life = life ?? Self.usualLife
        guard Self.lives.contains(life) else { throw .invalid("/ttl", "must be a span from 1s to 365d") }
        guard agents.count <= Self.agentLimit else {
            throw .invalid("/agents", "has \(agents.count) agents, and may have \(Self.agentLimit)")
        }
        let time = now()
        var random = SystemRandomNumberGenerator()
        let row = SessionRow(
            id: ids.withLock { $0.next(at: time, entropy: (random.next(), random.next())) },
            ownership: ownership,
            agents: Set(agents).sorted(),
            author: author,
            startedAt: time,
            expiresAt: time + life
        )
        var change = ConversationChange()
        change.sessions = [row]
        try apply(change)
        return row
    }

    /// The session with that id, whoever's it is.
    public func session(_ id: SessionID) throws(NoteError) -> SessionRow? {
        try stored { () throws(StoreError) in try store.session(id) }
    }

    /// What somebody sees of the sessions, the newest first; at most `limit` that began before `last`.
    public func sessions(
        _ visibility: Visibility,
        before last: SessionID? = nil,
        limit: Int
    ) throws(NoteError) -> [SessionRow] {
        try stored { () throws(StoreError) in try store.sessions(visibility, before: last, limit: limit) }
    }

    /// Lets a session take no more work; one that has ended stays as it is.
    public func end(_ row: SessionRow) throws(NoteError) -> SessionRow {
        let time = now()
        guard row.end(at: time) == nil else { return row }
        var (ended, change) = (row, ConversationChange())
        ended.endedAt = time
        change.sessions = [ended]
        try apply(change)
        return ended
    }

    /// Removes a session with its threads and all notes in it.
    public func delete(_ row: SessionRow) throws(NoteError) {
        try stored { () throws(StoreError) in try store.delete(row, notes: notes) }
    }

    // MARK: Threads

    /// The threads of a session that have a turn, by agent.
    public func threads(of row: SessionRow) throws(NoteError) -> [ThreadFigures] {
        try stored { () throws(StoreError) in try store.threads(of: row.id) }
    }

    /// Turns of a thread by number, and the summary that reaches farthest.
    public func thread(
        _ key: ThreadKey,
        after number: Int = 0,
        limit: Int
    ) throws(NoteError) -> (turns: [ThreadTurnRow], summary: ThreadSummaryRow?) {
        try stored { () throws(StoreError) in
            (try store.turns(of: key, after: number, limit: limit), try store.summary(of: key))
        }
    }

    /// What an agent goes on with: the newest turns after the last summary.
    public func history(
        of key: ThreadKey
    ) throws(NoteError) -> (turns: [ThreadTurnRow], summary: ThreadSummaryRow?) {
        try stored { () throws(StoreError) in
            let summary = try store.summary(of: key)
            let count = try store.threads(of: key.session).first { $0.agent == key.agent }?.turns ?? 0
            let first = max(summary?.last ?? 0, count - Self.turnLimit)
            return (try store.turns(of: key, after: first, limit: Self.turnLimit), summary)
        }
    }

    /// The session in which a task of an agent wants to work.
    ///
    /// - Throws: `not_found` for one that is not there or not of whoever the run belongs to, `session.ended`,
    ///   `validation.failed` for an agent that does not belong to it, `store.unavailable`.
    public func open(_ text: String, for agent: String, of ownership: Ownership) throws(NoteError) -> SessionRow {
        guard let id = SessionID(text), let row = try session(id), Self.isShared(row.ownership, with: ownership) else {
            throw NoteError(.notFound, "there is no session `\(text)`")
        }
        guard row.agents.isEmpty || row.agents.contains(agent) else {
            let names = row.agents.joined(separator: ", ")
            throw .invalid("/session", "is \(id), in which \(names) work, and not \(agent)")
        }
        try checkOpen(row)
        return row
    }

    /// - Throws: `session.ended`.
    public func checkOpen(_ row: SessionRow) throws(NoteError) {
        guard let end = row.end(at: now()) else { return }
        throw NoteError(.ended, "the session \(row.id) \(row.endedAt == nil ? "expired" : "ended") at \(end)")
    }

    /// A run works in sessions of its own owner, and in those of its project.
    private static func isShared(_ session: Ownership, with run: Ownership) -> Bool {
        guard session.tenant == run.tenant else { return false }
        return NotePlace.owner(session.owner) == NotePlace.owner(run.owner)
            || session.project != nil && session.project == run.project
    }

    /// Writes down what a task will have asked and answered when it ends well, and summaries.
    public func write(_ turns: [ThreadTurnRow], _ summaries: [ThreadSummaryRow]) throws(NoteError) {
        var change = ConversationChange()
        (change.turns, change.summaries) = (turns, summaries)
        try apply(change)
    }

    /// As much of a text as a thread keeps.
    public static func cut(_ text: String, to limit: Int) -> String {
        guard text.utf8.count > limit else { return text }
        var (cut, size) = ("", 0)
        for character in text {
            size += character.utf8.count
            guard size <= limit else { break }
            cut.append(character)
        }
        return cut + "\n[cut: \(text.utf8.count) bytes in all]"
    }

    private func apply(_ change: ConversationChange) throws(NoteError) {
        try stored { () throws(StoreError) in try store.apply(change) }
    }

    private func stored<Value>(_ body: () throws(StoreError) -> Value) throws(NoteError) -> Value {
        do throws(StoreError) {
            return try body()
        } catch {
            throw NoteError(error)
        }
    }
}
