// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Testing

@testable import MCP

@Suite struct HandshakeTests {
    /// What a server answers, one after the other, and how it ends.
    private struct Transcript {
        let name: String
        var wire = Handshake.Wire.program
        let replies: [Handshake.Reply]
        let methods: [String]
        var era: Era?
        /// Part of the reason for giving up.
        var failure: String?
    }

    private static func result(_ text: String) -> Handshake.Reply {
        .answer(.result((try? JSONValue(parsing: text))?.objectValue ?? [:]))
    }

    private static func error(_ code: Int64, _ data: JSONValue = .null) -> Handshake.Reply {
        .answer(.error(RPCError(code: code, message: "no", data: data)))
    }

    private static let discovered = result(
        #"""
        {"cacheScope":"private","capabilities":{"tools":{"listChanged":true}},"resultType":"complete",
         "supportedVersions":["2026-07-28"],"ttlMs":0,
         "_meta":{"io.modelcontextprotocol/serverInfo":{"name":"demo","version":"3"}}}
        """#
    )
    private static let initialized = result(
        #"""
        {"capabilities":{"tools":{}},"protocolVersion":"2025-11-25","serverInfo":{"name":"demo","version":""}}
        """#
    )
    private static let modern = Era.modern("2026-07-28")
    private static let session = Era.session("2025-11-25")

    private static let transcripts: [Transcript] = [
        .init(name: "modern", replies: [discovered], methods: ["server/discover"], era: modern),
        .init(name: "modern over HTTP", wire: .http, replies: [discovered], methods: ["server/discover"], era: modern),
        .init(
            name: "old program that knows no such method",
            replies: [error(-32601), initialized],
            methods: ["server/discover", "initialize"],
            era: session
        ),
        .init(
            name: "old program that says nothing",
            replies: [.silence, initialized],
            methods: ["server/discover", "initialize"],
            era: session
        ),
        .init(
            name: "old server that wants a session first",
            wire: .http,
            replies: [.refused(status: 400), initialized],
            methods: ["server/discover", "initialize"],
            era: session
        ),
        .init(
            name: "old path",
            wire: .http,
            replies: [.refused(status: 404), initialized],
            methods: ["server/discover", "initialize"],
            era: session
        ),
        .init(
            name: "older version",
            replies: [error(-32602), result(#"{"protocolVersion":"2024-11-05","capabilities":{}}"#)],
            methods: ["server/discover", "initialize"],
            era: .session("2024-11-05")
        ),
        .init(
            name: "discover of a server that only has sessions",
            replies: [result(#"{"supportedVersions":["2025-11-25"]}"#), initialized],
            methods: ["server/discover", "initialize"],
            era: session
        ),
        .init(
            name: "version that the server names",
            replies: [error(-32022, ["supported": ["2026-07-28", "2027-01-01"]]), discovered],
            methods: ["server/discover", "server/discover"],
            era: modern
        ),
        .init(
            name: "version of sessions that the server names",
            replies: [error(-32022, ["supported": ["2025-06-18"]]), initialized],
            methods: ["server/discover", "initialize"],
            era: session
        ),
        .init(
            name: "slow program that answered the first question too late",
            replies: [.silence, error(-32022, ["supported": ["2026-07-28"]]), discovered],
            methods: ["server/discover", "initialize", "server/discover"],
            era: modern
        ),
        .init(
            name: "nothing in common",
            replies: [error(-32022, ["supported": ["2031-01-01"]])],
            methods: ["server/discover"],
            failure: "2031-01-01"
        ),
        .init(
            name: "never the same twice",
            replies: [
                error(-32022, ["supported": ["2026-07-28"]]),
                error(-32022, ["supported": ["2026-07-28", "2025-11-25"]]),
                error(-32022, ["supported": ["2026-07-28"]]),
            ],
            methods: ["server/discover", "server/discover", "initialize"],
            failure: "refused `initialize`"
        ),
        .init(
            name: "unknown version of sessions",
            replies: [error(-32601), result(#"{"protocolVersion":"1.0"}"#)],
            methods: ["server/discover", "initialize"],
            failure: "`1.0`"
        ),
        .init(
            name: "no credentials",
            wire: .http,
            replies: [.refused(status: 401)],
            methods: ["server/discover"],
            failure: "credentials"
        ),
        .init(
            name: "broken server",
            wire: .http,
            replies: [.refused(status: 502)],
            methods: ["server/discover"],
            failure: "502"
        ),
        .init(name: "silence", wire: .http, replies: [.silence], methods: ["server/discover"], failure: "answer"),
        .init(
            name: "silence of a program",
            replies: [.silence, .silence],
            methods: ["server/discover", "initialize"],
            failure: "initialize"
        ),
    ]

    @Test func `servers of both eras are understood, and others are told apart from them`() {
        for transcript in Self.transcripts {
            var handshake = Handshake(transcript.wire, version: "1")
            var (step, methods, left) = (handshake.start(), [String](), transcript.replies[...])
            while case .ask(let request, _) = step, let reply = left.popFirst() {
                methods.append(request.method)
                step = handshake.take(reply)
            }
            #expect(methods == transcript.methods, "\(transcript.name)")
            #expect(left.isEmpty, "\(transcript.name)")
            switch step {
            case .ready(let facts): #expect(facts.era == transcript.era, "\(transcript.name)")
            case .failed(let reason):
                let part = transcript.failure ?? "it does not fail"
                #expect(reason.contains(part), "\(transcript.name): \(reason)")
            case .ask: #expect(Bool(false), "\(transcript.name) does not end")
            }
        }
    }

    @Test func `what a server says of itself is taken from where its era has it`() {
        for (reply, facts) in [(Self.discovered, ["demo", "3"]), (Self.initialized, ["demo", ""])] {
            var handshake = Handshake(.program, version: "1")
            var step = handshake.take(reply)
            if case .ask = step { step = handshake.take(reply) }
            guard case .ready(let found) = step else { continue }
            #expect([found.name, found.version] == facts && found.hasTools)
        }
    }
}
