// Baton
// SPDX-License-Identifier: Apache-2.0

public import Store

/// A file that an older program wrote and nobody has upgraded yet reads as one without such rows.
extension SQLiteRunStore {
    /// The newest snapshot that is not of a later event.
    public func snapshot(ofRun key: Int64, atMost sequence: Int64) throws(StoreError) -> SnapshotRow? {
        try read { (reader) throws(StoreError) in
            try reader.snapshots()?.newest(ofRun: key, atMost: sequence)
        }
    }

    /// Of which events of a run there are snapshots, in order.
    public func snapshotSequences(ofRun key: Int64) throws(StoreError) -> [Int64] {
        try read { (reader) throws(StoreError) in try reader.snapshots()?.sequences(ofRun: key) ?? [] }
    }

    /// The answer kept for a request.
    public func idempotency(principal: String, key: String) throws(StoreError) -> IdempotencyRow? {
        try keyed { (rows) throws(StoreError) in try rows.idempotency(principal: principal, key: key) } ?? nil
    }

    /// The number of the event in which a run took a message in.
    public func inbox(ofRun key: Int64, message: String) throws(StoreError) -> Int64? {
        try keyed { (rows) throws(StoreError) in try rows.inbox(ofRun: key, message: message) } ?? nil
    }

    /// Kept signals, the oldest first.
    public func signals(_ filter: SignalFilter) throws(StoreError) -> [SignalRow] {
        try keyed { (rows) throws(StoreError) in try rows.signals(filter) } ?? []
    }

    /// The entry of the cache with that key.
    public func cached(_ key: CacheRow.Key) throws(StoreError) -> CacheRow? {
        try keyed { (rows) throws(StoreError) in try rows.cached(key) } ?? nil
    }

    /// Entries of the cache.
    public func cache(_ filter: CacheFilter) throws(StoreError) -> [CacheRow] {
        try keyed { (rows) throws(StoreError) in try rows.cache(filter) } ?? []
    }

    /// What all entries of the cache come to.
    public func cacheTotals() throws(StoreError) -> CacheTotals {
        try keyed { (rows) throws(StoreError) in try rows.cacheTotals() } ?? CacheTotals()
    }

    /// How many rows the step would remove.
    public func count(_ expiry: Expiry) throws(StoreError) -> Int {
        if expiry.kind == .deadLetters {
            return try read { (reader) throws(StoreError) in try reader.queues()?.count(expiry) ?? 0 }
        }
        return try keyed { (rows) throws(StoreError) in try rows.count(expiry) } ?? 0
    }

    /// What rows outside the log name blobs by.
    public func blobNames(after position: BlobNamePage.Position?) throws(StoreError) -> BlobNamePage {
        try read { (reader) throws(StoreError) in try reader.blobNames(after: position) }
    }

    private func keyed<Value: Sendable>(
        _ body: @Sendable (KeyedReader) throws(StoreError) -> Value
    ) throws(StoreError) -> Value? {
        try read { (reader) throws(StoreError) in try reader.keyed().map(body) }
    }
}
