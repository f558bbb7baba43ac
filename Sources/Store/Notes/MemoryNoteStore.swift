// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model
import Synchronization

/// Notes that are forgotten with the process; answers exactly as a durable store does.
public final class MemoryNoteStore: NoteStore {
    fileprivate struct State {
        var memories: [MemoryRow.Key: MemoryRow] = [:]
        var contexts: [ContextRow.Key: ContextRow] = [:]
        var thoughts: [NotePlace: [ThoughtRow]] = [:]
        var answers: [String: NoteAnswerRow] = [:]
    }

    private let state = Mutex(State())

    /// An empty store.
    public init() {}

    /// Applies everything in `change` or nothing.
    public func apply(_ change: NoteChange) throws(StoreError) {
        try state.withLock { (state) throws(StoreError) in
            var next = state
            try next.apply(change)
            state = next
        }
    }

    /// What was answered to a request.
    public func noteAnswer(to request: String) -> NoteAnswerRow? { state.withLock { $0.answers[request] } }

    /// The entry with that key.
    public func memory(_ key: MemoryRow.Key) -> MemoryRow? { state.withLock { $0.memories[key] } }

    /// Entries by key.
    public func memories(_ filter: MemoryFilter) -> [MemoryRow] {
        state.withLock { state in
            let rows = state.memories.values.filter { row in
                row.key.place == filter.place && row.expiresAt.isOpen(at: filter.time)
                    && (filter.after.map { isBefore($0, row.key.key) } ?? true) && row.has(anyOf: filter.words)
            }
            return Array(rows.sorted { isBefore($0.key.key, $1.key.key) }.prefix(filter.limit))
        }
    }

    /// The context with that name.
    public func context(_ key: ContextRow.Key) -> ContextRow? { state.withLock { $0.contexts[key] } }

    /// Contexts by name.
    public func contexts(in place: NotePlace, at time: Timestamp, after name: String?, limit: Int) -> [ContextRow] {
        state.withLock { state in
            let rows = state.contexts.values.filter { row in
                row.key.place == place && row.expiresAt.isOpen(at: time)
                    && (name.map { isBefore($0, row.key.name) } ?? true)
            }
            return Array(rows.sorted { isBefore($0.key.name, $1.key.name) }.prefix(limit))
        }
    }

    /// Thoughts by number.
    public func thoughts(in place: NotePlace, after number: Int, limit: Int) -> [ThoughtRow] {
        state.withLock { Array(($0.thoughts[place] ?? []).filter { $0.number > number }.prefix(limit)) }
    }

    /// The last thought.
    public func lastThought(in place: NotePlace, branch: String?) -> ThoughtRow? {
        state.withLock { $0.thoughts[place]?.last { row in branch.map { row.branch == $0 } ?? true } }
    }

    /// How much a place holds.
    public func noteSize(of place: NotePlace, at time: Timestamp) -> NoteSize {
        state.withLock { state in
            var size = NoteSize()
            for row in state.memories.values where row.key.place == place && row.expiresAt.isOpen(at: time) {
                size.memories += 1
                size.memoryBytes += row.key.key.utf8.count + row.value.count
            }
            for row in state.contexts.values where row.key.place == place && row.expiresAt.isOpen(at: time) {
                size.contexts += 1
                size.contextBytes += row.value.count
            }
            size.thoughts = state.thoughts[place]?.count ?? 0
            return size
        }
    }

    /// How many rows a step would remove.
    public func count(_ expiry: NoteExpiry) -> Int {
        state.withLock { state in
            var rest = state
            rest.expire(expiry)
            return switch expiry.kind {
            case .memories: state.memories.count - rest.memories.count
            case .contexts: state.contexts.count - rest.contexts.count
            case .thoughts: state.thoughtCount - rest.thoughtCount
            case .answers: state.answers.count - rest.answers.count
            }
        }
    }
}

extension MemoryNoteStore.State {
    fileprivate mutating func apply(_ change: NoteChange) throws(StoreError) {
        for place in change.removedPlaces {
            memories = memories.filter { $0.key.place != place }
            contexts = contexts.filter { $0.key.place != place }
            thoughts[place] = nil
        }
        for row in change.memories {
            guard (memories[row.key]?.revision ?? 0) + 1 == row.revision else {
                throw .noteTaken("entry `\(row.key.key)`")
            }
            memories[row.key] = row
        }
        for key in change.removedMemories { memories[key] = nil }
        for row in change.contexts {
            guard (contexts[row.key]?.revision ?? 0) + 1 == row.revision else {
                throw .noteTaken("context `\(row.key.name)`")
            }
            contexts[row.key] = row
        }
        for key in change.removedContexts { contexts[key] = nil }
        for row in change.thoughts {
            guard (thoughts[row.place]?.last?.number ?? 0) + 1 == row.number else {
                throw .noteTaken("chain of thoughts")
            }
            thoughts[row.place, default: []].append(row)
        }
        if let row = change.answer {
            guard answers.updateValue(row, forKey: row.request) == nil else {
                throw .noteTaken("request `\(row.request)`")
            }
        }
        for expiry in change.expiries { expire(expiry) }
    }

    fileprivate mutating func expire(_ expiry: NoteExpiry) {
        let time = expiry.before
        switch expiry.kind {
        case .memories:
            let due = memories.values.filter { $0.expiresAt.map { $0 < time } ?? false }
            for row in due.sorted(by: { ends($0.expiresAt, $1.expiresAt) }).prefix(expiry.limit) {
                memories[row.key] = nil
            }
        case .contexts:
            let due = contexts.values.filter { $0.expiresAt.map { $0 < time } ?? false }
            for row in due.sorted(by: { ends($0.expiresAt, $1.expiresAt) }).prefix(expiry.limit) {
                contexts[row.key] = nil
            }
        case .thoughts:
            let due = thoughts.values.joined().filter { $0.at < time }.sorted { $0.at < $1.at }.prefix(expiry.limit)
            for row in due { thoughts[row.place]?.removeAll { $0.number == row.number } }
        case .answers:
            for row in answers.values.filter({ $0.at < time }).sorted(by: { $0.at < $1.at }).prefix(expiry.limit) {
                answers[row.request] = nil
            }
        }
    }

    fileprivate var thoughtCount: Int { thoughts.values.reduce(0) { $0 + $1.count } }

    private func ends(_ left: Timestamp?, _ right: Timestamp?) -> Bool {
        guard let left, let right else { return right == nil && left != nil }
        return left < right
    }
}

extension MemoryRow {
    fileprivate func has(anyOf wanted: [String]) -> Bool {
        wanted.isEmpty
            || words.split(separator: " ").contains { word in wanted.contains { word.utf8.starts(with: $0.utf8) } }
    }
}

extension Timestamp? {
    /// Whether what ends then has not ended.
    fileprivate func isOpen(at time: Timestamp) -> Bool { map { $0 > time } ?? true }
}

/// Text by its bytes, as databases do.
private func isBefore(_ left: String, _ right: String) -> Bool { left.utf8.lexicographicallyPrecedes(right.utf8) }
