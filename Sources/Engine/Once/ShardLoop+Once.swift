// Baton
// SPDX-License-Identifier: Apache-2.0

internal import JSON
internal import Model
internal import Store

/// Requests that have a key. What one did and its answer are in the same commit, so the answer is there exactly when
/// what it tells has happened; a repeat only reads it. A request that failed leaves nothing, and may be corrected and
/// come again.
extension ShardLoop {
    /// Carries a request out, unless its key has an answer.
    mutating func answer<Value: Sendable>(
        _ reply: @escaping Reply<Value>,
        keeping kept: KeptAnswer<Value>,
        _ batch: inout Batch,
        _ body: (inout Self, inout Batch) throws(EngineError) -> Value
    ) {
        guard let key = batch.key else { return answer(reply, &batch, body) }
        answer(reply, &batch) { loop, batch throws(EngineError) in
            if let row = try loop.keptRow(key, batch) { return try loop.answer(kept, in: row, &batch) }
            let value = try body(&loop, &batch)
            let answer: JSONValue = ["kind": .string(kept.kind), "answer": kept.write(value)]
            batch.keep(answer.bytes(), for: key, run: kept.run(value).map { loop.keys[$0] ?? loop.lastRunKey })
            return value
        }
    }

    /// Keeps an answer that somebody outside gave.
    mutating func keep(_ answer: [UInt8], for key: IdempotencyKey, _ batch: inout Batch) throws(EngineError) {
        guard try keptRow(key, batch) == nil else { return }
        batch.keep(answer, for: key, run: nil)
    }

    /// The answer to the request, also one of this turn.
    ///
    /// - Throws: `idempotencyMismatch` when the key was used for another request.
    private func keptRow(_ key: IdempotencyKey, _ batch: Batch) throws(EngineError) -> IdempotencyRow? {
        try key.check()
        if let row = batch.answers[key.name] { return try row.fits(key) }
        return try store.answer(to: key)?.current(key, at: batch.now)
    }

    private mutating func answer<Value>(
        _ kept: KeptAnswer<Value>,
        in row: IdempotencyRow,
        _ batch: inout Batch
    ) throws(EngineError) -> Value {
        guard let json = try? JSONValue(parsing: row.answer), json["kind"]?.stringValue == kept.kind,
            let value = try kept.read(json["answer"] ?? .null, &self, &batch)
        else { throw EngineError.keyTaken(row.key) }
        return value
    }
}

extension Batch {
    fileprivate mutating func keep(_ answer: [UInt8], for key: IdempotencyKey, run: Int64?) {
        let row = IdempotencyRow(
            principal: key.principal,
            key: key.key,
            bodyHash: key.fingerprint,
            answer: answer,
            runKey: run,
            expiresAt: now + IdempotencyKey.span
        )
        commit.idempotency.append(row)
        answers[key.name] = row
    }
}

extension IdempotencyKey {
    /// What is unique.
    struct Name: Hashable {
        let principal, key: String
    }

    fileprivate var name: Name { Name(principal: principal, key: key) }
}

extension RunStore {
    /// The answer that is kept under a key, whatever it was given to.
    func answer(to key: IdempotencyKey) throws(EngineError) -> IdempotencyRow? {
        do throws(StoreError) {
            return try idempotency(principal: key.principal, key: key.key)
        } catch {
            throw EngineError(store: error)
        }
    }
}

extension IdempotencyRow {
    /// The answer to the request.
    ///
    /// - Throws: `idempotencyMismatch` when the key was used for another one.
    fileprivate func fits(_ key: IdempotencyKey) throws(EngineError) -> IdempotencyRow {
        guard bodyHash == key.fingerprint else { throw EngineError.keyTaken(key.key) }
        return self
    }

    /// Likewise; `nil` when its time is over.
    func current(_ key: IdempotencyKey, at now: Timestamp) throws(EngineError) -> IdempotencyRow? {
        try expiresAt > now ? fits(key) : nil
    }
}

extension EngineError {
    fileprivate static func keyTaken(_ key: String) -> EngineError {
        EngineError(
            .idempotencyMismatch,
            "the idempotency key `\(key)` was used for another request; a new request takes a new key"
        )
    }
}
