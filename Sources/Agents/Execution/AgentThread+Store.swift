// Baton
// SPDX-License-Identifier: Apache-2.0

import AgentMemory
import Engine
import JSON
import Model
import ProviderCalls
import Providers
import Store
import Threads
import Tools

/// Threads, as they are read and written.
extension AgentExecutor {
    /// The conversation that a task goes on with; `nil` for one without a session.
    ///
    /// - Throws: `not_found`, `session.ended`, `validation.failed`, `store.unavailable`.
    func thread(
        of task: AgentTask,
        _ assignment: Assignment,
        window: Int
    ) async throws(TaskError) -> AgentThread? {
        guard let text = task.session else { return nil }
        guard let sessions = settings.sessions else {
            throw TaskError(code: "not_found", errorClass: .permanent, message: "there are no sessions here")
        }
        let (agent, ownership) = (task.record.id, assignment.ownership)
        return try await sessions.ask { sessions throws(NoteError) in
            let session = try sessions.open(text, for: agent, of: ownership)
            let key = ThreadKey(session.id, agent)
            let (turns, summary) = try sessions.history(of: key)
            return AgentThread(key, turns, summary, window: window)
        }
    }
}

extension ExecutionSettings {
    /// Writes down what a task will have asked and answered when it ends well; a later attempt writes it anew.
    func keep(
        _ thread: AgentThread,
        _ question: String,
        _ output: JSONValue,
        _ summary: AgentThread.Summary?,
        _ assignment: Assignment,
        node: String
    ) async throws(TaskError) {
        let answer = output["text"]?.stringValue ?? output.stringValue ?? output.text
        try await sessions?.ask { sessions throws(NoteError) in
            let turn = ThreadTurnRow(
                thread: thread.key,
                task: assignment.task.description,
                fence: assignment.fence,
                run: assignment.run,
                node: node,
                question: AgentSessions.cut(question, to: AgentSessions.questionLimit),
                answer: AgentSessions.cut(answer, to: AgentSessions.answerLimit),
                at: sessions.time
            )
            try sessions.write([turn], thread.rows(summary, at: sessions.time))
        }
    }

    /// Keeps a summary for later tasks of the thread.
    func keep(_ thread: AgentThread, _ summary: AgentThread.Summary) async throws(TaskError) {
        try await sessions?.ask { sessions throws(NoteError) in
            try sessions.write([], thread.rows(summary, at: sessions.time))
        }
    }
}

extension AgentThread {
    fileprivate func rows(_ summary: Summary?, at time: Timestamp) -> [ThreadSummaryRow] {
        guard let summary, let text = summary.text else { return [] }
        return [ThreadSummaryRow(thread: key, last: summary.last, text: text, at: time)]
    }
}

extension AgentModels {
    /// LLM tokens that the model reads which would be asked first.
    func window(of wish: ModelRouter.Wish, _ setup: ModelSetup) -> Int {
        guard case .ask(let model, _) = choose(wish, excluding: []) else { return AgentThread.usualWindow }
        return setup.price(of: model)?.entry.facts.contextLimit ?? AgentThread.usualWindow
    }
}

extension AgentSessions {
    private static let threads = BlockingThreads(named: "sessions", count: 2)

    /// Asks on a thread that may block.
    fileprivate func ask<Value: Sendable>(
        _ body: @escaping @Sendable (AgentSessions) throws(NoteError) -> Value
    ) async throws(TaskError) -> Value {
        let result: Result<Value, NoteError>
        do {
            result = try await Self.threads.run {
                do throws(NoteError) { return .success(try body(self)) } catch { return .failure(error) }
            }
        } catch {
            throw .cancelled
        }
        do throws(NoteError) {
            return try result.get()
        } catch {
            throw TaskError(
                code: error.code.rawValue,
                errorClass: error.code == .storage ? .transient : .permanent,
                message: error.message
            )
        }
    }
}
