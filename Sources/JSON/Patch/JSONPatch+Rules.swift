// Baton
// SPDX-License-Identifier: Apache-2.0

extension JSONPatch {
    /// What a patch may cost before it is refused.
    public struct Limits: Sendable, Hashable {
        /// The most operations.
        public var maxOperations: Int
        /// The longest patch, in bytes of its compact form; at most 64 MiB.
        public var maxBytes: Int
        /// The most that all copies together may add, in bytes of JSON as a rough measure. Stops patches that double a
        /// value again and again.
        public var maxCopiedBytes: Int

        /// By default what one request could hold.
        public init(maxOperations: Int = 100_000, maxBytes: Int = 64 << 20, maxCopiedBytes: Int = 64 << 20) {
            self.maxOperations = maxOperations
            self.maxBytes = min(maxBytes, 64 << 20)
            self.maxCopiedBytes = maxCopiedBytes
        }
    }

    /// Which form of patches is meant.
    public struct Rules: Sendable, Hashable {
        /// The operations that may be used, by name.
        public var operations: Set<String>
        /// Whether `@` and an identifier address the element of an array whose member `id` is that text.
        public var addressesByID: Bool
        /// What a patch may cost.
        public var limits: Limits

        /// All of RFC 6902.
        public static let rfc6902 = Rules(
            operations: ["add", "remove", "replace", "move", "copy", "test"],
            addressesByID: false,
            limits: Limits()
        )

        /// Patches of workflows: no `move` and no `copy`, `/nodes/@id/…` for elements, at most 100 operations and
        /// 256 KiB.
        public static let definition = Rules(
            operations: ["add", "remove", "replace", "test"],
            addressesByID: true,
            limits: Limits(maxOperations: 100, maxBytes: 256 << 10)
        )
    }
}
