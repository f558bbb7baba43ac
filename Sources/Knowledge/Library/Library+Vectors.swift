// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Model
internal import Store

/// What the library knows of vectors.
extension Library {
    func hasVectors(of model: String) throws(LibraryError) -> Bool {
        try stored { () throws(StoreError) in try store.hasPassageVectors(model: model) }
    }

    func vectors(of contents: [ContentHash], _ model: String) throws(LibraryError) -> [ContentHash: [Float]] {
        try stored { () throws(StoreError) in try store.vectors(of: contents, model: model) }
    }

    func unembedded(
        by model: String,
        in source: SourceRow,
        after place: Int64,
        limit: Int
    ) throws(LibraryError) -> [UnembeddedPassage] {
        try stored { () throws(StoreError) in
            try store.unembedded(by: model, in: source.id, after: place, limit: limit)
        }
    }

    /// Passages near to a vector in the sources of a question, with the names of these.
    func nearest(
        to vector: [Float],
        _ model: String,
        _ question: Question,
        _ visibility: Visibility
    ) throws(LibraryError) -> [Answer.Hit] {
        let chosen = try chosenSources(question, visibility)
        let query = VectorQuery(vector: vector, model: model, sources: chosen.map(\.id), limit: question.limit)
        let found = try stored { () throws(StoreError) in try store.nearest(query) }
        return Self.named(found, chosen) { max(0, $0.relevance) }
    }

    static func named(
        _ found: [PassageHit],
        _ sources: [SourceRow],
        score: (PassageHit) -> Double
    ) -> [Answer.Hit] {
        let names = Dictionary(sources.map { ($0.id, $0.name) }) { first, _ in first }
        return found.map { Answer.Hit(source: names[$0.document.source] ?? "", hit: $0, score: score($0)) }
    }

    static func rounded(_ score: Double) -> Double { (score * 10_000).rounded() / 10_000 }
}

extension Library.Question {
    /// The same with more hits of every score, so that there is something to choose from.
    var widened: Self {
        var wide = self
        (wide.limit, wide.minimum) = (min(max(limit * 3, 20), 50), 0)
        return wide
    }
}

extension Library.Answer {
    private struct Place: Hashable {
        var document: DocumentID
        var number: Int
    }

    /// What a question wanted of it.
    func cut(to question: Library.Question, _ notice: String?) -> Self {
        let fitting = hits.filter { $0.score >= question.minimum }.prefix(max(1, min(question.limit, 50)))
        return Self(mode: mode, notice: notice, hits: Array(fitting))
    }

    /// Words and meaning together.
    func fused(with near: [Hit], for question: Library.Question) -> Self {
        func places(_ hits: [Hit]) -> [Place] {
            hits.map { Place(document: $0.hit.document.id, number: $0.hit.number) }
        }
        let all = Dictionary(zip(places(hits) + places(near), hits + near).map { ($0, $1) }) { first, _ in first }
        let fused = RankFusion.fuse([places(hits), places(near)]).compactMap { place, score -> Hit? in
            guard var hit = all[place] else { return nil }
            hit.score = Library.rounded(score)
            return hit
        }
        return Self(mode: "hybrid", notice: nil, hits: fused).cut(to: question, nil)
    }
}
