// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON

/// Names immutable bytes by their SHA-256.
public struct BlobRef: Hashable, Sendable {
    /// 64 lower-case hexadecimal digits.
    public let hash: String
    /// The number of bytes.
    public let size: Int

    /// Wraps a hash and a size; neither is checked.
    public init(hash: String, size: Int) {
        self.hash = hash
        self.size = size
    }
}

/// A value that travels with a run: small ones inside the event, large ones in blob storage.
///
/// In memory the value itself is always there; `blob` says that the log holds only the reference.
public struct Payload: Sendable, Equatable {
    /// The largest canonical JSON, in bytes, that stays inside an event.
    public static let inlineLimit = 4096

    /// The value.
    public let value: JSONValue
    /// Where the value is stored when it is not inside the event.
    public let blob: BlobRef?

    /// A value that is stored inside the event.
    public init(inline value: JSONValue) {
        self.value = value
        blob = nil
    }

    /// A value whose bytes (canonical JSON) are already durable under `blob`.
    public init(value: JSONValue, storedAs blob: BlobRef) {
        self.value = value
        self.blob = blob
    }
}
