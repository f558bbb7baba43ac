// Baton
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import HTTPServer

private func parse(_ text: String, limits: HeadLimits = HeadLimits()) -> Result<HTTP1Head?, RequestDefect> {
    var parser = HeadParser(limits: limits)
    return Array(text.utf8).withUnsafeBufferPointer { bytes in
        do throws(RequestDefect) { return .success(try parser.parse(bytes)?.head) } catch { return .failure(error) }
    }
}

private func status(_ text: String) -> Int {
    switch parse(text) {
    case .success(nil): 0
    case .success: 200
    case .failure(let defect): defect.status
    }
}

@Suite struct HeadParserTests {
    @Test func `a head is read the same wherever it is cut`() throws {
        let text =
            "POST /a%20b/c?x=1&y=%C3%A4+z&flag HTTP/1.1\r\nHost: example.org:80\r\nX-One:  two \t\r\nContent-Length: 12\r\n"
            + "Accept: a, b\r\naccept: c\r\nExpect: 100-continue\r\n\r\nbody"
        let bytes = Array(text.utf8)
        let whole = try #require(try parse(text).get())
        #expect(whole.head.method == "POST")
        #expect(whole.head.target.path == ["a b", "c"])
        #expect(whole.head.target.query.map { "\($0.name)=\($0.value)" } == ["x=1", "y=ä z", "flag="])
        #expect(whole.head.headers["x-one"] == "two")
        #expect(whole.head.headers.list("Accept") == ["a", "b", "c"])
        #expect(whole.framing == .length(12))
        #expect(whole.isPersistent && whole.expectsContinue)
        var differing: [Int] = []
        for cut in 0...bytes.count {
            var parser = HeadParser(limits: HeadLimits())
            let head = try bytes[..<cut].withUnsafeBufferPointer { try parser.parse($0) }
            let final = try head ?? bytes.withUnsafeBufferPointer { try parser.parse($0) }
            if final?.head != whole || final?.count != bytes.count - 4 { differing.append(cut) }
        }
        #expect(differing == [])
        var parser = HeadParser(limits: HeadLimits())
        var found: HTTP1Head?
        for end in 1...bytes.count where found == nil {
            found = try bytes[..<end].withUnsafeBufferPointer { try parser.parse($0)?.head }
        }
        #expect(found == whole)
    }

    @Test func `what could be understood in two ways is refused`() {
        let host = "Host: a\r\n"
        let cases: [(String, Int)] = [
            ("GET / HTTP/1.1\r\n\(host)\r\n", 200),
            ("\r\nGET / HTTP/1.1\r\n\(host)\r\n", 200),
            ("\r\n\r\nGET / HTTP/1.1\r\n\(host)\r\n", 400),
            ("GET / HTTP/1.0\r\n\r\n", 200),
            ("GET http://b/x HTTP/1.1\r\n\(host)\r\n", 200),
            ("OPTIONS * HTTP/1.1\r\n\(host)\r\n", 200),
            ("GET * HTTP/1.1\r\n\(host)\r\n", 400),
            ("CONNECT a:80 HTTP/1.1\r\n\(host)\r\n", 501),
            ("GET / HTTP/1.1\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\n\(host)\(host)\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
            ("GET / HTTP/1.1\n\(host)\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\n\r\n", 400),
            ("GET / HTTP/1.1\r\n\(host)\n", 400),
            ("GET  / HTTP/1.1\r\n\(host)\r\n", 400),
            ("GET / x HTTP/1.1\r\n\(host)\r\n", 400),
            ("GET /\r\n\(host)\r\n", 400),
            ("G\u{1}T / HTTP/1.1\r\n\(host)\r\n", 400),
            (" GET / HTTP/1.1\r\n\(host)\r\n", 400),
            ("GET / HTTP/1.2\r\n\(host)\r\n", 505),
            ("GET / HTTP/2.0\r\n\(host)\r\n", 505),
            ("GET / http/1.1\r\n\(host)\r\n", 400),
            ("GET / HTTP/1.1 \r\n\(host)\r\n", 400),
            ("GET /\u{0} HTTP/1.1\r\n\(host)\r\n", 400),
            ("GET /ä HTTP/1.1\r\n\(host)\r\n", 400),
            ("GET /#a HTTP/1.1\r\n\(host)\r\n", 400),
            ("GET a HTTP/1.1\r\n\(host)\r\n", 400),
            ("GET /%zz HTTP/1.1\r\n\(host)\r\n", 400),
            ("GET /%4 HTTP/1.1\r\n\(host)\r\n", 400),
            ("GET /%00 HTTP/1.1\r\n\(host)\r\n", 400),
            ("GET /%ff HTTP/1.1\r\n\(host)\r\n", 400),
            ("GET /a/../b HTTP/1.1\r\n\(host)\r\n", 400),
            ("GET /a/%2e%2E/b HTTP/1.1\r\n\(host)\r\n", 400),
            ("GET /?a=%g HTTP/1.1\r\n\(host)\r\n", 400),
            ("GET / HTTP/1.1\r\n\(host)A : b\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\n\(host)A: b\r\n c\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\n A: b\r\n\(host)\r\n", 400),
            ("GET / HTTP/1.1\r\n\(host)A: b\u{0}\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\n\(host)A: b\rc\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\n\(host): b\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\n\(host)nothing\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\n\(host)Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\n\(host)Content-Length: 1\r\nContent-Length: 1\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\n\(host)Content-Length: 1, 1\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\n\(host)Content-Length: +1\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\n\(host)Content-Length: -1\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\n\(host)Content-Length: 0x1\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\n\(host)Content-Length:\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\n\(host)Content-Length: 99999999999999999999\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\n\(host)Transfer-Encoding: gzip\r\n\r\n", 501),
            ("POST / HTTP/1.1\r\n\(host)Transfer-Encoding: gzip, chunked\r\n\r\n", 501),
            ("POST / HTTP/1.1\r\n\(host)Transfer-Encoding: chunked, gzip\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\n\(host)Transfer-Encoding: xchunked\r\n\r\n", 501),
            ("POST / HTTP/1.1\r\n\(host)Transfer-Encoding: \u{b}chunked\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\n\(host)Transfer-Encoding : chunked\r\n\r\n", 400),
            ("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\n\(host)Transfer-Encoding: Chunked\r\n\r\n", 200),
            ("POST / HTTP/1.1\r\n\(host)Content-Length: 1\r\nExpect: magic\r\n\r\n", 417),
            ("GET / HTTP/1.1\r\n\(host)", 0),
            ("GET /\(String(repeating: "a", count: 8192)) HTTP/1.1\r\n\(host)\r\n", 414),
            ("GET /\(String(repeating: "a", count: 9000))", 414),
            ("GET / HTTP/1.1\r\n\(host)A: \(String(repeating: "a", count: 65536))", 431),
            ("GET / HTTP/1.1\r\n\(host)\(String(repeating: "A: b\r\n", count: 100))\r\n", 431),
            ("\(String(repeating: "A", count: 33)) / HTTP/1.1\r\n\(host)\r\n", 400),
        ]
        let wrong = cases.filter { status($0.0) != $0.1 }
            .map { "\($0.0.prefix(90).debugDescription): \(status($0.0)) is not \($0.1)" }
        #expect(wrong == [])
    }

    @Test func `the connection goes on as the version and the client want it`() throws {
        let cases: [(String, Bool)] = [
            ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", true),
            ("GET / HTTP/1.1\r\nHost: a\r\nConnection: Close\r\n\r\n", false),
            ("GET / HTTP/1.1\r\nHost: a\r\nConnection: x, close\r\n\r\n", false),
            ("GET / HTTP/1.0\r\n\r\n", false),
            ("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", true),
        ]
        for (text, isPersistent) in cases {
            #expect(try parse(text).get()?.isPersistent == isPersistent, "\(text)")
        }
    }
}
