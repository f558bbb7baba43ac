// Baton
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import HTTP

@Suite struct ServerSentEventParserTests {
    private struct Case {
        let name: String
        let text: String
        let events: [ServerSentEvent]
        var lastID = ""
    }

    private static let cases = [
        Case(name: "one line", text: "data: a\n\n", events: [.init(data: "a")]),
        Case(name: "CRLF", text: "event: x\r\ndata: a\r\n\r\n", events: [.init(event: "x", data: "a")]),
        Case(name: "CR", text: "data: a\rdata: b\r\rdata: c\r\r", events: [.init(data: "a\nb"), .init(data: "c")]),
        Case(name: "only the first space goes", text: "data:  a\ndata:b\n\n", events: [.init(data: " a\nb")]),
        Case(name: "BOM", text: "\u{feff}data: a\n\n", events: [.init(data: "a")]),
        Case(name: "a BOM later is data", text: "data: a\n\n\u{feff}data: b\n\n", events: [.init(data: "a")]),
        Case(name: "comments", text: ": hi\n:\n\ndata: a\n: in between\n\n", events: [.init(data: "a")]),
        Case(name: "a field without a colon", text: "data\ndata\n\n", events: [.init(data: "\n")]),
        Case(name: "no data, no event", text: "event: x\nid: 4\n\n", events: [], lastID: "4"),
        Case(
            name: "the id stays",
            text: "id: 1\ndata: a\n\ndata: b\n\n",
            events: [.init(id: "1", data: "a"), .init(id: "1", data: "b")],
            lastID: "1"
        ),
        Case(
            name: "an empty id takes it back",
            text: "id: 1\ndata: a\n\nid\ndata: b\n\n",
            events: [.init(id: "1", data: "a"), .init(data: "b")]
        ),
        Case(name: "an id with NUL is none", text: "id: 1\0\ndata: a\n\n", events: [.init(data: "a")]),
        Case(name: "an unfinished message", text: "id: 7\ndata: a\n", events: []),
        Case(name: "unknown fields", text: "color: red\ndata: a\n\n", events: [.init(data: "a")]),
        Case(
            name: "the type does not stay",
            text: "event: x\ndata: a\n\ndata: b\n\n",
            events: [.init(event: "x", data: "a"), .init(data: "b")]
        ),
        Case(name: "not ASCII", text: "data: zwölf ✓\n\n", events: [.init(data: "zwölf ✓")]),
    ]

    @Test func `streams are read as the standard says, however they are cut`() throws {
        for item in Self.cases {
            for size in [1, 2, 3, 1000] {
                var parser = ServerSentEventParser()
                var (events, rest): ([ServerSentEvent], ArraySlice<UInt8>) = ([], Array(item.text.utf8)[...])
                while !rest.isEmpty {
                    events += try parser.feed(rest.prefix(size))
                    rest = rest.dropFirst(size)
                }
                #expect(
                    events == item.events && parser.lastID == item.lastID,
                    "\(item.name), pieces of \(size): \(events)"
                )
            }
        }
    }

    @Test func `retry is a number of milliseconds`() throws {
        var parser = ServerSentEventParser()
        _ = try parser.feed(Array("retry: 2500\n\nretry: soon\n\n".utf8))
        #expect(parser.retry == .milliseconds(2500))
    }

    @Test func `a message that does not end is refused`() {
        var parser = ServerSentEventParser()
        let piece = [UInt8](repeating: UInt8(ascii: "a"), count: 1 << 20)
        #expect(throws: ServerSentEventError.self) { for _ in 0...16 { _ = try parser.feed(piece) } }
    }
}
