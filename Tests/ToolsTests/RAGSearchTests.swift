// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Knowledge
import Model
import Store
import Testing

@testable import Tools

@Suite(.timeLimit(.minutes(5))) struct RAGSearchTests {
    @Test func `a call finds passages of what its run sees, with where they stand`() async throws {
        let library = Library(store: MemoryKnowledgeStore(), now: { Timestamp(milliseconds: 1) })
        let ownerships: [(String, Ownership)] = [
            ("common", .common), ("anns", Ownership(tenant: "default", owner: "user:ann")),
            ("shop", Ownership(tenant: "default", owner: "user:bob", project: "shop")),
            ("away", Ownership(tenant: "other", owner: nil)), ("mine", Ownership(tenant: "default", owner: "local")),
        ]
        for (name, ownership) in ownerships {
            let source = try library.makeSource(name, ownership)
            let others = (0..<9).map { Library.Draft(path: "o\($0)", text: "other \($0)") }
            _ = try library.add([.init(path: "a.md", text: "# T\nbread of \(name)")] + others, to: source, by: "x")
        }
        let cases: [(Ownership, Set<String>)] = [
            (.common, ["common", "mine"]), (Ownership(tenant: "default", owner: "user:ann"), ["common", "anns"]),
            (Ownership(tenant: "default", owner: "user:eve", project: "shop"), ["common", "shop"]),
            (Ownership(tenant: "other", owner: "user:ann"), ["away"]),
        ]
        for (owner, names) in cases {
            var context = context("/")
            context.library = ToolLibrary(LibrarySearch(library), for: owner)
            let output = try await call("rag.search", ["query": "\"bread\" OR *"], context)
            let hits = output["hits"]?.arrayValue ?? []
            #expect(Set(hits.compactMap { $0["source"]?.stringValue }) == names, "\(owner)")
            #expect(hits.allSatisfy { $0["path"] == "a.md" && $0["first_line"] == 1 && $0["last_line"] == 2 })
        }
        var own = context("/")
        own.library = ToolLibrary(LibrarySearch(library), for: .common)
        #expect(
            try await failure("rag.search", ["query": "bread", "sources": ["anns"]], own).code == "validation.failed"
        )
        #expect(try await failure("rag.search", ["query": "*"], own).code == "validation.failed")
        #expect(try await failure("rag.search", ["query": "bread", "limit": 21], own).code == "validation.failed")
        #expect(try await failure("rag.search", ["query": "bread"], context("/")).code == "tool.failed")
    }
}
