// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON
internal import Model
public import Store

/// Contexts.
extension Notebook {
    func save(_ new: NewContext, in place: NotePlace, by author: Author) throws(NoteError) -> Outcome {
        try save(new.value, as: new.name, new.ttl, in: place, by: author)
    }

    private func save(
        _ value: JSONObject,
        as name: String,
        _ ttl: Duration?,
        in place: NotePlace,
        by author: Author
    ) throws(NoteError) -> Outcome {
        let (key, time, bytes) = (ContextRow.Key(place, name), now(), JSONValue.object(value).bytes())
        guard bytes.count <= NoteLimits.context else {
            throw .tooLarge("a context", NoteLimits.context, bytes.count, unit: "bytes")
        }
        let stored = try reading { () throws(StoreError) in try store.context(key) }
        let live = stored.flatMap { $0.isLive(at: time) ? $0 : nil }
        if live == nil {
            let size = try reading { () throws(StoreError) in try store.noteSize(of: place, at: time) }
            guard size.contexts < NoteLimits.contexts else {
                let count = size.contexts + 1
                throw .tooLarge("one place", NoteLimits.contexts, count, unit: "contexts; delete some")
            }
        }
        var row = ContextRow(
            key: key,
            value: bytes,
            author: author.name,
            at: time,
            expiresAt: end(ttl, in: place, at: time)
        )
        row.createdAt = live?.createdAt ?? time
        row.revision = (stored?.revision ?? 0) + 1
        var outcome = Outcome(answer: [
            "name": .string(name), "created": .bool(live == nil), "revision": .int(Int64(row.revision)),
            "keys": .int(Int64(value.members.count)), "expires_at": row.expiresAt.json,
        ])
        outcome.change.contexts = [row]
        return outcome
    }

    func load(_ name: String, _ keys: [String]?, in place: NotePlace) throws(NoteError) -> JSONValue {
        guard let row = try live(name, in: place) else { return ["name": .string(name), "found": false] }
        var json = row.head
        var value = row.object
        if let keys {
            value = JSONObject(members: value.members.filter { keys.contains($0.key) })
        }
        (json["value"], json["found"]) = (.object(value), true)
        return .object(json)
    }

    private func live(_ name: String, in place: NotePlace) throws(NoteError) -> ContextRow? {
        let row = try reading { () throws(StoreError) in try store.context(ContextRow.Key(place, name)) }
        return row.flatMap { $0.isLive(at: now()) ? $0 : nil }
    }

    func contexts(_ after: String?, _ limit: Int, in place: NotePlace) throws(NoteError) -> JSONValue {
        let time = now()
        let rows = try reading { () throws(StoreError) in
            try store.contexts(in: place, at: time, after: after, limit: limit + 1)
        }
        let shown = rows.prefix(limit)
        return [
            "items": .array(shown.map { .object($0.head) }),
            "next": rows.count > limit ? (shown.last.map { .string($0.key.name) } ?? .null) : .null,
        ]
    }

    func delete(_ name: String, in place: NotePlace) throws(NoteError) -> Outcome {
        let isThere = try live(name, in: place) != nil
        var outcome = Outcome(answer: ["name": .string(name), "deleted": .bool(isThere)])
        outcome.change.removedContexts = [ContextRow.Key(place, name)]
        return outcome
    }

    func merge(_ merge: ContextMerge, in place: NotePlace, by author: Author) throws(NoteError) -> Outcome {
        var rows: [ContextRow] = []
        if !merge.from.contains(merge.into), let row = try live(merge.into, in: place) { rows.append(row) }
        for name in merge.from {
            guard let row = try live(name, in: place) else {
                throw NoteError(.notFound, "there is no context `\(name)`")
            }
            rows.append(row)
        }
        // The sort is stable: what was saved at the same time stays in the order in which it was named.
        let values = rows.sorted { $0.updatedAt < $1.updatedAt }.map(\.object)
        return try save(merge.join(values), as: merge.into, merge.ttl, in: place, by: author)
    }

    /// Some contexts after a name, as an export has them, one line each: `{name, value, expires_at, …}`.
    ///
    /// - Returns: No lines at the end.
    public func exported(
        after name: String?,
        limit: Int = 16,
        in place: NotePlace
    ) throws(NoteError) -> (lines: [JSONValue], last: String?) {
        let time = now()
        let rows = try reading { () throws(StoreError) in
            try store.contexts(in: place, at: time, after: name, limit: limit)
        }
        let lines = rows.map { row -> JSONValue in
            var json = row.head
            json["value"] = .object(row.object)
            return .object(json)
        }
        return (lines, rows.last?.key.name)
    }

    /// Saves what a line of an export has; what has ended meanwhile is left out.
    ///
    /// - Returns: Whether it was saved.
    public func importLine(_ line: JSONValue, in place: NotePlace, by author: Author) throws(NoteError) -> Bool {
        var fields = JSONObject()
        (fields["name"], fields["value"], fields["ttl"]) = (line["name"], line["value"], line["ttl"])
        if let text = line["expires_at"]?.stringValue {
            guard let time = Timestamp(rfc3339: text) else {
                throw .invalid("/expires_at", "must be a time such as 2026-01-31T12:00:00Z")
            }
            let left = time - now()
            guard left >= .seconds(1) else { return false }
            fields["ttl"] = .string(min(left, NoteLimits.longest).text)
        }
        _ = try perform(try NoteRequest("context.save", .object(fields)), in: place, by: author)
        return true
    }
}

extension ContextRow {
    func isLive(at time: Timestamp) -> Bool { expiresAt.map { $0 > time } ?? true }

    /// The value; empty when it cannot be read.
    var object: JSONObject { (try? JSONValue(parsing: value))?.objectValue ?? [:] }

    /// All but the value.
    var head: JSONObject {
        [
            "name": .string(key.name), "keys": .int(Int64(object.members.count)), "bytes": .int(Int64(value.count)),
            "author": .string(author), "created_at": .string(createdAt.description),
            "updated_at": .string(updatedAt.description), "expires_at": expiresAt.json,
            "revision": .int(Int64(revision)),
        ]
    }
}
