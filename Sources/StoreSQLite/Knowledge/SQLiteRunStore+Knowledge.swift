// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model
public import Store

/// Documents lie in the same file as the runs. A file that an older program wrote and nobody has upgraded yet has none.
extension SQLiteRunStore: KnowledgeStore {
    /// Writes a change and flushes it.
    public func apply(_ change: KnowledgeChange) throws(StoreError) {
        try writing { (writer) throws(StoreError) in try writer.apply(change) }
    }

    /// The source with that name.
    public func source(named name: String, in tenant: String) throws(StoreError) -> SourceRow? {
        try knowledge { (rows) throws(StoreError) in try rows.source(named: name, in: tenant) } ?? nil
    }

    /// Sources by name.
    public func sources(of tenant: String) throws(StoreError) -> [SourceSummary] {
        try knowledge { (rows) throws(StoreError) in try rows.sources(of: tenant) } ?? []
    }

    /// The document with that id.
    public func document(_ id: DocumentID) throws(StoreError) -> DocumentRow? {
        try knowledge { (rows) throws(StoreError) in try rows.document(id) } ?? nil
    }

    /// The document with that path.
    public func document(at path: String, in source: SourceID) throws(StoreError) -> DocumentRow? {
        try knowledge { (rows) throws(StoreError) in try rows.document(at: path, in: source) } ?? nil
    }

    /// Documents by path.
    public func documents(in source: SourceID, after path: String?, limit: Int) throws(StoreError) -> [DocumentRow] {
        try knowledge { (rows) throws(StoreError) in
            try rows.documents(in: source, after: path, limit: limit)
        } ?? []
    }

    /// Passages of a document.
    public func passages(of document: DocumentID) throws(StoreError) -> [Passage] {
        try knowledge { (rows) throws(StoreError) in try rows.passages(of: document) } ?? []
    }

    /// Passages with at least one of the words.
    public func search(_ query: PassageQuery) throws(StoreError) -> [PassageHit] {
        try knowledge { (rows) throws(StoreError) in try rows.search(query) } ?? []
    }

    /// Vectors of texts.
    public func vectors(of contents: [ContentHash], model: String) throws(StoreError) -> [ContentHash: [Float]] {
        try read { (reader) throws(StoreError) in
            try VectorRows.vectors(of: contents, model: model, reader.connection)
        }
    }

    /// Whether a model made a vector of any passage.
    public func hasPassageVectors(model: String) throws(StoreError) -> Bool {
        try read { (reader) throws(StoreError) in try VectorRows.hasPassages(of: model, reader.connection) }
    }

    /// Passages without a vector.
    public func unembedded(
        by model: String,
        in source: SourceID,
        after place: Int64,
        limit: Int
    ) throws(StoreError) -> [UnembeddedPassage] {
        try read { (reader) throws(StoreError) in
            try VectorRows.unembedded(by: model, in: source, after: place, limit: limit, reader.connection)
        }
    }

    /// Passages near to a vector.
    public func nearest(_ query: VectorQuery) throws(StoreError) -> [PassageHit] {
        try knowledge { (rows) throws(StoreError) in try rows.nearest(query) } ?? []
    }

    /// The finding with that id.
    public func finding(_ id: FindingID) throws(StoreError) -> FindingRow? {
        try read { (reader) throws(StoreError) in try FindingRows.finding(id, reader.connection) }
    }

    /// Findings of a project.
    public func findings(of project: String, in tenant: String) throws(StoreError) -> [FindingRow] {
        try read { (reader) throws(StoreError) in try FindingRows.findings(of: project, in: tenant, reader.connection) }
    }

    private func knowledge<Value: Sendable>(
        _ body: @Sendable (KnowledgeReader) throws(StoreError) -> Value
    ) throws(StoreError) -> Value? {
        try read { (reader) throws(StoreError) in try KnowledgeReader(reader).map(body) }
    }
}
