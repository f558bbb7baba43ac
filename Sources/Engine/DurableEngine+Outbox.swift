// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Model
public import Store
internal import Threads

/// What leaves the engine.
extension DurableEngine {
    /// Hands what ``EngineConfiguration/announced`` names to somebody outside, in order and at least once, until the
    /// task is cancelled or the engine stops.
    ///
    /// A message counts as delivered when `deliver` returned; one that throws is tried again after `pause`. After a
    /// crash between delivery and the note of it the message comes again with the same number.
    /// - Parameter consumer: Names the position that is kept; each consumer gets every message.
    public func deliverOutbox(
        to consumer: String,
        pause: Duration = .seconds(1),
        _ deliver: @Sendable (OutboxMessage) async throws -> Void
    ) async throws(EngineError) {
        var pulses = feed.pulses().makeAsyncIterator()
        var position = try await outbox { store throws(StoreError) in try store.cursor(of: consumer) }
        // Stored at once, because messages are kept only for consumers the store knows.
        try await ask { .advance(consumer: consumer, to: position, $0) }
        while !Task.isCancelled {
            let from = position
            let messages = try await outbox { store throws(StoreError) in try store.outbox(after: from, limit: 100) }
            do {
                for message in messages {
                    try await deliver(message)
                    position = message.number
                }
            } catch {
                // The receiver is not there now; asking again at once would only load it.
                guard (try? await Task.sleep(for: pause)) != nil else { return }
            }
            if position > from {
                let reached = position
                try await ask { .advance(consumer: consumer, to: reached, $0) }
            } else if messages.isEmpty {
                guard await pulses.next() != nil else { return }
            }
        }
    }

    private func outbox<Value: Sendable>(
        _ read: @escaping @Sendable (any RunStore) throws(StoreError) -> Value
    ) async throws(EngineError) -> Value {
        let result = await blobThread.run { [store] in Result { () throws(StoreError) in try read(store) } }
        do {
            return try result.get()
        } catch {
            throw EngineError(store: error)
        }
    }
}
