// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Model
import Store
import Synchronization
import Testing

@testable import AgentMemory

/// A notebook whose clock the test moves.
final class Book: Sendable {
    let store = MemoryNoteStore()
    private let time = Mutex(Timestamp(milliseconds: 1_000_000))
    let place = NotePlace(tenant: "t", scope: .project, holder: "shop")

    var notebook: Notebook {
        Notebook(store) { [self] in time.withLock { $0 } }
    }

    func wait(_ span: Duration) { time.withLock { $0 = $0 + span } }

    /// Does something by the name of a tool.
    @discardableResult
    func ask(
        _ name: String,
        _ arguments: JSONValue,
        request: String? = nil,
        in place: NotePlace? = nil
    ) throws(NoteError) -> JSONValue {
        try notebook.perform(
            try NoteRequest(name, arguments),
            in: place ?? self.place,
            by: .init("me", request: request)
        )
    }

    /// The error of something that must fail.
    func refusal(_ name: String, _ arguments: JSONValue) -> NoteError? {
        do throws(NoteError) {
            try ask(name, arguments)
            return nil
        } catch {
            return error
        }
    }
}

@Suite struct NotebookTests {
    @Test func `an entry is remembered, recalled and forgotten`() throws {
        let book = Book()
        let first = try book.ask("memory.remember", ["key": "a/b", "value": ["n": 1], "tags": ["x"], "ttl": "1h"])
        #expect(first["created"] == true && first["revision"] == 1)
        let found = try book.ask("memory.recall", ["key": "a/b"])
        #expect(found["value"] == ["n": 1] && found["tags"] == ["x"] && found["found"] == true)
        #expect(found["expires_at"]?.stringValue == "1970-01-01T01:16:40Z" || found["expires_at"] != .null)
        let second = try book.ask("memory.remember", ["key": "a/b", "value": "new"])
        #expect(second["created"] == false && second["revision"] == 2 && second["expires_at"] == .null)
        #expect(book.refusal("memory.remember", ["key": "a/b", "value": 1, "overwrite": false])?.code == .conflict)
        #expect(try book.ask("memory.forget", ["key": "a/b"])["forgotten"] == true)
        #expect(try book.ask("memory.forget", ["key": "a/b"])["forgotten"] == false)
        #expect(try book.ask("memory.recall", ["key": "a/b"]) == ["key": "a/b", "found": false])
    }

    @Test func `what has ended is not there, and may be written anew`() throws {
        let book = Book()
        try book.ask("memory.remember", ["key": "k", "value": 1, "ttl": "10s"])
        book.wait(.seconds(10))
        #expect(try book.ask("memory.recall", ["key": "k"])["found"] == false)
        #expect(try book.ask("memory.list", [:])["items"] == [])
        let again = try book.ask("memory.remember", ["key": "k", "value": 2, "overwrite": false])
        #expect(again["created"] == true && again["revision"] == 2)
        let run = NotePlace(tenant: "t", scope: .run, holder: "run_1")
        try book.ask("memory.remember", ["key": "k", "value": 1], in: run)
        book.wait(NoteLimits.ofRun)
        #expect(try book.ask("memory.recall", ["key": "k"], in: run)["found"] == false)
        #expect(try book.ask("memory.recall", ["key": "k"])["found"] == true)
    }

    /// As it is when a process dies between the effect and the end of the step.
    @Test func `a request that comes again changes nothing and is answered as before`() throws {
        let book = Book()
        func once(_ name: String, _ arguments: JSONValue, _ request: String) throws {
            let first = try book.ask(name, arguments, request: request)
            let second = try book.ask(name, arguments, request: request)
            #expect(first == second, "\(name)")
        }
        try once("memory.remember", ["key": "a", "value": 1, "overwrite": false], "r1")
        try book.ask("memory.remember", ["key": "a", "value": 2])
        try book.ask("memory.remember", ["key": "a", "value": 1, "overwrite": false], request: "r1")
        #expect(try book.ask("memory.recall", ["key": "a"])["value"] == 2, "somebody wrote in between")
        try once("memory.forget", ["key": "a"], "r2")
        try once("thinking.think", ["text": "so"], "r3")
        try once("thinking.fork", ["text": "or so", "from": 1], "r4")
        #expect(try book.ask("thinking.list", [:])["items"]?.arrayValue?.count == 2)
        try once("context.save", ["name": "c", "value": ["x": 1]], "r5")
        #expect(try book.ask("context.load", ["name": "c"])["revision"] == 1)
        let bulk: JSONValue = [
            "operations": [
                ["op": "remember", "key": "b", "value": 1, "overwrite": false], ["op": "forget", "key": "none"],
                ["op": "remember", "value": 1], ["op": "walk"],
            ]
        ]
        try once("memory.bulk", bulk, "r6")
        let done = try book.ask("memory.bulk", bulk, request: "r6")
        #expect(done["failed"] == 2)
        let results = done["results"]?.arrayValue ?? []
        #expect(results.map { $0["ok"] } == [true, true, false, false], "\(done.text)")
    }

    @Test func `keys are listed by pattern and tag, page by page`() throws {
        let book = Book()
        for number in 10..<35 {
            try book.ask("memory.remember", ["key": .string("k/\(number)"), "value": 1, "tags": ["t\(number % 2)"]])
        }
        func keys(_ arguments: JSONValue) throws -> [String] {
            try book.ask("memory.list", arguments)["items"]?.arrayValue?.compactMap { $0["key"]?.stringValue } ?? []
        }
        #expect(try keys(["glob": "k/3?"]) == ["k/30", "k/31", "k/32", "k/33", "k/34"])
        #expect(try keys(["glob": "*2", "tag": "t0"]) == ["k/12", "k/22", "k/32"])
        #expect(try keys(["glob": "*2*", "tag": "t1"]).count == 5)
        let page = try book.ask("memory.list", ["limit": 10])
        #expect(page["next"] == "k/19")
        #expect(try keys(["limit": 20, "after": "k/19"]).first == "k/20")
        #expect(try book.ask("memory.list", ["limit": 25])["next"] == .null)
    }

    @Test func `patterns match as people expect`() {
        for (pattern, key, matches) in [
            ("*", "", true), ("a*", "abc", true), ("a*c", "abcbc", true), ("a*c", "ab", false), ("?", "é", true),
            ("a?c", "ac", false), ("**b", "aab", true), ("", "", true), ("", "a", false), ("a*b*c", "axxbyyc", true),
        ] {
            #expect(KeyPattern(pattern).matches(key) == matches, "\(pattern) \(key)")
        }
    }

    @Test func `a search finds the best first, and says how good it is`() throws {
        let book = Book()
        for (key, value) in [
            ("build.timeout", "The build of the shop takes ten minutes"), ("notes", "A timeout of the build was seen"),
            ("timeouts", "none"), ("other", "Nothing to see"),
        ] {
            try book.ask("memory.remember", ["key": .string(key), "value": .string(value)])
        }
        func found(_ arguments: JSONValue) throws -> [(String, Double)] {
            (try book.ask("memory.search", arguments)["items"]?.arrayValue ?? []).map {
                ($0["key"]?.stringValue ?? "", $0["score"]?.doubleValue ?? 0)
            }
        }
        let hits = try found(["text": "Timeout, build!"])
        #expect(hits.map(\.0) == ["build.timeout", "notes", "timeouts"] && hits.map(\.1) == [1, 0.7, 0.4])
        #expect(try found(["text": "timeout build", "min_score": 0.5]).count == 2)
        #expect(try found(["text": "timeout build", "limit": 1]).count == 1)
        #expect(try found(["text": "minu"]).map(\.1) == [0.5])
        #expect(try found(["text": "build", "tag": "x"]).isEmpty)
        #expect(book.refusal("memory.search", ["text": "…!"])?.code == .invalid)
    }

    @Test func `scores are between nothing and one`() {
        for (search, score) in [
            ([], 0), (["a"], 1), (["tag"], 1), (["ta"], 0.8), (["value"], 0.7), (["val"], 0.5), (["x"], 0),
            (["a", "x"], 0.5),
        ] as [([String], Double)] {
            let found = MemoryScore.of(search, key: "a b", tags: ["tag"], words: ["a", "b", "tag", "value"])
            #expect(found == score, "\(search)")
        }
        #expect(MemoryWords.of("Größe_2 ÄB-c c", limit: 9) == ["größe", "2", "äb", "c"])
        #expect(MemoryWords.of(key: "k", tags: ["t"], value: ["m": ["x", 7, nil]]) == ["k", "t", "m", "x", "7"])
    }

    @Test func `what does not fit is refused with the limit`() throws {
        let book = Book()
        let long = JSONValue.string(String(repeating: "x", count: NoteLimits.value))
        for (name, arguments, code, word) in [
            ("memory.remember", ["key": "k", "value": long], .tooLarge, "65536"),
            ("memory.remember", ["key": "", "value": 1], .invalid, "key"),
            ("memory.remember", ["key": "a\nb", "value": 1], .invalid, "key"),
            ("memory.remember", ["key": "k"], .invalid, "value"),
            ("memory.remember", ["key": "k", "value": 1, "ttl": "1x"], .invalid, "ttl"),
            ("memory.remember", ["key": "k", "value": 1, "ttl": "0s"], .invalid, "ttl"),
            ("memory.remember", ["key": "k", "value": 1, "tags": [1]], .invalid, "tags"),
            ("memory.remember", ["key": "k", "value": 1, "overwrite": "no"], .invalid, "overwrite"),
            ("memory.list", ["limit": 0], .invalid, "limit"),
            ("memory.bulk", ["operations": []], .invalid, "operations"),
            ("memory.bulk", ["operations": .array(Array(repeating: [:], count: 101))], .tooLarge, "101"),
            ("context.save", ["name": "c", "value": 1], .invalid, "value"),
            ("context.save", ["name": "export", "value": [:]], .invalid, "name"),
            ("context.merge", ["into": "c", "from": ["none"]], .notFound, "none"),
            ("context.merge", ["into": "c", "from": []], .invalid, "from"),
            ("context.merge", ["into": "c", "from": ["a"], "strategy": "x"], .invalid, "strategy"),
            ("thinking.think", ["text": ""], .invalid, "text"),
            ("thinking.think", ["text": "a", "type": "x"], .invalid, "type"),
            ("thinking.think", ["text": "a", "confidence": 2], .invalid, "confidence"),
            ("thinking.think", ["text": "a", "branch": "none"], .notFound, "none"),
            ("thinking.fork", ["text": "a"], .invalid, "from"),
            ("thinking.fork", ["text": "a", "from": 9], .invalid, "9"),
            ("thinking.guess", ["text": "a"], .notFound, "guess"),
        ] as [(String, JSONValue, NoteError.Code, String)] {
            let error = book.refusal(name, arguments)
            #expect(
                error?.code == code && error?.message.contains(word) == true,
                "\(name): \(error?.message ?? "none")"
            )
        }
    }
}

@Suite struct ContextTests {
    @Test func `contexts are saved, loaded, listed and deleted`() throws {
        let book = Book()
        try book.ask("context.save", ["name": "c", "value": ["a": 1, "b": [2]], "ttl": "1h"])
        #expect(try book.ask("context.load", ["name": "c"])["value"] == ["a": 1, "b": [2]])
        #expect(try book.ask("context.load", ["name": "c", "keys": ["b", "z"]])["value"] == ["b": [2]])
        try book.ask("context.save", ["name": "d", "value": [:]])
        let page = try book.ask("context.list", ["limit": 1])
        #expect(page["items"]?.arrayValue?.first?["keys"] == 2 && page["next"] == "c")
        #expect(try book.ask("context.list", ["after": "c"])["items"]?.arrayValue?.first?["name"] == "d")
        book.wait(.seconds(3600))
        #expect(try book.ask("context.load", ["name": "c"])["found"] == false)
        #expect(try book.ask("context.delete", ["name": "d"])["deleted"] == true)
        #expect(try book.ask("context.delete", ["name": "d"])["deleted"] == false)
    }

    @Test func `joined contexts have what was saved last`() throws {
        let book = Book()
        for (name, value) in [("b", ["x": 1, "y": 1]), ("a", ["y": 2, "z": 2])] as [(String, JSONValue)] {
            try book.ask("context.save", ["name": .string(name), "value": value])
            book.wait(.seconds(1))
        }
        try book.ask("context.merge", ["into": "all", "from": ["a", "b"]])
        #expect(try book.ask("context.load", ["name": "all"])["value"] == ["x": 1, "y": 2, "z": 2])
        try book.ask("context.merge", ["into": "last", "from": ["a", "b"], "strategy": "last_writer"])
        #expect(try book.ask("context.load", ["name": "last"])["value"] == ["y": 2, "z": 2])
        book.wait(.seconds(1))
        try book.ask("context.save", ["name": "b", "value": ["x": 3]])
        try book.ask("context.merge", ["into": "all", "from": ["b"]])
        #expect(try book.ask("context.load", ["name": "all"])["value"] == ["x": 3, "y": 2, "z": 2])
    }

    @Test func `an export can be read in somewhere else`() throws {
        let (book, other) = (Book(), NotePlace(tenant: "t", scope: .session, holder: "s"))
        for number in 10..<30 {
            let ttl: JSONValue = number == 20 ? "1m" : number == 21 ? "1h" : .null
            try book.ask(
                "context.save",
                ["name": .string("c\(number)"), "value": ["n": .int(Int64(number))], "ttl": ttl]
            )
        }
        var (lines, last) = ([JSONValue](), String?.none)
        while case let part = try book.notebook.exported(after: last, limit: 7, in: book.place), !part.lines.isEmpty {
            lines += part.lines
            last = part.last
        }
        #expect(lines.count == 20)
        book.wait(.seconds(120))
        let saved = try lines.map { try book.notebook.importLine($0, in: other, by: .init("me")) }
        #expect(saved.count { $0 } == 19)
        #expect(try book.ask("context.load", ["name": "c15"], in: other)["value"] == ["n": 15])
        let ending = try book.ask("context.load", ["name": "c21"])["expires_at"]
        #expect(try book.ask("context.load", ["name": "c21"], in: other)["expires_at"] == ending)
        #expect(throws: NoteError.self) { try book.notebook.importLine(["name": "x"], in: other, by: .init("me")) }
    }
}

@Suite struct ThinkingTests {
    @Test func `thoughts are numbered, fork, and lead to a conclusion`() throws {
        let book = Book()
        try book.ask("thinking.analyze", ["text": "what is known", "style": "calm"])
        try book.ask("thinking.think", ["text": "it is the cache", "confidence": 0.25])
        let critique = try book.ask("thinking.reflect", ["text": "then tests would fail", "about": 2])
        #expect(critique["type"] == "critique" && critique["about"] == 2 && critique["parent"] == 2)
        let fork = try book.ask("thinking.fork", ["text": "it is the clock", "from": 1])
        #expect(fork["number"] == 4 && fork["branch"] == "branch-4" && fork["parent"] == 1 && fork["total"] == 4)
        try book.ask("thinking.plan", ["text": "look", "steps": ["a", "b"], "branch": "branch-4"])
        try book.ask("thinking.conclude", ["text": "the clock", "confidence": 0.9, "branch": "branch-4"])
        #expect(book.refusal("thinking.fork", ["text": "x", "from": 1, "branch": "main"])?.code == .conflict)
        func numbers(_ branch: JSONValue) throws -> [Int64] {
            try book.ask("thinking.list", ["branch": branch])["items"]?.arrayValue?.compactMap {
                $0["number"]?.intValue
            } ?? []
        }
        #expect(try numbers("main") == [1, 2, 3])
        #expect(try numbers("branch-4") == [1, 4, 5, 6])
        #expect(try numbers(.null) == [1, 2, 3, 4, 5, 6])
        let branches = try book.ask("thinking.list", [:])["branches"]?.arrayValue ?? []
        #expect(
            branches.map { $0["conclusion"] } == [.null, "the clock"] && branches.map { $0["from"] } == [.null, 1]
        )
        #expect(book.refusal("thinking.list", ["branch": "none"])?.code == .notFound)
    }
}
