// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Store
import Synchronization
import Testing

@testable import Knowledge

/// Searches by meaning, with vectors that a table gives.
@Suite(.timeLimit(.minutes(5))) struct LibrarySearchTests {
    /// Texts about animals point one way, all others another. It may be told to fail, or to die before it pays.
    private final class TableEmbedder: Embedder {
        enum Fault { case none, refuses, diesAfterKeeping }
        let model: String
        private let state = Mutex((asked: [[String]](), paid: 0, fault: Fault.none))

        init(_ model: String = "box/table") { self.model = model }

        var asked: [[String]] { state.withLock(\.asked) }
        var paid: Int { state.withLock(\.paid) }
        func fail(_ fault: Fault) { state.withLock { $0.fault = fault } }

        func price(ofTokens count: Int) -> Money? { Money(picodollars: Int64(count)) }

        func embed(
            _ texts: [String],
            for payer: PaidCaller,
            keep: @escaping @Sendable ([[Float]]) async throws(LibraryError) -> Void
        ) async throws(EmbeddingFailure) {
            let fault = state.withLock(\.fault)
            if fault == .refuses { throw EmbeddingFailure("provider.failed", "it is down") }
            state.withLock { $0.asked.append(texts) }
            let vectors = texts.map { text -> [Float] in
                ["cat", "dog", "pet", "kitten"].contains { text.lowercased().contains($0) } ? [2, 0] : [0.1, 1]
            }
            do throws(LibraryError) {
                try await keep(vectors)
            } catch {
                throw EmbeddingFailure("store.unavailable", error.message)
            }
            if fault == .diesAfterKeeping { throw EmbeddingFailure("cancelled", "the process ended") }
            state.withLock { $0.paid += texts.count }
        }
    }

    private let payer = PaidCaller(.common)
    private let everything = Visibility.everything(of: "default")

    private func library() -> Library { Library(store: MemoryKnowledgeStore(), now: { Timestamp(milliseconds: 5) }) }

    private func paths(_ answer: Library.Answer) -> [String] { answer.hits.map(\.hit.document.path) }

    @Test func `what means something alike is found beside what has the words, and without vectors words answer alone`()
        async throws
    {
        let (library, embedder) = (library(), TableEmbedder())
        let source = try library.makeSource("notes", .common)
        let drafts = [
            ("a", "A dog barks."), ("b", "A kitten sleeps."), ("c", "Prices rise."), ("d", "Taxes and pets."),
        ]
        _ = try library.add(drafts.map { .init(path: $0.0, text: $0.1) }, to: source, by: "x")
        let search = LibrarySearch(library, embedder: embedder)
        let early = try await search.search(.init("pets"), everything, for: payer)
        #expect(early.mode == "text" && paths(early) == ["d"] && early.notice?.contains("baton rag index") == true)
        #expect(embedder.asked.isEmpty)

        let step = try await search.index(source, limit: 100, for: payer)
        #expect(step.embedded == 4 && !step.isUnfinished && step.failure == nil)
        let found = try await search.search(.init("pets"), everything, for: payer)
        #expect(found.mode == "hybrid" && found.notice == nil && paths(found).first == "d", "\(paths(found))")
        #expect(Set(paths(found).prefix(3)) == ["a", "b", "d"] && found.hits[0].score > found.hits[1].score)
        #expect(try await paths(search.search(.init("pets", limit: 1), everything, for: payer)) == ["d"])
        #expect(try await paths(search.search(.init("pets", minimum: 0.9), everything, for: payer)) == ["d"])

        embedder.fail(.refuses)
        let known = try await search.search(.init("  pets "), everything, for: payer)
        #expect(known.mode == "hybrid", "the vector of the question is kept")
        let down = try await search.search(.init("taxes"), everything, for: payer)
        #expect(down.mode == "text" && paths(down) == ["d"] && down.notice?.contains("it is down") == true)
        let plain = try await LibrarySearch(library, absence: "none").search(.init("taxes"), everything, for: payer)
        #expect(plain.mode == "text" && plain.notice == "none")
    }

    @Test func `what has a vector is never asked for again, whatever ends the work`() async throws {
        let (library, embedder) = (library(), TableEmbedder())
        let source = try library.makeSource("notes", .common)
        let drafts = (0..<150).map { Library.Draft(path: "\($0)", text: "text \($0 % 100)") }
        _ = try library.add(drafts, to: source, by: "x")
        let search = LibrarySearch(library, embedder: embedder)
        let plan = try await search.plan(source)
        #expect(plan.texts == 100 && plan.price == Money(picodollars: Int64(plan.tokens)))
        embedder.fail(.diesAfterKeeping)
        let first = try await search.index(source, limit: 1000, for: payer)
        #expect(first.isUnfinished && first.failure?.code == "cancelled" && embedder.asked.count == 1)
        embedder.fail(.none)
        let second = try await search.index(source, limit: 10, for: payer)
        #expect(second.isUnfinished && second.embedded > 0)
        let third = try await search.index(source, after: second.place, limit: 1000, for: payer)
        #expect(!third.isUnfinished)
        let texts = embedder.asked.flatMap(\.self)
        #expect(texts.count == 100 && Set(texts).count == 100)
        #expect(try await search.plan(source).texts == 0)
        _ = try library.add([.init(path: "0", text: "text 7")], to: source, by: "x")
        _ = try await search.index(source, limit: 1000, for: payer)
        #expect(embedder.asked.flatMap(\.self).count == 100)

        // Another model begins anew, and does not see the vectors of this one.
        let other = LibrarySearch(library, embedder: TableEmbedder("box/other"))
        #expect(try await other.plan(source).texts == 100)
        #expect(try await other.search(.init("text"), everything, for: payer).mode == "text")
    }

    @Test func `findings get their vectors when they are first looked for`() async throws {
        let (library, embedder) = (library(), TableEmbedder())
        for text in ["The shop sells dogs.", "Prices are in cents.", "Every cat has a chip."] {
            _ = try library.addFinding(.decision, text, to: "shop", in: "default", by: "ann")
        }
        let search = LibrarySearch(library, embedder: embedder)
        func find(_ question: String) async throws -> FoundFindings {
            try await search.findings(like: question, of: "shop", in: "default", limit: 2, for: payer)
        }
        let found = try await find("pets")
        #expect(found.mode == "hybrid" && found.findings.allSatisfy { $0.row.text != "Prices are in cents." })
        #expect(try await find("cents").findings.first?.row.text == "Prices are in cents.")
        #expect(embedder.asked.flatMap(\.self).count == 5)
        embedder.fail(.refuses)
        let down = try await find("chip")
        #expect(down.mode == "text" && down.findings.count == 1 && down.notice?.contains("provider.failed") == true)
    }

    @Test func `high places in several lists win`() {
        let fused = RankFusion.fuse([["a", "b", "c"], ["c", "a"]])
        #expect(fused.map(\.thing) == ["a", "c", "b"])
        #expect(RankFusion.fuse([["a"], ["a"]])[0].score == 1 && RankFusion.fuse([[String](), []]).isEmpty)
        #expect(RankFusion.fuse([["a", "b"], ["b", "a"]]).map(\.thing) == ["a", "b"])
    }
}
