// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Model
internal import Store
internal import Threads

/// Requests that may come twice (spec 6.2).
extension DurableEngine {
    /// The same engine for one request that has a key: the one call that changes something is carried out once.
    ///
    /// The answer is written in the commit of what it tells and kept for ``IdempotencyKey/span``. A call with the same
    /// key and fingerprint gets it again and changes nothing, also after a restart and while the first one is being
    /// carried out; requests to people and patches are given as they are then. A call that throws keeps nothing. Use it
    /// for one changing call: a second one with the same key is a repeat. Calls that only wait are not affected.
    ///
    /// Calls throw `idempotencyMismatch` besides what they throw otherwise when the key was used with another
    /// fingerprint or for another kind of call, and `invalid` for a key without or with more than
    /// ``IdempotencyKey/limit`` bytes.
    /// - Parameter key: `nil` gives the engine itself.
    public func once(_ key: IdempotencyKey?) -> DurableEngine {
        key.map { DurableEngine(sharing: self, key: $0) } ?? self
    }

    /// The answer that was kept for a request that is none of the engine's; see ``keep(_:for:)``.
    ///
    /// - Throws: `idempotencyMismatch` when the key was used for another request, `invalid`, `unavailable`.
    public func keptAnswer(for key: IdempotencyKey) async throws(EngineError) -> [UInt8]? {
        try key.check()
        let now = clock.wall()
        let result = await blobThread.run { [store] in
            Result { () throws(EngineError) in try store.answer(to: key) }
        }
        return try result.get()?.current(key, at: now)?.answer
    }

    /// Keeps an answer for a request that changed something outside of the engine. The change is not in the same commit:
    /// after a crash in between the request is carried out again.
    ///
    /// - Throws: As ``keptAnswer(for:)``, and `storageFull`. An answer that is kept already stays.
    public func keep(_ answer: [UInt8], for key: IdempotencyKey) async throws(EngineError) {
        try await ask { .keep(answer, key, $0) }
    }
}

extension SteppedEngine {
    /// Gives what `body` asks for that key; see ``DurableEngine/once(_:)``.
    public func once(_ key: IdempotencyKey, _ body: (SteppedEngine) -> Void) {
        let before = requests.count
        body(self)
        for index in requests.indices.dropFirst(before) { requests[index] = .keyed(key, requests[index]) }
    }
}
