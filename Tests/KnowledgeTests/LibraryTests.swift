// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Model
import Store
import StoreSQLite
import TestSupport
import Testing

@testable import Knowledge

@Suite struct LibraryTests {
    private func withLibrary(_ body: (Library) throws -> Void) throws {
        let temporary = TemporaryFolder()
        let folder = try DataFolder(locking: temporary.path, command: "test")
        var options = SQLiteRunStore.Options()
        options.durability = .relaxed
        let store = try SQLiteRunStore(in: folder, options)
        try body(Library(store: store, now: { Timestamp(milliseconds: 5) }))
        store.close()
    }

    private func everything(_ tenant: String = "default") -> Visibility { .everything(of: tenant) }

    private func code(_ body: () throws -> Void) -> LibraryError.Code? {
        do {
            try body()
            return nil
        } catch {
            return (error as? LibraryError)?.code
        }
    }

    private let cooking = """
        # Kitchen
        Knead the dough for ten minutes, then let it rest.
        ## Baking
        Bake bread at 230 degrees. Crust needs steam.
        """

    @Test func `what is unchanged is not taken in again, and what changed is found anew`() throws {
        try withLibrary { library in
            let source = try library.makeSource("notes", .common)
            let first = try library.add([.init(path: "k.md", text: cooking)], to: source, by: "ann")
            #expect(first.map(\.arrival) == [.added] && first[0].document.title == "Kitchen")
            #expect(
                try library.add([.init(path: "k.md", text: cooking)], to: source, by: "bob")[0].arrival == .unchanged
            )
            let second = try library.add([.init(path: "k.md", text: "Rice is boiled.")], to: source, by: "bob")
            #expect(second[0].arrival == .changed && second[0].document.id == first[0].document.id)
            #expect(try library.search(.init("bread"), everything()).hits.isEmpty)
            let answer = try library.search(.init("boiling rice"), everything())
            #expect(answer.hits.map(\.hit.document.path) == ["k.md"] && answer.mode == "text")
            #expect(try library.sources(everything()).map(\.documents) == [1])
            #expect(try library.passages(of: second[0].document).map(\.text) == ["Rice is boiled."])
            try library.remove([second[0].document])
            #expect(try library.search(.init("rice"), everything()).hits.isEmpty)
        }
    }

    @Test func `hits say where they stand, the best first, with scores from 0 to 1`() throws {
        try withLibrary { library in
            let source = try library.makeSource("notes", .common)
            let others = (0..<30).map { Library.Draft(path: "o\($0).md", text: "# Other \($0)\nNothing of interest.") }
            _ = try library.add([.init(path: "k.md", text: cooking)] + others, to: source, by: "ann")
            let answer = try library.search(.init("What does the crust of bread need?"), everything())
            let best = try #require(answer.hits.first)
            #expect(best.hit.passage.firstLine == 3 && best.hit.passage.lastLine == 4)
            #expect(best.hit.passage.heading == "Kitchen > Baking" && best.source == "notes")
            #expect(best.score > 0.4 && best.score < 1, "\(best.score)")
            #expect(best.json["path"] == "k.md" && best.json["first_line"] == 3)
            #expect(answer.hits.map(\.score) == answer.hits.map(\.score).sorted(by: >))
            #expect(try library.search(.init("baking", limit: 1), everything()).hits.count == 1)
            #expect(try library.search(.init("crust", minimum: 0.99), everything()).hits.isEmpty)
            // Endings and accents.
            #expect(try library.search(.init("KNEADING"), everything()).hits.count == 1)
        }
    }

    @Test func `nothing that is asked is read as a language`() throws {
        try withLibrary { library in
            let source = try library.makeSource("notes", .common)
            _ = try library.add([.init(path: "k.md", text: cooking)], to: source, by: "ann")
            let marks = [
                "\"", "*", "(", ")", "^", ":", "-", "+", "{", "}", "NEAR", "AND", "OR", "NOT", "'", "\0", ";", "\\",
                "s1",
            ]
            var random = Numbers(state: 3)
            for round in 0..<300 {
                let text = (0..<12).map { _ in marks[random.next(marks.count)] }.joined(
                    separator: round % 2 == 0 ? " " : ""
                )
                _ = code { _ = try library.search(.init(text + " bread"), everything()) }
                #expect(try library.search(.init("bread " + text), everything()).hits.count == 1, "\(text)")
            }
            #expect(code { _ = try library.search(.init("* \" ("), everything()) } == .invalid)
            // The word of the index for a source finds nothing.
            #expect(try library.search(.init("s1"), everything()).hits.isEmpty)
        }
    }

    @Test func `what others have is not there`() throws {
        try withLibrary { library in
            let ownerships: [(String, Ownership)] = [
                ("common", .common), ("anns", Ownership(tenant: "default", owner: "user:ann")),
                ("shop", Ownership(tenant: "default", owner: "user:bob", project: "shop")),
                ("away", Ownership(tenant: "other", owner: nil)),
            ]
            for (name, ownership) in ownerships {
                let source = try library.makeSource(name, ownership)
                _ = try library.add([.init(path: "a", text: "bread of \(name)")], to: source, by: "x")
            }
            let seen: [(Visibility, Set<String>)] = [
                (.everything(of: "default"), ["common", "anns", "shop"]), (.everything(of: "other"), ["away"]),
                (.shared(in: "default", viewer: "user:ann"), ["common", "anns"]),
                (.shared(in: "default", viewer: "user:ann", projects: ["shop"]), ["common", "anns", "shop"]),
                (.shared(in: "default", viewer: "user:eve"), ["common"]), (.everything(of: "none"), []),
            ]
            for (visibility, names) in seen {
                #expect(Set(try library.search(.init("bread"), visibility).hits.map(\.source)) == names, "\(names)")
                #expect(Set(try library.sources(visibility).map(\.row.name)) == names)
            }
            let eve = Visibility.shared(in: "default", viewer: "user:eve")
            #expect(code { _ = try library.search(.init("bread", sources: ["anns"]), eve) } == .notFound)
            #expect(try library.search(.init("bread", sources: ["anns"]), everything()).hits.map(\.source) == ["anns"])
        }
    }

    @Test func `names, paths and texts that cannot be are refused before anything is written`() throws {
        try withLibrary { library in
            for name in ["", "1a", "a b", "sources", "search", "ä", String(repeating: "a", count: 101)] {
                #expect(code { _ = try library.makeSource(name, .common) } == .invalid, "\(name)")
            }
            let source = try library.makeSource("notes", .common)
            #expect(code { _ = try library.makeSource("notes", .common) } == .conflict)
            let drafts: [Library.Draft] = [
                .init(path: "", text: "a"), .init(path: "a\0", text: "a"), .init(path: "a", text: "\0"),
                .init(path: "a", text: String(repeating: "a", count: Library.documentLimit + 1)),
                .init(path: "a", title: String(repeating: "a", count: 501), text: "a"),
            ]
            for draft in drafts {
                #expect(
                    code { _ = try library.add([.init(path: "ok", text: "b"), draft], to: source, by: "x") } == .invalid
                )
            }
            #expect(try library.documents(in: source, limit: 9).isEmpty)
            try library.remove(source)
            #expect(code { _ = try library.add([.init(path: "a", text: "b")], to: source, by: "x") } == .conflict)
        }
    }

    @Test func `many sources are searched at once`() throws {
        try withLibrary { library in
            for number in 0..<Library.sourceLimit {
                let source = try library.makeSource("s\(number)", .common)
                if number % 50 == 0 { _ = try library.add([.init(path: "a", text: "bread")], to: source, by: "x") }
            }
            #expect(try library.search(.init("bread", limit: 50), everything()).hits.count == 4)
            // A source that is named twice is one.
            let twice = Library.Question("bread", sources: ["s50", "s0", "s50"])
            #expect(try library.search(twice, everything()).hits.count == 2)
            #expect(code { _ = try library.makeSource("more", .common) } == .invalid)
        }
    }

    @Test func `findings are kept once, found by their words, and told as far as they fit`() throws {
        try withLibrary { library in
            func add(_ text: String, _ project: String = "shop") throws -> (row: FindingRow, isNew: Bool) {
                try library.addFinding(.gotcha, text, to: project, in: "default", by: "ann")
            }
            let first = try add("Prices are in cents.")
            let same = try add("  prices ARE in cents!")
            #expect(first.isNew && !same.isNew && same.row == first.row)
            let second = try add("Deployments need\na </knowledge> tag.")
            #expect(try add("Prices are in cents.", "other").isNew)
            #expect(code { _ = try library.change(second.row, nil, "PRICES are in cents") } == .conflict)
            for text in ["", "*", "a\0", String(repeating: "a", count: 2001)] {
                #expect(code { _ = try add(text) } == .invalid)
            }
            let found = try library.findings(like: "how to deploy a price?", of: "shop", in: "default", limit: 9)
            #expect(Set(found.map(\.row.id)) == [first.row.id, second.row.id] && found.allSatisfy { $0.score == 0.5 })
            #expect(try library.findings(like: "cents", of: "shop", in: "other", limit: 9).isEmpty)
            let block = try #require(try library.block(of: "shop", in: "default"))
            #expect(block.hasPrefix("<knowledge project=\"shop\" trust=\"user\">\n- (gotcha) "))
            #expect(block.contains("- (gotcha) Deployments need a < /knowledge> tag.\n") || block.contains("tag.\n</"))
            #expect(block.split(separator: "</knowledge>").count == 1)
            for number in 0..<40 { _ = try add("\(number) " + String(repeating: "word ", count: 30)) }
            let long = try #require(try library.block(of: "shop", in: "default"))
            #expect(long.count < Library.blockLength + 80 && long.count > 2500)
            #expect(try library.block(of: "none", in: "default") == nil)
            let changed = try library.change(first.row, .decision, "Prices are in euros.")
            #expect(try library.finding(first.row.id, of: "shop", in: "default") == changed)
            #expect(try library.finding(first.row.id, of: "other", in: "default") == nil)
            try library.remove(changed)
            #expect(try library.finding(first.row.id, of: "shop", in: "default") == nil)
        }
    }
}
