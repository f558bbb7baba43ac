// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Store
import Testing

@Suite struct KnowledgeContractTests {
    private func source(_ number: UInt64, _ name: String, tenant: String = "t") -> SourceRow {
        let ownership = Ownership(
            tenant: tenant,
            owner: number == 1 ? "user:ü" : nil,
            project: number == 2 ? "shop" : nil
        )
        return SourceRow(
            id: SourceID(high: 1, low: number),
            name: name,
            ownership: ownership,
            createdAt: Timestamp(milliseconds: 4)
        )
    }

    private func document(_ number: UInt64, _ source: UInt64, _ path: String, passages: Int = 1) -> DocumentRow {
        DocumentRow(
            id: DocumentID(high: 2, low: number),
            source: SourceID(high: 1, low: source),
            path: path,
            title: "T\0",
            hash: "sha256:\(number)",
            bytes: 10,
            passages: passages,
            addedAt: Timestamp(milliseconds: -1),
            updatedAt: Timestamp(milliseconds: .max),
            author: "local"
        )
    }

    private func passage(_ text: String, heading: String = "", line: Int = 1) -> Passage {
        Passage(heading: heading, firstLine: line, lastLine: line + 1, text: text)
    }

    @Test(arguments: Backend.allCases)
    func `documents are written, replaced and removed with their passages`(backend: Backend) throws {
        try backend.knowledge { store in
            var change = KnowledgeChange()
            change.sources = [source(1, "b"), source(2, "Ä"), source(3, "a"), source(4, "a", tenant: "u")]
            change.documents = [
                (document(1, 1, "x/b"), [passage("one")]),
                (document(2, 1, "x/ä", passages: 2), [passage("two"), passage("zwei")]),
                (document(3, 1, "x/a"), []), (document(4, 2, "x/b"), [passage("other")]),
            ]
            try store.apply(change)
            #expect(code { try store.apply(change) } == .conflict)
            #expect(try store.sources(of: "t").map(\.row) == [source(3, "a"), source(1, "b"), source(2, "Ä")])
            #expect(try store.sources(of: "t").map(\.documents) == [0, 3, 1])
            #expect(try store.sources(of: "t").map(\.passages) == [0, 4, 1])
            #expect(try store.sources(of: "t").map(\.bytes) == [0, 30, 10])
            #expect(try store.source(named: "a", in: "u") == source(4, "a", tenant: "u"))
            #expect(try store.source(named: "b", in: "u") == nil)
            let first = SourceID(high: 1, low: 1)
            let rows = [document(3, 1, "x/a"), document(1, 1, "x/b"), document(2, 1, "x/ä", passages: 2)]
            #expect(try store.documents(in: first, after: nil, limit: 9) == rows)
            #expect(try store.documents(in: first, after: "x/a", limit: 1) == [rows[1]])
            #expect(try store.document(at: "x/b", in: first) == rows[1])
            #expect(try store.document(rows[2].id) == rows[2])
            #expect(try store.passages(of: rows[2].id) == [passage("two"), passage("zwei")])

            var next = KnowledgeChange()
            next.documents = [(document(9, 1, "x/b"), [passage("new", line: 7)])]
            next.removedDocuments = [rows[2].id, DocumentID(high: 9, low: 9)]
            try store.apply(next)
            #expect(try store.document(rows[1].id) == nil && store.passages(of: rows[1].id) == [])
            #expect(try store.documents(in: first, after: nil, limit: 9) == [rows[0], document(9, 1, "x/b")])
            #expect(try store.passages(of: DocumentID(high: 2, low: 9)) == [passage("new", line: 7)])

            var last = KnowledgeChange()
            last.removedSources = [first, SourceID(high: 9, low: 9)]
            try store.apply(last)
            #expect(try store.document(rows[0].id) == nil && store.source(named: "b", in: "t") == nil)
            var late = KnowledgeChange()
            late.documents = [(document(5, 2, "y"), []), (document(6, 1, "y"), [])]
            #expect(code { try store.apply(late) } == .conflict)
            #expect(try store.documents(in: SourceID(high: 1, low: 2), after: nil, limit: 9).map(\.path) == ["x/b"])
        }
    }

    private func finding(_ number: UInt64, _ project: String, _ words: String, tenant: String = "t") -> FindingRow {
        FindingRow(
            id: FindingID(high: 3, low: number),
            tenant: tenant,
            project: project,
            category: number == 1 ? .gotcha : .decision,
            text: "t\0 \(number)",
            words: words,
            author: "user:ü",
            createdAt: Timestamp(milliseconds: number == 4 ? 0 : 5),
            updatedAt: Timestamp(milliseconds: 6)
        )
    }

    @Test(arguments: Backend.allCases)
    func `findings of a project are kept by their words, the newest first`(backend: Backend) throws {
        try backend.knowledge { store in
            var change = KnowledgeChange()
            change.findings = [
                finding(1, "p", "a"), finding(2, "p", "b"), finding(3, "q", "a"), finding(4, "p", "c"),
                finding(5, "p", "a", tenant: "u"),
            ]
            try store.apply(change)
            #expect(
                try store.findings(of: "p", in: "t") == [
                    finding(2, "p", "b"), finding(1, "p", "a"), finding(4, "p", "c"),
                ]
            )
            #expect(try store.finding(finding(3, "q", "a").id) == finding(3, "q", "a"))
            var taken = KnowledgeChange()
            taken.findings = [finding(9, "p", "d"), finding(1, "p", "b")]
            #expect(code { try store.apply(taken) } == .conflict)
            var next = KnowledgeChange()
            next.findings = [finding(1, "p", "z")]
            next.removedFindings = [finding(2, "p", "b").id, FindingID(high: 9, low: 9)]
            try store.apply(next)
            #expect(try store.findings(of: "p", in: "t") == [finding(1, "p", "z"), finding(4, "p", "c")])
            #expect(try store.findings(of: "p", in: "u").count == 1 && store.findings(of: "x", in: "t").isEmpty)
        }
    }

    @Test(arguments: Backend.allCases)
    func `rare words, words of headings and short passages come first, and only sources that are asked`(
        backend: Backend
    ) throws {
        try backend.knowledge { store in
            let filler = String(repeating: "filler text with common words ", count: 20)
            var change = KnowledgeChange()
            change.sources = [source(1, "a"), source(2, "b"), source(3, "c")]
            change.documents = [
                (
                    document(1, 1, "1", passages: 4),
                    [
                        passage("apple " + filler), passage("Apple pear"), passage("nothing", heading: "An apple"),
                        passage("common pear"),
                    ]
                ),
                (document(2, 2, "2"), [passage("apple in another source")]),
                (document(3, 3, "3", passages: 20), (0..<20).map { passage("common \($0)") }),
            ]
            try store.apply(change)
            func find(_ words: [String], _ sources: [UInt64], limit: Int = 9) throws -> [String] {
                let ids = sources.map { SourceID(high: 1, low: $0) }
                let hits = try store.search(PassageQuery(words: words, sources: ids, limit: limit))
                #expect(hits.allSatisfy { $0.relevance > 0 })
                return hits.map { "\($0.document.path).\($0.number)" }
            }
            #expect(try find(["apple"], [1]) == ["1.3", "1.2", "1.1"])
            #expect(try find(["apple"], [1, 2]).contains("2.1"))
            #expect(try find(["apple"], [1], limit: 1) == ["1.3"])
            #expect(try find(["APPLE", "pear"], [1]).first == "1.2")
            #expect(try find(["common", "pear"], [1, 3], limit: 2).first == "1.4")
            #expect(try find(["apple"], []) == [] && find([], [1]) == [] && find(["none"], [1]) == [])
            #expect(try find(["apple\" OR \"nothing", "a*", "NEAR("], [1]).isEmpty || backend == .sqlite)
            var removal = KnowledgeChange()
            removal.removedDocuments = [DocumentID(high: 2, low: 1)]
            try store.apply(removal)
            #expect(try find(["apple"], [1, 2, 3]) == ["2.1"])
        }
    }

    private func vector(
        _ text: String,
        _ vector: [Float],
        _ model: String = "m",
        _ kind: VectorRow.Kind = .passage,
        at time: Int64 = 10
    ) -> VectorRow {
        VectorRow(
            kind: kind,
            model: model,
            content: ContentHash(of: text),
            vector: vector,
            addedAt: Timestamp(milliseconds: time)
        )
    }

    @Test(arguments: Backend.allCases)
    func `vectors are kept by model and text, and near passages are found in the sources that are asked`(
        backend: Backend
    ) throws {
        try backend.knowledge { store in
            let (first, second) = (SourceID(high: 1, low: 1), SourceID(high: 1, low: 2))
            var change = KnowledgeChange()
            change.sources = [source(1, "a"), source(2, "b")]
            change.documents = [
                (document(1, 1, "1", passages: 3), [passage("x"), passage("y", heading: "H"), passage("x")]),
                (document(2, 2, "2"), [passage("z")]),
            ]
            try store.apply(change)
            #expect(try !store.hasPassageVectors(model: "m"))
            let missing = try store.unembedded(by: "m", in: first, after: 0, limit: 9)
            #expect(missing.map(\.text) == ["x", "H\ny", "x"])
            #expect(try store.unembedded(by: "m", in: first, after: missing[0].place, limit: 1).map(\.text) == ["H\ny"])

            var made = KnowledgeChange()
            made.vectors = [
                vector("x", [1, 0, -0.5]), vector("z", [0.6, 0.8, 0]), vector("H\ny", [0, 1, 0], "other"),
                vector("x", [9, 9, 9]), vector("?", [0, 0, 1], "m", .question),
            ]
            try store.apply(made)
            #expect(try store.hasPassageVectors(model: "m") && !store.hasPassageVectors(model: "none"))
            #expect(try store.unembedded(by: "m", in: first, after: 0, limit: 9).map(\.text) == ["H\ny"])
            #expect(try store.unembedded(by: "other", in: first, after: 0, limit: 9).map(\.text) == ["x", "x"])
            let contents = ["x", "?", "H\ny"].map(ContentHash.init(of:))
            let known = try store.vectors(of: contents, model: "m")
            #expect(known == [contents[0]: [1, 0, -0.5], contents[1]: [0, 0, 1]])

            func near(_ sources: [SourceID], _ model: String = "m", limit: Int = 9) throws -> [String] {
                let query = VectorQuery(vector: [1, 0, 0], model: model, sources: sources, limit: limit)
                return try store.nearest(query).map { "\($0.document.path).\($0.number) \($0.relevance)" }
            }
            #expect(try near([first, second]) == ["1.1 1.0", "1.3 1.0", "2.1 \(Double(Float(0.6)))"])
            #expect(try near([first, second], limit: 1) == ["1.1 1.0"])
            #expect(try near([second]) == ["2.1 \(Double(Float(0.6)))"] && near([]) == [])
            #expect(try near([first], "other") == ["1.2 0.0"])

            // The text of `z` comes back: it needs no new vector.
            var gone = KnowledgeChange()
            gone.removedDocuments = [DocumentID(high: 2, low: 2)]
            try store.apply(gone)
            #expect(try near([second]) == [])
            var back = KnowledgeChange()
            back.documents = [(document(3, 2, "3"), [passage("z")])]
            try store.apply(back)
            #expect(try near([second]).count == 1)
        }
    }

    @Test(arguments: Backend.allCases)
    func `old vectors go that nothing has, those of questions, and those of other models`(backend: Backend) throws {
        try backend.knowledge { store in
            var change = KnowledgeChange()
            change.sources = [source(1, "a")]
            change.documents = [(document(1, 1, "1"), [passage("used")])]
            change.vectors = [
                vector("used", [1]), vector("unused", [1]), vector("young", [1], at: 30), vector("used", [1], "old"),
                vector("asked", [1], "m", .question), vector("found", [1], "m", .finding),
            ]
            try store.apply(change)
            var pruning = KnowledgeChange()
            pruning.pruning = VectorPruning(model: "m", before: Timestamp(milliseconds: 20))
            try store.apply(pruning)
            let texts = ["used", "unused", "young", "asked", "found"]
            let left = try store.vectors(of: texts.map(ContentHash.init(of:)), model: "m")
            #expect(Set(left.keys) == Set(["used", "young", "found"].map(ContentHash.init(of:))))
            #expect(try store.vectors(of: [ContentHash(of: "used")], model: "old").isEmpty)
        }
    }
}
