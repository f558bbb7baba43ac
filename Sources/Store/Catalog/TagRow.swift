// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// What a tag points to.
public struct TagTarget: Sendable, Hashable {
    /// The artifact.
    public var artifact: ArtifactID
    /// Its content: `sha256:<hex>`.
    public var hash: String

    /// Puts a target together.
    public init(artifact: ArtifactID, hash: String) {
        self.artifact = artifact
        self.hash = hash
    }
}

/// A name that points to an artifact and can be moved.
public struct TagRow: Sendable, Equatable {
    /// Whose it is.
    public var owner: String
    /// The name. Tags of a definition are named `DEFINITION@TAG`.
    public var name: String
    /// Where it points to.
    public var target: TagTarget
    /// The number of its last move.
    public var revision: Int
    /// When it was moved last.
    public var movedAt: Timestamp

    /// Puts a row together.
    public init(owner: String, name: String, target: TagTarget, revision: Int, movedAt: Timestamp) {
        self.owner = owner
        self.name = name
        self.target = target
        self.revision = revision
        self.movedAt = movedAt
    }
}

/// One move of a tag; kept for ever.
public struct TagMoveRow: Sendable, Equatable {
    /// What kind of move it was.
    public enum Kind: String, Sendable, CaseIterable {
        /// To a new target; what had been undone cannot be redone any more.
        case move
        /// Back to where the last move came from.
        case undo
        /// Forward again after an undo.
        case redo
    }
    /// Whose tag it is.
    public var owner: String
    /// The tag's name.
    public var name: String
    /// Dense from 1 within the tag.
    public var number: Int
    /// What kind of move.
    public var kind: Kind
    /// Where the tag pointed to; `nil` for the first move.
    public var from: TagTarget?
    /// Where it points to since.
    public var to: TagTarget
    /// Who moved it.
    public var actor: String
    /// When.
    public var at: Timestamp
    /// Why.
    public var reason: String?

    /// Puts a row together.
    public init(
        owner: String,
        name: String,
        number: Int,
        kind: Kind,
        from: TagTarget?,
        to: TagTarget,
        actor: String,
        at: Timestamp,
        reason: String?
    ) {
        self.owner = owner
        self.name = name
        self.number = number
        self.kind = kind
        self.from = from
        self.to = to
        self.actor = actor
        self.at = at
        self.reason = reason
    }

    /// The tag after this move.
    public var tag: TagRow { TagRow(owner: owner, name: name, target: to, revision: number, movedAt: at) }
}

/// A name under which definitions are published.
public struct DefinitionName: Sendable, Equatable {
    /// Whose it is.
    public var owner: String
    /// The name; with the owner it is unique.
    public var name: String
    /// The first key of its documents, for example `workflow`.
    public var kind: String
    /// When it was published first.
    public var createdAt: Timestamp

    /// Puts a row together.
    public init(owner: String, name: String, kind: String, createdAt: Timestamp) {
        self.owner = owner
        self.name = name
        self.kind = kind
        self.createdAt = createdAt
    }
}
