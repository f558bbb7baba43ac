// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// Immutable bytes by their SHA-256. Calls block; any thread but those of the default pool may make them.
public protocol BlobStore: Sendable {
    /// Stores bytes; when the call returns they are durable. Storing the same bytes again is cheap.
    ///
    /// - Throws: `full` or `failed`.
    func put(_ bytes: [UInt8]) throws(StoreError) -> BlobRef

    /// Reads bytes back and checks them against their hash.
    ///
    /// - Throws: `missing` or `corrupted`.
    func get(_ blob: BlobRef) throws(StoreError) -> [UInt8]
}
