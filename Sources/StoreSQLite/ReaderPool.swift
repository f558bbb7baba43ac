// Baton
// SPDX-License-Identifier: Apache-2.0

import Store
import Synchronization

/// A fixed few readers, each used by one thread at a time.
final class ReaderPool<Reader>: Sendable {
    private final class Slot: Sendable {
        let reader: Mutex<Reader?>

        init(_ reader: consuming sending Reader) {
            self.reader = Mutex(reader)
        }
    }

    private let slots: [Slot]
    private let turn = Atomic<Int>(0)

    init(count: Int, make: () throws(StoreError) -> sending Reader) throws(StoreError) {
        var slots: [Slot] = []
        for _ in 0..<count { slots.append(Slot(try make())) }
        self.slots = slots
    }

    /// Uses a reader that is free, else waits for one.
    func read<Value: Sendable>(_ body: @Sendable (Reader) throws(StoreError) -> Value) throws(StoreError) -> Value {
        let first = turn.wrappingAdd(1, ordering: .relaxed).newValue
        for offset in 0..<slots.count {
            let slot = slots[Int(UInt(bitPattern: first &+ offset) % UInt(slots.count))]
            let value = try slot.reader.withLockIfAvailable { (reader) throws(StoreError) in
                try Self.use(reader, body)
            }
            if let value { return value }
        }
        let slot = slots[Int(UInt(bitPattern: first) % UInt(slots.count))]
        return try slot.reader.withLock { (reader) throws(StoreError) in try Self.use(reader, body) }
    }

    /// Closes them. Every later use throws.
    func close() {
        for slot in slots { slot.reader.withLock { $0 = nil } }
    }

    private static func use<Value>(
        _ reader: Reader?,
        _ body: @Sendable (Reader) throws(StoreError) -> Value
    ) throws(StoreError) -> Value {
        guard let reader else { throw .closed }
        return try body(reader)
    }
}

extension StoreError {
    /// The store was closed before the call.
    static var closed: Self { Self(.failed, "The store is closed.") }
}
