// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON
public import Model
public import Store

/// How texts come by their vectors.
extension LibrarySearch {
    /// The largest number of texts in one call.
    private static let textsPerCall = 64
    /// The largest number of bytes in one call.
    private static let bytesPerCall = 96 << 10
    /// Vectors that nothing has any more are kept that long, in milliseconds, as texts may come back.
    private static let pruningDelay: Int64 = 7 * 86_400_000

    /// What came of giving passages their vectors.
    public struct IndexStep: Sendable {
        /// The model; `nil` when there is none.
        public var model: String?
        /// Passages that got a vector.
        public var embedded = 0
        /// There are passages without one.
        public var isUnfinished = false
        /// Where to go on.
        public var place: Int64 = 0
        /// What stood in the way.
        public var failure: EmbeddingFailure?
    }

    /// What giving passages their vectors would take.
    public struct IndexPlan: Sendable {
        /// The model; `nil` when there is none.
        public var model: String?
        /// Texts without a vector; equal ones count once.
        public var texts = 0
        /// About so many LLM tokens: a quarter of the bytes.
        public var tokens = 0
        /// What these cost; `nil` when nobody knows.
        public var price: Money?
    }

    /// Gives passages of a source their vectors, as far as they have none of the model. Ended at any moment, it goes on where
    /// it was: what was written down is not asked for again.
    ///
    /// - Parameters:
    ///   - place: ``IndexStep/place`` of the step before; 0 at first.
    ///   - limit: About so many passages at most.
    public func index(
        _ source: SourceRow,
        after place: Int64 = 0,
        limit: Int,
        for payer: PaidCaller
    ) async throws(LibraryError) -> IndexStep {
        guard let embedder else { return IndexStep() }
        let model = embedder.model
        var step = IndexStep(model: model, place: place)
        while step.embedded < limit {
            let from = step.place
            let passages = try await ask { library throws(LibraryError) in
                try library.unembedded(by: model, in: source, after: from, limit: Self.textsPerCall)
            }
            guard let last = passages.last else {
                try await prune(model)
                return step
            }
            do throws(EmbeddingFailure) {
                _ = try await vectors(of: passages.map(\.text), .passage, embedder, payer)
            } catch {
                (step.failure, step.isUnfinished) = (error, true)
                return step
            }
            step.embedded += passages.count
            step.place = last.place
        }
        step.isUnfinished = true
        return step
    }

    /// What ``index(_:after:limit:for:)`` would take until it is done.
    public func plan(_ source: SourceRow) async throws(LibraryError) -> IndexPlan {
        guard let embedder else { return IndexPlan() }
        let model = embedder.model
        var (plan, seen, place) = (IndexPlan(model: model), Set<ContentHash>(), Int64(0))
        while true {
            let from = place
            let passages = try await ask { library throws(LibraryError) in
                try library.unembedded(by: model, in: source, after: from, limit: 500)
            }
            guard let last = passages.last else { break }
            for passage in passages where seen.insert(ContentHash(of: passage.text)).inserted {
                plan.tokens += (passage.text.utf8.count + 3) / 4
            }
            place = last.place
        }
        plan.texts = seen.count
        plan.price = try? await embedder.price(ofTokens: plan.tokens)
        return plan
    }

    /// Vectors of texts: those that are known, and the others from the model, which are written down before they are paid.
    func vectors(
        of texts: [String],
        _ kind: VectorRow.Kind,
        _ embedder: any Embedder,
        _ payer: PaidCaller
    ) async throws(EmbeddingFailure) -> [[Float]] {
        let contents = texts.map(ContentHash.init(of:))
        var known = try await stored(contents, embedder.model)
        var (missing, seen) = ([(ContentHash, String)](), Set<ContentHash>())
        for (content, text) in zip(contents, texts) where known[content] == nil && seen.insert(content).inserted {
            missing.append((content, text))
        }
        for group in Self.groups(missing) {
            try await make(group, kind, embedder, payer)
        }
        if !missing.isEmpty {
            for (content, vector) in try await stored(missing.map(\.0), embedder.model) { known[content] = vector }
        }
        return contents.map { known[$0] ?? [] }
    }

    private func make(
        _ group: [(content: ContentHash, text: String)],
        _ kind: VectorRow.Kind,
        _ embedder: any Embedder,
        _ payer: PaidCaller
    ) async throws(EmbeddingFailure) {
        let (contents, model) = (group.map(\.content), embedder.model)
        try await embedder.embed(group.map(\.text), for: payer) { vectors throws(LibraryError) in
            try await ask { library throws(LibraryError) in
                var change = KnowledgeChange()
                change.vectors = zip(contents, vectors).map { content, vector in
                    VectorRow(
                        kind: kind,
                        model: model,
                        content: content,
                        vector: VectorProduct.normalized(vector),
                        addedAt: library.now()
                    )
                }
                try library.apply(change)
            }
        }
    }

    private func stored(
        _ contents: [ContentHash],
        _ model: String
    ) async throws(EmbeddingFailure) -> [ContentHash: [Float]] {
        do throws(LibraryError) {
            return try await ask { library throws(LibraryError) in try library.vectors(of: contents, model) }
        } catch {
            throw EmbeddingFailure(error.code.rawValue, error.message)
        }
    }

    private func prune(_ model: String) async throws(LibraryError) {
        try await ask { library throws(LibraryError) in
            var change = KnowledgeChange()
            change.pruning = VectorPruning(
                model: model,
                before: Timestamp(milliseconds: library.now().milliseconds - Self.pruningDelay)
            )
            try library.apply(change)
        }
    }

    /// Groups that are not larger than a call may be.
    private static func groups(_ texts: [(content: ContentHash, text: String)]) -> [[(
        content: ContentHash, text: String
    )]] {
        var (groups, size) = ([[(content: ContentHash, text: String)]](), 0)
        for item in texts {
            let length = item.text.utf8.count
            if let last = groups.last, last.count < textsPerCall, size + length <= bytesPerCall {
                groups[groups.count - 1].append(item)
                size += length
            } else {
                groups.append([item])
                size = length
            }
        }
        return groups
    }
}

extension LibrarySearch.IndexStep {
    /// As the API gives it.
    public var json: JSONValue {
        var json: JSONObject = [
            "model": model.map(JSONValue.string) ?? .null, "embedded": .int(Int64(embedded)),
            "unfinished": .bool(isUnfinished),
        ]
        if isUnfinished { json["after"] = .int(place) }
        json["code"] = failure.map { .string($0.code) }
        json["notice"] = failure.map { .string($0.message) }
        return .object(json)
    }
}

extension LibrarySearch.IndexPlan {
    /// As the API gives it.
    public var json: JSONValue {
        [
            "model": model.map(JSONValue.string) ?? .null, "texts": .int(Int64(texts)),
            "llm_tokens": .int(Int64(tokens)), "usd": price.map { .string($0.text) } ?? .null,
        ]
    }
}
