// Baton
// SPDX-License-Identifier: Apache-2.0

/// Something that was made known to the engine: a worker, a resource, a pattern. What it is, only the engine knows.
public struct RegistrationRow: Sendable, Equatable {
    /// What is made known.
    public enum Kind: String, Sendable, CaseIterable {
        /// Somebody outside who does tasks.
        case worker
        /// Something that tasks need.
        case resource
        /// A chain of agents and tools that runs have done.
        case pattern
    }

    /// Names a registration.
    public struct Key: Sendable, Hashable {
        /// What it is.
        public var kind: Kind
        /// Whose it is.
        public var tenant: String
        /// What it is called; unique for its kind and tenant.
        public var name: String

        /// Names a registration.
        public init(_ kind: Kind, tenant: String, name: String) {
            (self.kind, self.tenant, self.name) = (kind, tenant, name)
        }
    }

    /// Names it.
    public var key: Key
    /// JSON, as the engine writes it.
    public var body: [UInt8]

    /// Puts a row together.
    public init(key: Key, body: [UInt8]) {
        (self.key, self.body) = (key, body)
    }
}
