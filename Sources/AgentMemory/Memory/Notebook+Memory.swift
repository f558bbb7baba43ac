// Baton
// SPDX-License-Identifier: Apache-2.0

internal import JSON
internal import Model
internal import Store

/// Memories.
extension Notebook {
    func remember(_ new: NewMemory, in place: NotePlace, by author: Author) throws(NoteError) -> Outcome {
        let (key, time) = (MemoryRow.Key(place, new.key), now())
        let stored = try reading { () throws(StoreError) in try store.memory(key) }
        let live = stored.flatMap { $0.isLive(at: time) ? $0 : nil }
        guard new.overwrites || live == nil else {
            throw NoteError(.conflict, "there is an entry `\(new.key)` already")
        }
        var row = MemoryRow(
            key: key,
            value: new.value.bytes(),
            tags: new.tags,
            words: MemoryWords.of(key: new.key, tags: new.tags, value: new.value).joined(separator: " "),
            author: author.name,
            at: time,
            expiresAt: end(new.ttl, in: place, at: time)
        )
        row.createdAt = live?.createdAt ?? time
        row.revision = (stored?.revision ?? 0) + 1
        try checkRoom(for: row, replacing: live, at: time)
        var outcome = Outcome(answer: row.written(isNew: live == nil))
        outcome.change.memories = [row]
        return outcome
    }

    private func checkRoom(for row: MemoryRow, replacing old: MemoryRow?, at time: Timestamp) throws(NoteError) {
        let size = try reading { () throws(StoreError) in try store.noteSize(of: row.key.place, at: time) }
        let count = size.memories + (old == nil ? 1 : 0)
        guard count <= NoteLimits.entries else {
            throw .tooLarge("a memory", NoteLimits.entries, count, unit: "entries; forget some")
        }
        let bytes = size.memoryBytes + row.size - (old?.size ?? 0)
        guard bytes <= NoteLimits.memory else {
            throw .tooLarge("a memory", NoteLimits.memory, bytes, unit: "bytes; forget something")
        }
    }

    func recall(_ key: String, in place: NotePlace) throws(NoteError) -> JSONValue {
        let row = try reading { () throws(StoreError) in try store.memory(MemoryRow.Key(place, key)) }
        guard let row, row.isLive(at: now()) else { return ["key": .string(key), "found": false] }
        var json = row.json
        json["found"] = true
        return .object(json)
    }

    func forget(_ key: String, in place: NotePlace) throws(NoteError) -> Outcome {
        let row = try reading { () throws(StoreError) in try store.memory(MemoryRow.Key(place, key)) }
        let isThere = row?.isLive(at: now()) ?? false
        var outcome = Outcome(answer: ["key": .string(key), "forgotten": .bool(isThere)])
        outcome.change.removedMemories = [MemoryRow.Key(place, key)]
        return outcome
    }

    func list(_ list: MemoryList, in place: NotePlace) throws(NoteError) -> JSONValue {
        let pattern = list.glob.map(KeyPattern.init)
        var filter = MemoryFilter(place, at: now())
        filter.after = list.after
        var items: [MemoryRow] = []
        while items.count <= list.limit {
            let page = try reading { [filter] () throws(StoreError) in try store.memories(filter) }
            items += page.filter { row in
                (pattern?.matches(row.key.key) ?? true) && (list.tag.map(row.tags.contains) ?? true)
            }
            guard page.count == filter.limit, let last = page.last else { break }
            filter.after = last.key.key
        }
        let shown = items.prefix(list.limit)
        return [
            "items": .array(shown.map { .object($0.head) }),
            "next": items.count > list.limit ? (shown.last.map { .string($0.key.key) } ?? .null) : .null,
        ]
    }

    func search(_ search: MemorySearch, in place: NotePlace) throws(NoteError) -> JSONValue {
        let words = MemoryWords.of(search.text, limit: NoteLimits.searchWords)
        var filter = MemoryFilter(place, at: now())
        filter.words = words
        var found: [(row: MemoryRow, score: Double)] = []
        while true {
            let page = try reading { [filter] () throws(StoreError) in try store.memories(filter) }
            for row in page where search.tag.map(row.tags.contains) ?? true {
                let own = row.words.split(separator: " ").map(String.init)
                let score = MemoryScore.of(words, key: row.key.key, tags: row.tags, words: own)
                if score > 0, score >= search.minScore { found.append((row, score)) }
            }
            found.sort { ($0.score, $0.row.updatedAt, $1.row.key.key) > ($1.score, $1.row.updatedAt, $0.row.key.key) }
            found = Array(found.prefix(search.limit))
            guard page.count == filter.limit, let last = page.last else { break }
            filter.after = last.key.key
        }
        let items = found.map { row, score -> JSONValue in
            var json = row.json
            json["score"] = .double((score * 1000).rounded() / 1000)
            return .object(json)
        }
        return ["items": .array(items), "next": .null]
    }
}

extension MemoryRow {
    func isLive(at time: Timestamp) -> Bool { expiresAt.map { $0 > time } ?? true }

    /// As limits count it.
    var size: Int { key.key.utf8.count + value.count }

    func written(isNew: Bool) -> JSONValue {
        [
            "key": .string(key.key), "created": .bool(isNew), "revision": .int(Int64(revision)),
            "expires_at": expiresAt.json,
        ]
    }

    /// All but the value.
    var head: JSONObject {
        [
            "key": .string(key.key), "tags": .array(tags.map(JSONValue.string)), "bytes": .int(Int64(value.count)),
            "author": .string(author), "created_at": .string(createdAt.description),
            "updated_at": .string(updatedAt.description), "expires_at": expiresAt.json,
            "revision": .int(Int64(revision)),
        ]
    }

    var json: JSONObject {
        var json = head
        json["value"] = (try? JSONValue(parsing: value)) ?? .null
        return json
    }
}
