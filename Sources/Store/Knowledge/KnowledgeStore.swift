// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// Documents that are searched: sources of documents, their passages, and the index over these. Calls block.
public protocol KnowledgeStore: Sendable {
    /// Writes everything in `change` in one transaction and flushes it; either all of it is durable or none.
    ///
    /// - Throws: `conflict` (see the fields of ``KnowledgeChange``), `full` or `failed`. Nothing was written then.
    func apply(_ change: KnowledgeChange) throws(StoreError)

    /// The source of that tenant with that name.
    func source(named name: String, in tenant: String) throws(StoreError) -> SourceRow?
    /// Sources of a tenant by the bytes of their names, with what is in them.
    func sources(of tenant: String) throws(StoreError) -> [SourceSummary]

    /// The document with that id.
    func document(_ id: DocumentID) throws(StoreError) -> DocumentRow?
    /// The document of a source with that path.
    func document(at path: String, in source: SourceID) throws(StoreError) -> DocumentRow?
    /// Documents of a source by the bytes of their paths, from after `path` on.
    func documents(in source: SourceID, after path: String?, limit: Int) throws(StoreError) -> [DocumentRow]
    /// Passages of a document in order.
    func passages(of document: DocumentID) throws(StoreError) -> [Passage]

    /// Passages that have at least one of the words, the most relevant first.
    ///
    /// Words count in whichever letter case they are, and rare ones count for more (BM25). The durable store takes English
    /// words with other endings, and letters with and without accents, for the same.
    func search(_ query: PassageQuery) throws(StoreError) -> [PassageHit]

    /// Vectors that a model made of texts; those that are not there are missing.
    func vectors(of contents: [ContentHash], model: String) throws(StoreError) -> [ContentHash: [Float]]
    /// Whether a model made a vector of any passage.
    func hasPassageVectors(model: String) throws(StoreError) -> Bool
    /// Passages of a source that have no vector of a model, in a fixed order, from after `place` on.
    func unembedded(
        by model: String,
        in source: SourceID,
        after place: Int64,
        limit: Int
    ) throws(StoreError) -> [UnembeddedPassage]
    /// Passages whose vectors point most into the direction of one, the nearest first. Their relevance is the cosine, -1 to
    /// 1. All vectors of the sources are looked at.
    func nearest(_ query: VectorQuery) throws(StoreError) -> [PassageHit]

    /// The finding with that id.
    func finding(_ id: FindingID) throws(StoreError) -> FindingRow?
    /// Findings of a project, the newest first.
    func findings(of project: String, in tenant: String) throws(StoreError) -> [FindingRow]
}

/// One transaction of a ``KnowledgeStore``; carried out in the order of the fields.
public struct KnowledgeChange: Sendable {
    /// To add; `conflict` when a name is taken.
    public var sources: [SourceRow] = []
    /// To write with their passages, in place of those with the same source and path; `conflict` when the source is gone.
    public var documents: [(row: DocumentRow, passages: [Passage])] = []
    /// To remove with their passages; one that is not there is no conflict.
    public var removedDocuments: [DocumentID] = []
    /// To remove with all that is in them; one that is not there is no conflict.
    public var removedSources: [SourceID] = []
    /// To write, in place of those with the same id; `conflict` when another one of the project has the same words.
    public var findings: [FindingRow] = []
    /// To remove; one that is not there is no conflict.
    public var removedFindings: [FindingID] = []
    /// To add; one that is there already stays as it is.
    public var vectors: [VectorRow] = []
    /// Removes vectors.
    public var pruning: VectorPruning?

    /// An empty transaction.
    public init() {}
}

extension StoreError {
    /// Another source has that name.
    public static func sourceTaken(_ row: SourceRow) -> Self {
        Self(.conflict, "There is a source \(row.name) already.")
    }

    /// The source of a document is gone.
    public static func sourceGone(_ row: DocumentRow) -> Self {
        Self(.conflict, "The source of the document \(row.path) was removed meanwhile.")
    }
}
