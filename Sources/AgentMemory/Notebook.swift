// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON
public import Model
public import Store

/// What agents keep, over a store: memories, contexts and thoughts. Calls block.
///
/// A request that comes again with the name of the first is answered as the first was, and changes nothing: the answer is
/// written in the transaction of the change.
public struct Notebook: Sendable {
    let store: any NoteStore
    let now: @Sendable () -> Timestamp

    /// A notebook over a store.
    public init(_ store: any NoteStore, now: @escaping @Sendable () -> Timestamp) {
        (self.store, self.now) = (store, now)
    }

    /// Who asks.
    public struct Author: Sendable {
        /// As events name who acts, or `RUN/NODE` for a task.
        public var name: String
        /// Names the request; `nil` for one that is not recognised when it comes again.
        public var request: String?

        /// Puts an author together.
        public init(_ name: String, request: String? = nil) { (self.name, self.request) = (name, request) }
    }

    /// What a request changes and what is answered to it.
    struct Outcome {
        var change = NoteChange()
        var answer: JSONValue
    }

    /// So often somebody else may be faster.
    private static let patience = 50

    /// Does what a request asks for.
    ///
    /// | request | answer |
    /// |---|---|
    /// | `remember` | `{key, created, revision, expires_at}` |
    /// | `recall` | `{key, found, value, tags, …}` |
    /// | `forget` | `{key, forgotten}` |
    /// | `list`, `search` | `{items, next}`; items without values in a list, with `score` in a search |
    /// | `bulk` | `{results: [{ok, result} or {ok, error}], failed}` |
    /// | `save`, `merge` | `{name, created, revision, keys, expires_at}` |
    /// | `load` | `{name, found, value, …}` |
    /// | `contexts` | `{items, next}` |
    /// | `delete` | `{name, deleted}` |
    /// | `think` | the thought, and `total` |
    /// | `thoughts` | `{items, branches}` |
    ///
    /// - Throws: `validation.failed`, `not_found`, `state.conflict`, `too_large`, `store.unavailable`.
    public func perform(
        _ request: NoteRequest,
        in place: NotePlace,
        by author: Author
    ) throws(NoteError) -> JSONValue {
        if case .bulk(let items) = request { return try performAll(items, in: place, by: author) }
        guard request.isWrite else { return try outcome(of: request, in: place, by: author).answer }
        for _ in 1...Self.patience {
            if let name = author.request,
                let row = try reading({ () throws(StoreError) in try store.noteAnswer(to: name) })
            {
                return (try? JSONValue(parsing: row.answer)) ?? .null
            }
            var outcome = try outcome(of: request, in: place, by: author)
            outcome.change.answer = author.request.map {
                NoteAnswerRow(request: $0, answer: outcome.answer.bytes(), at: now())
            }
            do throws(StoreError) {
                try store.apply(outcome.change)
                return outcome.answer
            } catch {
                guard error.code == .conflict else { throw NoteError(error) }
            }
        }
        throw NoteError(.conflict, "others change it all the time; try again")
    }

    /// One after the other, each on its own: one that fails stops none.
    private func performAll(
        _ items: [Result<NoteRequest, NoteError>],
        in place: NotePlace,
        by author: Author
    ) throws(NoteError) -> JSONValue {
        var (results, failed) = ([JSONValue](), 0)
        for (number, item) in items.enumerated() {
            do throws(NoteError) {
                let part = Author(author.name, request: author.request.map { "\($0)/\(number)" })
                results.append(["ok": true, "result": try perform(try item.get(), in: place, by: part)])
            } catch {
                // Nothing of it counts when the store does not work.
                if error.code == .storage { throw error }
                failed += 1
                results.append([
                    "ok": false, "error": ["code": .string(error.code.rawValue), "message": .string(error.message)],
                ])
            }
        }
        return ["results": .array(results), "failed": .int(Int64(failed))]
    }

    private func outcome(
        of request: NoteRequest,
        in place: NotePlace,
        by author: Author
    ) throws(NoteError) -> Outcome {
        switch request {
        case .remember(let memory): try remember(memory, in: place, by: author)
        case .recall(let key): Outcome(answer: try recall(key, in: place))
        case .forget(let key): try forget(key, in: place)
        case .list(let list): Outcome(answer: try self.list(list, in: place))
        case .search(let search): Outcome(answer: try self.search(search, in: place))
        case .save(let context): try save(context, in: place, by: author)
        case .load(let name, let keys): Outcome(answer: try load(name, keys, in: place))
        case .contexts(let after, let limit): Outcome(answer: try contexts(after, limit, in: place))
        case .delete(let name): try delete(name, in: place)
        case .merge(let merge): try self.merge(merge, in: place, by: author)
        case .think(let thought): try think(thought, in: place, by: author)
        case .thoughts(let branch): Outcome(answer: try thoughts(branch, in: place))
        case .bulk: Outcome(answer: .null)
        }
    }

    /// Removes all notes of a run that was deleted.
    public func clear(_ run: RunID, of ownership: Ownership) throws(NoteError) {
        var change = NoteChange()
        change.removedPlaces = [.run(run, of: ownership)]
        try reading { [change] () throws(StoreError) in try store.apply(change) }
    }

    func reading<Value>(_ body: () throws(StoreError) -> Value) throws(NoteError) -> Value {
        do throws(StoreError) {
            return try body()
        } catch {
            throw NoteError(error)
        }
    }

    /// When something ends that is written now.
    func end(_ ttl: Duration?, in place: NotePlace, at time: Timestamp) -> Timestamp? {
        if let ttl { return time + ttl }
        return place.scope == .run ? time + NoteLimits.ofRun : nil
    }
}

extension Timestamp? {
    /// As answers have it.
    var json: JSONValue { map { .string($0.description) } ?? .null }
}
