// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// A session: agents that go on with their conversations from task to task.
public struct SessionRow: Sendable, Equatable {
    /// Its id.
    public var id: SessionID
    /// Whose it is.
    public var ownership: Ownership
    /// Which agents may work in it, sorted; empty for all.
    public var agents: [String]
    /// Who started it, as events name who acts.
    public var author: String
    /// When it was started.
    public var startedAt: Timestamp
    /// From then on it takes no work.
    public var expiresAt: Timestamp
    /// When somebody ended it.
    public var endedAt: Timestamp?

    /// Puts a row together.
    public init(
        id: SessionID,
        ownership: Ownership,
        agents: [String] = [],
        author: String,
        startedAt: Timestamp,
        expiresAt: Timestamp,
        endedAt: Timestamp? = nil
    ) {
        (self.id, self.ownership, self.agents, self.author) = (id, ownership, agents, author)
        (self.startedAt, self.expiresAt, self.endedAt) = (startedAt, expiresAt, endedAt)
    }

    /// When it ended, by somebody or by itself; `nil` while it is open at `time`.
    public func end(at time: Timestamp) -> Timestamp? { endedAt ?? (expiresAt <= time ? expiresAt : nil) }
}

/// The conversation of one agent in one session.
public struct ThreadKey: Sendable, Hashable {
    /// The session.
    public var session: SessionID
    /// The id of the agent.
    public var agent: String

    /// Names a thread.
    public init(_ session: SessionID, _ agent: String) { (self.session, self.agent) = (session, agent) }
}

/// What an agent was asked in a task and what it answered.
public struct ThreadTurnRow: Sendable, Equatable {
    /// The conversation it belongs to.
    public var thread: ThreadKey
    /// From 1 in the thread, without gaps, in the order in which tasks ended; 0 for one whose task has not ended.
    public var number = 0
    /// The task, by its id; unique among those that have no number.
    public var task: String
    /// Of the attempt: what a later one writes counts.
    public var fence: Int64
    /// The run.
    public var run: RunID
    /// The node.
    public var node: String
    /// What was asked.
    public var question: String
    /// What was answered.
    public var answer: String
    /// When it was written.
    public var at: Timestamp

    /// A turn whose task has not ended.
    public init(
        thread: ThreadKey,
        task: String,
        fence: Int64,
        run: RunID,
        node: String,
        question: String,
        answer: String,
        at time: Timestamp
    ) {
        (self.thread, self.task, self.fence, self.run, self.node) = (thread, task, fence, run, node)
        (self.question, self.answer, at) = (question, answer, time)
    }
}

/// A short account of the turns of a thread up to one of them.
public struct ThreadSummaryRow: Sendable, Equatable {
    /// The conversation.
    public var thread: ThreadKey
    /// The number of the last turn that it is about.
    public var last: Int
    /// Its words.
    public var text: String
    /// When it was written.
    public var at: Timestamp

    /// Puts a row together.
    public init(thread: ThreadKey, last: Int, text: String, at time: Timestamp) {
        (self.thread, self.last, self.text, at) = (thread, last, text, time)
    }
}

/// A thread in a list.
public struct ThreadFigures: Sendable, Equatable {
    /// The id of the agent.
    public var agent: String
    /// How many turns it has.
    public var turns: Int
    /// When the last one was written.
    public var lastAt: Timestamp

    /// Puts figures together.
    public init(agent: String, turns: Int, lastAt: Timestamp) {
        (self.agent, self.turns, self.lastAt) = (agent, turns, lastAt)
    }
}

extension NotePlace {
    /// Where agents keep notes that work in a session.
    public static func session(_ row: SessionRow) -> NotePlace {
        NotePlace(tenant: row.ownership.tenant, scope: .session, holder: row.id.description)
    }
}
