// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Store
import StoreSQLite
import TestSupport
import Testing

@Suite struct NoteContractTests {
    private static let place = NotePlace(tenant: "t", scope: .project, holder: "shop")
    private static let other = NotePlace(tenant: "t", scope: .agent, holder: "shop", owner: "user:a")

    @Test(arguments: Backend.allCases)
    func `entries come back as they were written, by key, until they end`(backend: Backend) throws {
        try backend.notes { store in
            var full = memory("ü/\0", in: Self.place, words: "ü two", ends: 50, tags: ["x", "\"y\""])
            full.createdAt = time(-5)
            try apply(store) { $0.memories = [full, memory("b"), memory("a"), memory("a", in: Self.other)] }
            #expect(try store.memory(full.key) == full)
            #expect(try store.memory(MemoryRow.Key(Self.other, "b")) == nil)
            for (now, after, limit, keys) in [
                (10, nil, 9, ["a", "b", "ü/\0"]), (49, "a", 9, ["b", "ü/\0"]), (50, nil, 9, ["a", "b"]),
                (10, "a", 1, ["b"]),
            ] as [(Int64, String?, Int, [String])] {
                var filter = MemoryFilter(Self.place, at: time(now))
                (filter.after, filter.limit) = (after, limit)
                #expect(try store.memories(filter).map(\.key.key) == keys, "\(now) \(after ?? "")")
            }
            #expect(try store.memory(full.key) == full, "what has ended is there until it is removed")
            let size = try store.noteSize(of: Self.place, at: time(10))
            #expect((size.memories, size.memoryBytes) == (3, 1 + 1 + 4 + 3 * 2))
            #expect(try store.noteSize(of: Self.place, at: time(99)).memories == 2)
        }
    }

    @Test(arguments: Backend.allCases)
    func `words find entries of their place, also by their beginning, as they are now`(backend: Backend) throws {
        try backend.notes { store in
            try apply(store) {
                $0.memories = [
                    memory("a", words: "error timeout 1 straße"), memory("b", words: "timeouts"),
                    memory("c", words: "none"), memory("d", in: Self.other, words: "error"),
                ]
            }
            func found(_ words: String...) throws -> [String] {
                var filter = MemoryFilter(Self.place, at: time(0))
                filter.words = words
                return try store.memories(filter).map(\.key.key)
            }
            for (words, keys) in [
                (["error"], ["a"]), (["timeout"], ["a", "b"]), (["t", "none"], ["a", "b", "c"]), (["str"], ["a"]),
                (["x"], []), (["or"], []), (["and", "near"], []), (["1"], ["a"]),
            ] as [([String], [String])] {
                var filter = MemoryFilter(Self.place, at: time(0))
                filter.words = words
                #expect(try store.memories(filter).map(\.key.key) == keys, "\(words)")
            }
            var changed = memory("a", words: "solved")
            changed.revision = 2
            try apply(store) {
                $0.memories = [changed]
                $0.removedMemories = [MemoryRow.Key(Self.place, "b"), MemoryRow.Key(Self.other, "none")]
            }
            #expect(try found("error", "timeout") == [])
            #expect(try found("solv") == ["a"])
            try apply(store) { $0.removedPlaces = [Self.place] }
            #expect(try found("solved", "none") == [])
            #expect(try store.memory(MemoryRow.Key(Self.other, "d")) != nil)
        }
    }

    @Test(arguments: Backend.allCases)
    func `whoever was slower writes nothing`(backend: Backend) throws {
        try backend.notes { store in
            var second = memory("a")
            second.revision = 2
            let answer = NoteAnswerRow(request: "r", answer: [1], at: time(1))
            #expect(code { try apply(store) { $0.memories = [second] } } == .conflict)
            try apply(store) { ($0.memories, $0.answer) = ([memory("a")], answer) }
            #expect(code { try apply(store) { $0.memories = [memory("b"), memory("a")] } } == .conflict)
            #expect(code { try apply(store) { ($0.memories, $0.answer) = ([memory("b")], answer) } } == .conflict)
            #expect(try store.memory(MemoryRow.Key(Self.place, "b")) == nil)
            #expect(try store.noteAnswer(to: "r") == answer)
            #expect(try store.noteAnswer(to: "s") == nil)
            let context = context("c")
            try apply(store) { $0.contexts = [context] }
            #expect(code { try apply(store) { $0.contexts = [context] } } == .conflict)
            #expect(code { try apply(store) { $0.thoughts = [thought(2)] } } == .conflict)
        }
    }

    @Test(arguments: Backend.allCases)
    func `contexts and thoughts come back in order`(backend: Backend) throws {
        try backend.notes { store in
            var (first, ended) = (context("b"), context("z"))
            ended.expiresAt = time(5)
            try apply(store) { $0.contexts = [first, ended, context("a"), context("a", in: Self.other)] }
            func names(_ now: Int64, after: String? = nil) throws -> [String] {
                try store.contexts(in: Self.place, at: time(now), after: after, limit: 2).map(\.key.name)
            }
            #expect(try names(0) == ["a", "b"])
            #expect(try names(0, after: "a") == ["b", "z"])
            #expect(try names(5, after: "a") == ["b"])
            (first.revision, first.value, first.author) = (2, [9, 9], "you")
            try apply(store) { ($0.contexts, $0.removedContexts) = ([first], [ContextRow.Key(Self.place, "a")]) }
            #expect(try store.context(first.key) == first)
            #expect(try names(0) == ["b", "z"])
            let size = try store.noteSize(of: Self.place, at: time(0))
            #expect((size.contexts, size.contextBytes) == (2, 3))

            var full = thought(2, "fork", parent: 1)
            (full.about, full.steps, full.confidence, full.style) = (1, ["x", "y"], 250, "careful")
            try apply(store) { $0.thoughts = [thought(1), full] }
            try apply(store) { $0.thoughts = [thought(3, parent: 1)] }
            #expect(try store.thoughts(in: Self.place, after: 0, limit: 2) == [thought(1), full])
            #expect(try store.thoughts(in: Self.place, after: 2, limit: 2) == [thought(3, parent: 1)])
            #expect(try store.lastThought(in: Self.place, branch: "fork") == full)
            #expect(try store.lastThought(in: Self.place, branch: nil)?.number == 3)
            #expect(try store.lastThought(in: Self.other, branch: nil) == nil)
            #expect(try store.noteSize(of: Self.place, at: time(0)).thoughts == 3)
        }
    }

    @Test(arguments: Backend.allCases)
    func `what has ended goes in steps, the oldest first`(backend: Backend) throws {
        try backend.notes { store in
            try apply(store) { change in
                change.memories = (1...5).map { memory("k\($0)", words: "w", ends: Int64($0)) } + [memory("stays")]
                var saved = context("c")
                saved.expiresAt = time(1)
                change.contexts = [saved]
                change.thoughts = [thought(1), thought(2)]
                change.answer = NoteAnswerRow(request: "r", answer: [], at: time(0))
            }
            let step = NoteExpiry(.memories, before: time(5), limit: 3)
            #expect(try store.count(NoteExpiry(.memories, before: time(5))) == 4)
            try apply(store) { $0.expiries = [step] }
            #expect(try store.memories(MemoryFilter(Self.place, at: time(0))).map(\.key.key) == ["k4", "k5", "stays"])
            try apply(store) { change in
                change.expiries = NoteExpiry.Kind.allCases.map { NoteExpiry($0, before: time(9)) }
            }
            for kind in NoteExpiry.Kind.allCases {
                #expect(try store.count(NoteExpiry(kind, before: time(9))) == 0, "\(kind)")
            }
            #expect(try store.memories(MemoryFilter(Self.place, at: time(0))).map(\.key.key) == ["stays"])
            #expect(try store.noteAnswer(to: "r") == nil)
            try apply(store) { $0.thoughts = [thought(1)] }
        }
    }

    @Test(arguments: [1, 2] as [UInt64])
    func `memory and disk cannot be told apart`(seed: UInt64) throws {
        try Backend.sqlite.notes { disk in
            let memory = MemoryNoteStore()
            var dice = Dice(state: seed)
            for round in 0..<120 {
                let change = dice.change(in: [Self.place, Self.other], round, memory)
                let left = code { try memory.apply(change) }
                #expect(left == code { try disk.apply(change) }, "seed \(seed), round \(round)")
                for place in [Self.place, Self.other] {
                    for words in [[], ["one"], ["t", "four"]] {
                        var filter = MemoryFilter(place, at: time(Int64(round)))
                        (filter.words, filter.limit) = (words, 4)
                        let found = try disk.memories(filter)
                        #expect(found == memory.memories(filter), "seed \(seed), round \(round)")
                    }
                    let now = time(Int64(round))
                    let size = try disk.noteSize(of: place, at: now)
                    #expect(size == memory.noteSize(of: place, at: now), "seed \(seed), round \(round)")
                }
            }
        }
    }

    // MARK: Rows

    private func apply(_ store: any NoteStore, _ body: (inout NoteChange) -> Void) throws {
        var change = NoteChange()
        body(&change)
        try store.apply(change)
    }

    private func memory(
        _ key: String,
        in place: NotePlace = Self.place,
        words: String = "",
        ends: Int64? = nil,
        tags: [String] = []
    ) -> MemoryRow {
        MemoryRow(
            key: MemoryRow.Key(place, key),
            value: [34, 34],
            tags: tags,
            words: words,
            author: "me",
            at: time(1),
            expiresAt: ends.map(time)
        )
    }

    private func context(_ name: String, in place: NotePlace = Self.place) -> ContextRow {
        ContextRow(key: ContextRow.Key(place, name), value: [1], author: "me", at: time(1))
    }

    private func thought(_ number: Int, _ branch: String = "main", parent: Int? = nil) -> ThoughtRow {
        ThoughtRow(
            place: Self.place,
            number: number,
            branch: branch,
            parent: parent,
            kind: .plan,
            text: "t\(number)",
            author: "me",
            at: time(Int64(number))
        )
    }
}

private func time(_ milliseconds: Int64) -> Timestamp { Timestamp(milliseconds: milliseconds) }

/// Makes changes of which some are refused.
private struct Dice {
    var state: UInt64

    mutating func roll(_ sides: UInt64) -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return (state >> 33) % sides
    }

    mutating func change(in places: [NotePlace], _ round: Int, _ store: MemoryNoteStore) -> NoteChange {
        var change = NoteChange()
        for _ in 0...roll(2) {
            let key = MemoryRow.Key(places[Int(roll(2))], "k\(roll(6))")
            let words = ["one two", "two three", "four", "one", ""][Int(roll(5))]
            let ends = roll(3) == 0 ? time(Int64(round) + Int64(roll(20))) : nil
            var row = MemoryRow(
                key: key,
                value: [1],
                words: words,
                author: "a",
                at: time(Int64(round)),
                expiresAt: ends
            )
            row.revision = (store.memory(key)?.revision ?? 0) + (roll(9) == 0 ? 2 : 1)
            change.memories.append(row)
        }
        if roll(4) == 0 { change.removedMemories = [MemoryRow.Key(places[0], "k\(roll(6))")] }
        if roll(40) == 0 { change.removedPlaces = [places[Int(roll(2))]] }
        if roll(6) == 0 { change.expiries = [NoteExpiry(.memories, before: time(Int64(round)))] }
        return change
    }
}
