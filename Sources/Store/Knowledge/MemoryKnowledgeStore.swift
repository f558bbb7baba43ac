// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Glibc
public import Model
internal import Synchronization

/// Documents that are forgotten with the process. It finds whole words as they are written, in whichever letter case.
public final class MemoryKnowledgeStore: KnowledgeStore {
    fileprivate struct VectorKey: Hashable {
        var model: String
        var content: ContentHash
    }

    private struct State {
        var sources: [SourceID: SourceRow] = [:]
        var findings: [FindingID: FindingRow] = [:]
        var documents: [DocumentID: (row: DocumentRow, passages: [Passage])] = [:]
        var vectors: [VectorKey: VectorRow] = [:]

        mutating func apply(_ change: KnowledgeChange) throws(StoreError) {
            for row in change.sources {
                let isTaken = sources.values.contains {
                    $0.name == row.name && $0.ownership.tenant == row.ownership.tenant
                }
                guard sources[row.id] == nil, !isTaken else { throw .sourceTaken(row) }
                sources[row.id] = row
            }
            for document in change.documents {
                guard sources[document.row.source] != nil else { throw .sourceGone(document.row) }
                let old = documents.values.first {
                    $0.row.source == document.row.source && $0.row.path == document.row.path
                }
                if let old { documents[old.row.id] = nil }
                documents[document.row.id] = document
            }
            for id in change.removedDocuments { documents[id] = nil }
            for id in change.removedSources {
                sources[id] = nil
                documents = documents.filter { $0.value.row.source != id }
            }
            for row in change.findings {
                let isTaken = findings.values.contains {
                    $0.id != row.id && ($0.tenant, $0.project, $0.words) == (row.tenant, row.project, row.words)
                }
                guard !isTaken else { throw .findingTaken(row) }
                findings[row.id] = row
            }
            for id in change.removedFindings { findings[id] = nil }
            apply(change.vectors, change.pruning)
        }

        private mutating func apply(_ rows: [VectorRow], _ pruning: VectorPruning?) {
            for row in rows {
                let key = VectorKey(model: row.model, content: row.content)
                if vectors[key] == nil { vectors[key] = row }
            }
            guard let pruning else { return }
            let used = Set(documents.values.flatMap { $0.passages.map(\.content) })
            vectors = vectors.filter { key, row in
                guard row.addedAt < pruning.before else { return true }
                guard row.model == pruning.model else { return false }
                return row.kind == .finding || row.kind == .passage && used.contains(key.content)
            }
        }

        /// All passages of a source in the order of their documents' ids.
        func passages(in source: SourceID) -> [PassageHit] {
            documents.values.filter { $0.row.source == source }.sorted { $0.row.id < $1.row.id }.flatMap { entry in
                entry.passages.enumerated().map { number, passage in
                    PassageHit(document: entry.row, number: number + 1, passage: passage, relevance: 0)
                }
            }
        }

        func vector(of passage: Passage, _ model: String) -> [Float]? {
            vectors[VectorKey(model: model, content: passage.content)]?.vector
        }

        func ordered(in source: SourceID) -> [DocumentRow] {
            documents.values.map(\.row).filter { $0.source == source }.sorted { $0.path.utf8Precedes($1.path) }
        }
    }

    private let state = Mutex(State())

    /// An empty store.
    public init() {}

    /// Applies everything in `change` or nothing.
    public func apply(_ change: KnowledgeChange) throws(StoreError) {
        try state.withLock { (state) throws(StoreError) in
            var next = state
            try next.apply(change)
            state = next
        }
    }

    /// The source with that name.
    public func source(named name: String, in tenant: String) -> SourceRow? {
        state.withLock { state in
            state.sources.values.first { $0.name == name && $0.ownership.tenant == tenant }
        }
    }

    /// Sources by name.
    public func sources(of tenant: String) -> [SourceSummary] {
        state.withLock { state in
            let rows = state.sources.values.filter { $0.ownership.tenant == tenant }
            return rows.sorted { $0.name.utf8Precedes($1.name) }.map { row in
                let documents = state.documents.values.map(\.row).filter { $0.source == row.id }
                return SourceSummary(
                    row: row,
                    documents: documents.count,
                    passages: documents.reduce(0) { $0 + $1.passages },
                    bytes: documents.reduce(0) { $0 + $1.bytes }
                )
            }
        }
    }

    /// The document with that id.
    public func document(_ id: DocumentID) -> DocumentRow? { state.withLock { $0.documents[id]?.row } }

    /// The document with that path.
    public func document(at path: String, in source: SourceID) -> DocumentRow? {
        state.withLock { $0.ordered(in: source).first { $0.path == path } }
    }

    /// Documents by path.
    public func documents(in source: SourceID, after path: String?, limit: Int) -> [DocumentRow] {
        state.withLock { state in
            let rows = state.ordered(in: source).filter { row in path.map { $0.utf8Precedes(row.path) } ?? true }
            return Array(rows.prefix(limit))
        }
    }

    /// Passages of a document.
    public func passages(of document: DocumentID) -> [Passage] {
        state.withLock { $0.documents[document]?.passages ?? [] }
    }

    /// Passages with at least one of the words.
    public func search(_ query: PassageQuery) -> [PassageHit] {
        state.withLock { state in
            let wanted = Set(query.words.map { $0.lowercased() })
            var index = WordIndex()
            for (row, passages) in state.documents.values {
                for (offset, passage) in passages.enumerated() {
                    index.add(PassageHit(document: row, number: offset + 1, passage: passage, relevance: 0))
                }
            }
            let hits = index.hits(wanted).filter { query.sources.contains($0.document.source) }
            return Array(hits.sorted(by: Self.precedes).prefix(query.limit))
        }
    }

    /// Vectors of texts.
    public func vectors(of contents: [ContentHash], model: String) -> [ContentHash: [Float]] {
        state.withLock { state in
            var found: [ContentHash: [Float]] = [:]
            for content in contents {
                found[content] = state.vectors[VectorKey(model: model, content: content)]?.vector
            }
            return found
        }
    }

    /// Whether a model made a vector of any passage.
    public func hasPassageVectors(model: String) -> Bool {
        state.withLock { $0.vectors.values.contains { $0.model == model && $0.kind == .passage } }
    }

    /// Passages without a vector.
    public func unembedded(
        by model: String,
        in source: SourceID,
        after place: Int64,
        limit: Int
    ) -> [UnembeddedPassage] {
        state.withLock { state in
            let all = state.passages(in: source).enumerated().filter { number, hit in
                Int64(number) >= place && state.vector(of: hit.passage, model) == nil
            }
            return all.prefix(limit).map { number, hit in
                UnembeddedPassage(place: Int64(number) + 1, text: hit.passage.embeddedText)
            }
        }
    }

    /// Passages near to a vector.
    public func nearest(_ query: VectorQuery) -> [PassageHit] {
        state.withLock { state in
            var list = NearestList<PassageHit>(limit: query.limit)
            for source in query.sources {
                for hit in state.passages(in: source) {
                    guard let vector = state.vector(of: hit.passage, query.model) else { continue }
                    list.add(VectorProduct.dot(query.vector, vector), hit)
                }
            }
            return list.best.map { score, hit in
                var hit = hit
                hit.relevance = Double(score)
                return hit
            }
        }
    }

    /// The finding with that id.
    public func finding(_ id: FindingID) -> FindingRow? { state.withLock { $0.findings[id] } }

    /// Findings of a project.
    public func findings(of project: String, in tenant: String) -> [FindingRow] {
        state.withLock { state in
            state.findings.values.filter { $0.project == project && $0.tenant == tenant }
                .sorted { ($0.createdAt, $0.id) > ($1.createdAt, $1.id) }
        }
    }

    private static func precedes(_ left: PassageHit, _ right: PassageHit) -> Bool {
        if left.relevance != right.relevance { return left.relevance > right.relevance }
        return (left.document.id, left.number) < (right.document.id, right.number)
    }
}

/// BM25 as SQLite's FTS5 computes it; a word of a heading counts twice.
private struct WordIndex {
    private var entries: [(hit: PassageHit, counts: [String: Double], length: Double)] = []

    mutating func add(_ hit: PassageHit) {
        var counts: [String: Double] = [:]
        let (heading, text) = (Self.words(hit.passage.heading), Self.words(hit.passage.text))
        for word in heading { counts[word, default: 0] += 2 }
        for word in text { counts[word, default: 0] += 1 }
        entries.append((hit, counts, Double(heading.count + text.count)))
    }

    func hits(_ wanted: Set<String>) -> [PassageHit] {
        let total = Double(entries.count)
        let average = entries.reduce(0) { $0 + $1.length } / max(1, total)
        var weights: [String: Double] = [:]
        for word in wanted {
            let having = Double(entries.count { $0.counts[word] != nil })
            weights[word] = max(1e-6, log((total - having + 0.5) / (having + 0.5)))
        }
        return entries.compactMap { entry in
            var relevance = 0.0
            for word in wanted {
                guard let count = entry.counts[word] else { continue }
                relevance +=
                    (weights[word] ?? 0) * count * 2.2 / (count + 1.2 * (0.25 + 0.75 * entry.length / average))
            }
            guard relevance > 0 else { return nil }
            var hit = entry.hit
            hit.relevance = relevance
            return hit
        }
    }

    private static func words(_ text: String) -> [String] {
        text.lowercased().split { !$0.isLetter && !$0.isNumber }.map(String.init)
    }
}

extension String {
    /// By bytes, as databases order text.
    fileprivate func utf8Precedes(_ other: String) -> Bool { utf8.lexicographicallyPrecedes(other.utf8) }
}
