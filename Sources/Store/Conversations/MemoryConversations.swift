// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// The sessions and threads of a ``MemoryRunStore``.
struct MemoryConversations {
    private var sessions: [SessionID: SessionRow] = [:]
    private var turns: [ThreadTurnRow] = []
    private var summaries: [ThreadSummaryRow] = []

    mutating func apply(_ change: ConversationChange) {
        for row in change.sessions { sessions[row.id] = row }
        for row in change.turns where sessions[row.thread.session] != nil {
            if let old = turns.firstIndex(where: { $0.task == row.task && $0.number == 0 }) {
                guard turns[old].fence <= row.fence else { continue }
                turns.remove(at: old)
            }
            turns.append(row)
        }
        for row in change.summaries where sessions[row.thread.session] != nil {
            if !summaries.contains(where: { $0.thread == row.thread && $0.last == row.last }) { summaries.append(row) }
        }
        for id in change.removedSessions {
            sessions[id] = nil
            turns.removeAll { $0.thread.session == id }
            summaries.removeAll { $0.thread.session == id }
        }
    }

    /// Gives the turns of tasks that ended their numbers.
    mutating func keep(_ tasks: [String]) {
        for task in tasks {
            guard let index = turns.firstIndex(where: { $0.task == task && $0.number == 0 }) else { continue }
            let thread = turns[index].thread
            turns[index].number = (turns.filter { $0.thread == thread }.map(\.number).max() ?? 0) + 1
        }
    }

    func session(_ id: SessionID) -> SessionRow? { sessions[id] }

    func sessions(_ visibility: Visibility, before last: SessionID?, limit: Int) -> [SessionRow] {
        let seen = sessions.values.filter { row in visibility.shows(row.ownership) && last.map { row.id < $0 } ?? true }
        return Array(seen.sorted { $0.id > $1.id }.prefix(limit))
    }

    func sessions(endedBefore time: Timestamp, limit: Int) -> [SessionRow] {
        let ended = sessions.values.filter { ($0.endedAt ?? $0.expiresAt) < time }
        return Array(ended.sorted { ($0.expiresAt, $0.id) < ($1.expiresAt, $1.id) }.prefix(limit))
    }

    func threads(of session: SessionID) -> [ThreadFigures] {
        let own = turns.filter { $0.thread.session == session && $0.number > 0 }
        return Dictionary(grouping: own, by: \.thread.agent).map { agent, rows in
            ThreadFigures(agent: agent, turns: rows.count, lastAt: rows.map(\.at).max() ?? rows[0].at)
        }.sorted { $0.agent < $1.agent }
    }

    func turns(of thread: ThreadKey, after number: Int, limit: Int) -> [ThreadTurnRow] {
        let own = turns.filter { $0.thread == thread && $0.number > max(0, number) }
        return Array(own.sorted { $0.number < $1.number }.prefix(limit))
    }

    func summary(of thread: ThreadKey) -> ThreadSummaryRow? {
        summaries.filter { $0.thread == thread }.max { $0.last < $1.last }
    }
}

extension MemoryRunStore: ConversationStore {
    /// Applies everything in `change`.
    public func apply(_ change: ConversationChange) { changing { $0.conversations.apply(change) } }

    /// The session with that id.
    public func session(_ id: SessionID) -> SessionRow? { reading { $0.conversations.session(id) } }

    /// Sessions, the newest first.
    public func sessions(_ visibility: Visibility, before last: SessionID?, limit: Int) -> [SessionRow] {
        reading { $0.conversations.sessions(visibility, before: last, limit: limit) }
    }

    /// Sessions that ended.
    public func sessions(endedBefore time: Timestamp, limit: Int) -> [SessionRow] {
        reading { $0.conversations.sessions(endedBefore: time, limit: limit) }
    }

    /// Threads by agent.
    public func threads(of session: SessionID) -> [ThreadFigures] { reading { $0.conversations.threads(of: session) } }

    /// Turns by number.
    public func turns(of thread: ThreadKey, after number: Int, limit: Int) -> [ThreadTurnRow] {
        reading { $0.conversations.turns(of: thread, after: number, limit: limit) }
    }

    /// The summary that reaches farthest.
    public func summary(of thread: ThreadKey) -> ThreadSummaryRow? { reading { $0.conversations.summary(of: thread) } }
}
