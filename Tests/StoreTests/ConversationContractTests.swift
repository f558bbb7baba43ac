// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Store
import StoreSQLite
import TestSupport
import Testing

@Suite struct ConversationContractTests {
    private static let ours = Ownership(tenant: "t", owner: "user:a", project: "p")

    private func session(_ number: UInt64, _ ownership: Ownership = ours, ends: Int64 = 100) -> SessionRow {
        SessionRow(
            id: SessionID(high: 1, low: number),
            ownership: ownership,
            agents: ["a", "\"ü\""],
            author: "user:a",
            startedAt: Timestamp(milliseconds: 1),
            expiresAt: Timestamp(milliseconds: ends)
        )
    }

    private func turn(_ key: ThreadKey, _ task: String, fence: Int64 = 1, _ answer: String = "yes") -> ThreadTurnRow {
        ThreadTurnRow(
            thread: key,
            task: task,
            fence: fence,
            run: RunID(high: 1, low: 1),
            node: "n",
            question: "Is\0it?",
            answer: answer,
            at: Timestamp(milliseconds: 5)
        )
    }

    private func write(_ store: any ConversationStore, _ fill: (inout ConversationChange) -> Void) throws {
        var change = ConversationChange()
        fill(&change)
        try store.apply(change)
    }

    private func keep(_ store: any RunStore, _ tasks: String...) throws {
        var commit = Commit()
        commit.keptTurns = tasks
        _ = try store.commit(commit)
    }

    @Test(arguments: Backend.allCases)
    func `sessions come back as they were written, to those who see them, until they are removed`(
        backend: Backend
    ) throws {
        try backend.conversations { store in
            var ended = session(2, Ownership(tenant: "t", owner: nil), ends: 50)
            ended.endedAt = Timestamp(milliseconds: 20)
            let others = session(3, Ownership(tenant: "t", owner: "user:b"), ends: 10)
            let foreign = session(4, Ownership(tenant: "u", owner: nil))
            try write(store) { $0.sessions = [session(1), ended, others, foreign] }
            #expect(try store.session(ended.id) == ended && store.session(session(9).id) == nil)
            func seen(_ viewer: Visibility, before last: SessionID? = nil, limit: Int = 9) throws -> [SessionID] {
                try store.sessions(viewer, before: last, limit: limit).map(\.id)
            }
            #expect(try seen(.everything(of: "t")) == [others.id, ended.id, session(1).id])
            #expect(try seen(.shared(in: "t", viewer: "user:a")) == [ended.id, session(1).id])
            #expect(try seen(.shared(in: "t", viewer: "user:c")) == [ended.id])
            #expect(try seen(.shared(in: "t", viewer: "user:c", projects: ["p"])) == [ended.id, session(1).id])
            #expect(try seen(.everything(of: "t"), before: others.id, limit: 1) == [ended.id])
            for (time, ids) in [(10, []), (11, [others.id]), (21, [others.id, ended.id])] as [(Int64, [SessionID])] {
                #expect(try store.sessions(endedBefore: Timestamp(milliseconds: time), limit: 9).map(\.id) == ids)
            }
            #expect(session(1).end(at: Timestamp(milliseconds: 99)) == nil)
            #expect(session(1).end(at: Timestamp(milliseconds: 100)) == Timestamp(milliseconds: 100))
            try write(store) { $0.removedSessions = [ended.id, session(9).id] }
            #expect(try store.session(ended.id) == nil)
        }
    }

    @Test(arguments: Backend.allCases)
    func `a turn is there from the commit on in which its task ends, once and in order`(backend: Backend) throws {
        try backend.conversations { store in
            try write(store) { $0.sessions = [session(1)] }
            let (one, two) = (ThreadKey(session(1).id, "a"), ThreadKey(session(1).id, "b"))
            try write(store) { $0.turns = [turn(one, "t1"), turn(one, "t2", "no"), turn(two, "t3")] }
            #expect(try store.turns(of: one, after: 0, limit: 9) == [] && store.threads(of: one.session) == [])
            try keep(store, "t2", "none")
            try keep(store, "t1")
            try keep(store, "t1", "t2", "t3")
            let turns = try store.turns(of: one, after: 0, limit: 9)
            #expect(turns.map(\.number) == [1, 2] && turns.map(\.task) == ["t2", "t1"])
            var first = turn(one, "t2", "no")
            first.number = 1
            #expect(turns.first == first)
            #expect(try store.turns(of: one, after: 1, limit: 9).map(\.task) == ["t1"])
            #expect(try store.turns(of: one, after: 0, limit: 1).map(\.task) == ["t2"])
            #expect(try store.threads(of: one.session).map(\.turns) == [2, 1])
            // The same task once more: it was begun anew after it had ended.
            try write(store) { $0.turns = [turn(one, "t1", fence: 5, "again")] }
            try keep(store, "t1")
            #expect(try store.turns(of: one, after: 2, limit: 9).map(\.answer) == ["again"])
        }
    }

    @Test(arguments: Backend.allCases)
    func `what a later attempt wrote stays, and nothing is written into a session that is gone`(
        backend: Backend
    ) throws {
        try backend.conversations { store in
            try write(store) { $0.sessions = [session(1)] }
            let key = ThreadKey(session(1).id, "a")
            for (fence, answer) in [(2, "second"), (1, "late"), (3, "third")] as [(Int64, String)] {
                try write(store) { $0.turns = [turn(key, "t", fence: fence, answer)] }
            }
            try write(store) { $0.turns = [turn(key, "t", fence: 2, "later")] }
            try keep(store, "t")
            #expect(try store.turns(of: key, after: 0, limit: 9).map(\.answer) == ["third"])
            let gone = ThreadKey(session(2).id, "a")
            func summary(_ key: ThreadKey, _ last: Int, _ text: String) -> ThreadSummaryRow {
                ThreadSummaryRow(thread: key, last: last, text: text, at: Timestamp(milliseconds: 7))
            }
            try write(store) {
                $0.turns = [turn(gone, "u")]
                $0.summaries = [summary(gone, 1, "x"), summary(key, 3, "three"), summary(key, 1, "one")]
            }
            try write(store) { $0.summaries = [summary(key, 3, "other")] }
            try keep(store, "u")
            #expect(try store.turns(of: gone, after: 0, limit: 9) == [] && store.summary(of: gone) == nil)
            #expect(try store.summary(of: key) == summary(key, 3, "three"))
            try write(store) { $0.removedSessions = [key.session] }
            #expect(try store.turns(of: key, after: 0, limit: 9) == [] && store.summary(of: key) == nil)
        }
    }
}
