// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Hashing
public import Model

/// What a model made of a text: a vector, kept by the hash of the text, so that the same text is never asked for again.
public struct VectorRow: Sendable, Equatable {
    /// What the text is.
    public enum Kind: String, Sendable, CaseIterable {
        /// A passage of a document, with its heading.
        case passage
        /// A finding of a project.
        case finding
        /// Somebody asked.
        case question
    }
    /// What the text is.
    public var kind: Kind
    /// The model, `PROVIDER/MODEL`. Vectors of different models are never compared.
    public var model: String
    /// The text.
    public var content: ContentHash
    /// Of length 1, unless all of it is 0.
    public var vector: [Float]
    /// When it was made.
    public var addedAt: Timestamp

    /// Puts a row together.
    public init(kind: Kind, model: String, content: ContentHash, vector: [Float], addedAt: Timestamp) {
        (self.kind, self.model, self.content) = (kind, model, content)
        (self.vector, self.addedAt) = (vector, addedAt)
    }
}

/// The SHA-256 of a text of which a vector is made.
public struct ContentHash: Sendable, Hashable {
    /// 32 bytes.
    public let bytes: [UInt8]

    /// Bytes of a hash.
    public init(bytes: [UInt8]) { self.bytes = bytes }

    /// The hash of a text.
    public init(of text: String) { bytes = SHA256.digest(Array(text.utf8)) }
}

extension Passage {
    /// What a vector is made of: the headings and the text.
    public var embeddedText: String { heading.isEmpty ? text : "\(heading)\n\(text)" }
    /// The hash of that.
    public var content: ContentHash { ContentHash(of: embeddedText) }
}

/// A passage without a vector of some model.
public struct UnembeddedPassage: Sendable, Equatable {
    /// Where to go on after it; means nothing else.
    public var place: Int64
    /// What a vector is made of.
    public var text: String

    /// Puts it together.
    public init(place: Int64, text: String) { (self.place, self.text) = (place, text) }
}

/// Which passages are near to a question.
public struct VectorQuery: Sendable {
    /// The vector of the question, of length 1.
    public var vector: [Float]
    /// The model that made it.
    public var model: String
    /// Where to look.
    public var sources: [SourceID]
    /// At most that many.
    public var limit: Int

    /// Puts a query together.
    public init(vector: [Float], model: String, sources: [SourceID], limit: Int) {
        (self.vector, self.model, self.sources, self.limit) = (vector, model, sources, limit)
    }
}

/// Which vectors may go.
public struct VectorPruning: Sendable {
    /// Of other models all go, whatever they are of.
    public var model: String
    /// Only those made before this.
    public var before: Timestamp

    /// Of the model itself those go that no passage has, and those of questions.
    public init(model: String, before: Timestamp) { (self.model, self.before) = (model, before) }
}
