// Baton
// SPDX-License-Identifier: Apache-2.0

public import Definition
import Hashing
import JSON
public import Model
public import Store
import Synchronization

/// Definitions by name, their versions and tags (spec 5).
///
/// A version is identified by `sha256:` of its document's canonical JSON, so formatting never matters. Bytes are durable
/// before the rows that name them, and a version and the move of its tag are one transaction; so a crash at any point
/// leaves a whole version or none. Calls block, and may come from any thread that is allowed to.
public final class DefinitionCatalog: Sendable {
    let store: any CatalogStore
    let blobs: any BlobStore
    let compiler: Compiler
    let now: @Sendable () -> Timestamp
    private let ids = Mutex(IdentifierSource())
    private let changes = Atomic<Int>(0)

    /// A catalogue over a store.
    ///
    /// - Parameters:
    ///   - compiler: Decides which documents may become versions.
    ///   - now: The clock that versions and moves are dated by.
    public init(
        store: any CatalogStore,
        blobs: any BlobStore,
        compiler: Compiler,
        now: @escaping @Sendable () -> Timestamp
    ) {
        self.store = store
        self.blobs = blobs
        self.compiler = compiler
        self.now = now
    }

    /// Rises with every change through this catalogue: what was read before the same number still holds.
    public var changeCount: Int { changes.load(ordering: .acquiring) }

    /// Writes a change, and counts it whatever becomes of it.
    func apply(_ change: CatalogChange) throws(CatalogError) {
        defer { changes.add(1, ordering: .acquiringAndReleasing) }
        try storage { () throws(StoreError) in try store.apply(change) }
    }

    /// The id of a new artifact.
    func makeID(at time: Timestamp) -> ArtifactID {
        var random = SystemRandomNumberGenerator()
        return ids.withLock { $0.next(at: time, entropy: (random.next(), random.next())) }
    }

    /// The hash that names a document, and the bytes it is made of.
    static func identity(of document: JSONValue) -> (hash: String, bytes: [UInt8]) {
        let bytes = document.canonicalBytes()
        return ("sha256:" + SHA256.hex(bytes), bytes)
    }
}

/// Whose definition, who acts, and why.
public struct CatalogActor: Sendable {
    /// Whose definitions are meant; ``ArtifactRow/sharedOwner`` for everybody's.
    public var owner: String
    /// Who acts: `user:NAME`.
    public var name: String
    /// Why, in one line.
    public var reason: String?

    /// Puts an actor together.
    public init(owner: String, name: String, reason: String? = nil) {
        self.owner = owner
        self.name = name
        self.reason = reason
    }
}

/// What came of a call that leads a tag to a version.
public struct Publication: Sendable {
    /// The version the tag points to now.
    public var version: ArtifactRow
    /// Whether it was made by this call; the same content is never stored as a second version.
    public var isNew: Bool
    /// The tag.
    public var tag: TagRow
    /// Whether this call moved it.
    public var isMoved: Bool
    /// Warnings and hints of the compiler.
    public var diagnostics: [Diagnostic]
}
