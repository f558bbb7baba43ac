// Baton
// SPDX-License-Identifier: Apache-2.0

import Hashing
import JSON
import Model
import Store
import Threads

/// Keeps agents and skills for a run as they were when it first used them (spec 8.10): also over changes of their files and
/// restarts. Those that have no text form are taken as they are.
struct PromptPins: Sendable {
    private let store: any PromptStore
    private let threads = BlockingThreads(named: "baton-prompts", count: 1)

    init(_ store: any PromptStore) { self.store = store }

    /// The agent and the skills of a task of a run.
    ///
    /// - Parameters:
    ///   - config: Names them; what it names and nobody knows is left out.
    ///   - roster: The agents as they are now.
    ///   - skills: The skills as they are now.
    /// - Throws: `store.unavailable`, worth another try; `agent.unavailable` or `skill.unavailable` for a text that a program of
    ///   another version wrote and this one cannot read.
    func staff(
        _ config: JSONValue,
        of run: RunID,
        _ roster: AgentRoster,
        _ skills: SkillShelf
    ) async throws(TaskError) -> (roster: AgentRoster, skills: SkillShelf) {
        let id = config["agent"]?.stringValue ?? ""
        let named = config["skills"]?.arrayValue?.compactMap(\.stringValue) ?? []
        let store = store
        let outcome: Result<(AgentRoster, SkillShelf), TaskError>
        do throws(CancellationError) {
            outcome = try await threads.run {
                do throws(TaskError) {
                    var lookup = try Lookup(store, run)
                    let agent = try lookup.agent(id, roster)
                    let shelf = try lookup.skills((agent?.skills ?? []) + named, skills)
                    return .success((AgentRoster(agent.map { [$0] } ?? roster.all), shelf))
                } catch {
                    return .failure(error)
                }
            }
        } catch {
            throw TaskError(code: "cancelled", errorClass: .permanent, message: "the attempt was cancelled")
        }
        return try outcome.get()
    }

    /// Blocks.
    private struct Lookup {
        let store: any PromptStore
        let run: RunID
        /// Hashes by names.
        var pinned: [String: String]

        init(_ store: any PromptStore, _ run: RunID) throws(TaskError) {
            (self.store, self.run) = (store, run)
            pinned = try asking { () throws(StoreError) in try store.pinnedPrompts(of: run) }
        }

        mutating func agent(_ id: String, _ roster: AgentRoster) throws(TaskError) -> AgentRecord? {
            let (name, now) = (PromptName(.agent, id).description, roster[id])
            try pin([(name, now?.source)])
            guard let text = try text(name, unlike: now?.source) else { return now }
            do throws(AgentRecordError) {
                return try AgentRecord(text, fileName: name)
            } catch {
                throw unreadable("agent", error)
            }
        }

        mutating func skills(_ names: [String], _ shelf: SkillShelf) throws(TaskError) -> SkillShelf {
            let known = Dictionary(shelf.all.map { ($0.name, $0) }) { $1 }
            try pin(names.map { (PromptName(.skill, $0).description, known[$0]?.source) })
            var skills = known
            for skill in Set(names) {
                let name = PromptName(.skill, skill).description
                guard let text = try text(name, unlike: known[skill]?.source) else { continue }
                do throws(AgentRecordError) {
                    skills[skill] = try Skill(text, fileName: name)
                } catch {
                    throw unreadable("skill", error)
                }
            }
            return SkillShelf(Array(skills.values))
        }

        /// Writes down what the run has not used yet.
        private mutating func pin(_ sources: [(name: String, text: [UInt8]?)]) throws(TaskError) {
            let new = sources.compactMap { source in
                source.text.map { PromptRow(name: source.name, hash: SHA256.hex($0), text: $0) }
            }.filter { pinned[$0.name] == nil }
            guard !new.isEmpty else { return }
            let (store, run) = (store, run)
            pinned = try asking { () throws(StoreError) in
                try store.pin(new, of: run)
                // Another task of the run may have been first.
                return try store.pinnedPrompts(of: run)
            }
        }

        /// What the run uses, if that is something else.
        private func text(_ name: String, unlike now: [UInt8]?) throws(TaskError) -> [UInt8]? {
            guard let hash = pinned[name], hash != now.map({ SHA256.hex($0) }) else { return nil }
            let store = store
            return try asking { () throws(StoreError) in try store.prompt(hash) }
        }

        private func unreadable(_ what: String, _ error: AgentRecordError) -> TaskError {
            TaskError(
                code: "\(what).unavailable",
                errorClass: .permanent,
                message: "what the run began with cannot be read any more: \(error)"
            )
        }
    }
}

private func asking<Value>(_ body: () throws(StoreError) -> Value) throws(TaskError) -> Value {
    do throws(StoreError) {
        return try body()
    } catch {
        throw TaskError(code: "store.unavailable", errorClass: .transient, message: error.message)
    }
}
