// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// Where a secret counts (spec 11.6).
public enum SecretScope: Sendable, Hashable, CustomStringConvertible {
    /// Everywhere in its tenant.
    case tenant
    /// In one project.
    case project(String)
    /// For one application.
    case application(String)
    /// To sign and check the messages of one webhook or hook.
    case webhook(String)

    /// Reads the text form; `nil` when it is none.
    public init?(_ text: String) {
        if text == "tenant" {
            self = .tenant
            return
        }
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[1].isEmpty else { return nil }
        switch parts[0] {
        case "project": self = .project(String(parts[1]))
        case "application": self = .application(String(parts[1]))
        case "webhook": self = .webhook(String(parts[1]))
        default: return nil
        }
    }

    /// `tenant`, `project:NAME`, `application:NAME` or `webhook:ID`.
    public var description: String {
        switch self {
        case .tenant: "tenant"
        case .project(let name): "project:\(name)"
        case .application(let name): "application:\(name)"
        case .webhook(let id): "webhook:\(id)"
        }
    }
}

/// How a secret came to be (spec 11.6).
public enum SecretKind: String, Sendable, CaseIterable {
    /// A person gave it.
    case user
    /// It was drawn at random here.
    case generated
    /// A resource was taken for it, such as a port.
    case allocated
    /// It was made of others.
    case derived
    /// It stands in the definition of an application.
    case literal
}

/// One secret, sealed.
public struct SecretRow: Sendable, Equatable {
    /// What the row is known by.
    public struct Key: Sendable, Hashable {
        /// The tenant.
        public var tenant: String
        /// Where it counts.
        public var scope: SecretScope
        /// The name.
        public var name: String

        /// Puts a key together.
        public init(tenant: String, scope: SecretScope, name: String) {
            self.tenant = tenant
            self.scope = scope
            self.name = name
        }
    }
    /// What the row is known by.
    public var key: Key
    /// Dense from 1 while the secret exists; every new value is one above the last.
    public var version: Int
    /// How it came to be.
    public var kind: SecretKind
    /// The version of the key that `wrappedKey` is sealed with.
    public var keyVersion: Int
    /// The key of this value, sealed.
    public var wrappedKey: [UInt8]
    /// The value, sealed with its key.
    public var sealed: [UInt8]
    /// When the first value came.
    public var createdAt: Timestamp
    /// When this value came.
    public var updatedAt: Timestamp
    /// Who gave it.
    public var updatedBy: String

    /// Puts a row together.
    public init(
        key: Key,
        version: Int,
        kind: SecretKind,
        keyVersion: Int,
        wrappedKey: [UInt8],
        sealed: [UInt8],
        createdAt: Timestamp,
        updatedAt: Timestamp,
        updatedBy: String
    ) {
        self.key = key
        self.version = version
        self.kind = kind
        self.keyVersion = keyVersion
        self.wrappedKey = wrappedKey
        self.sealed = sealed
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.updatedBy = updatedBy
    }
}

/// That the key of a value is sealed with another key; the value stays.
public struct SecretRewrapping: Sendable {
    /// Which secret.
    public var key: SecretRow.Key
    /// Which version of it; when it has another one by now, nothing changes.
    public var version: Int
    /// The version of the new key.
    public var keyVersion: Int
    /// The key of the value, sealed with the new key.
    public var wrappedKey: [UInt8]

    /// Puts a change together.
    public init(key: SecretRow.Key, version: Int, keyVersion: Int, wrappedKey: [UInt8]) {
        self.key = key
        self.version = version
        self.keyVersion = keyVersion
        self.wrappedKey = wrappedKey
    }
}
