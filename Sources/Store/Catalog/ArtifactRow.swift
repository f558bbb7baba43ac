// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// One row of the catalogue over blobs.
public struct ArtifactRow: Sendable, Equatable {
    /// The id; later ones are larger, unless they came with an import.
    public var id: ArtifactID
    /// What it is.
    public var kind: ArtifactKind
    /// Whose it is; ``sharedOwner`` for everybody's.
    public var owner: String
    /// Name of the definition, or of the file.
    public var name: String
    /// The version's number within its definition, from 1; `nil` for what is no version. A patch set is the version
    /// that it leads to. A compacted version has the number of the one it stands for.
    public var number: Int?
    /// `sha256:` and the hash of the content. For a patch set that is the document it leads to, not the patch.
    public var hash: String
    /// What is stored.
    public var blob: BlobRef
    /// Media type of `blob`.
    public var mediaType: String
    /// The document's text as it was published.
    public var source: BlobRef?
    /// Canonical JSON of the graph that was compiled of it.
    public var graph: BlobRef?
    /// The version that the patches of this chain begin with.
    public var base: ArtifactID?
    /// What a patch set changes.
    public var previous: ArtifactID?
    /// Patches since the base.
    public var depth: Int
    /// The end of the chain that was squashed into this version.
    public var compactedFrom: ArtifactID?
    /// Who made it.
    public var creator: String
    /// When.
    public var createdAt: Timestamp
    /// Why, in the words of who made it.
    public var note: String?

    /// The owner of what everybody shares.
    public static let sharedOwner = "_global_"

    /// Puts a row together.
    public init(
        id: ArtifactID,
        kind: ArtifactKind,
        owner: String,
        name: String,
        number: Int? = nil,
        hash: String,
        blob: BlobRef,
        mediaType: String,
        creator: String,
        createdAt: Timestamp
    ) {
        self.id = id
        self.kind = kind
        self.owner = owner
        self.name = name
        self.number = number
        self.hash = hash
        self.blob = blob
        self.mediaType = mediaType
        self.creator = creator
        self.createdAt = createdAt
        depth = 0
    }

    /// Every blob that the row names.
    public var blobs: [BlobRef] { [blob, source, graph].compactMap(\.self) }
}

/// What an artifact is (spec 5).
public enum ArtifactKind: String, Sendable, CaseIterable {
    /// A whole document of a definition.
    case version
    /// A change of a definition, and the version it leads to.
    case patchSet = "patch_set"
    /// What a run was made of.
    case runManifest = "run_manifest"
    /// A state of a run.
    case runSnapshot = "run_snapshot"
    /// Any bytes.
    case file
    /// A text for people.
    case report
}
