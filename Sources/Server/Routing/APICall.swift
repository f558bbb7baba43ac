// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import HTTPServer
internal import Identity
internal import JSON
internal import Model
internal import Reactor

/// A request that found its operation and fits its contract, with who makes it.
struct APICall: Sendable {
    /// Bytes of a body (spec 11.8).
    static let defaultBodyLimit = 16 << 20

    let request: HTTPRequest
    /// The client, behind proxies that are trusted; `nil` for a Unix socket.
    let address: String?
    let parameters: [String: String]
    /// Who makes the request; ``Principal/nobody`` for an operation that is for everybody.
    let caller: Principal
    /// The only project that a token of the feed shows; `nil` for all.
    let feedProject: String?
    /// The body when it is JSON; else empty.
    let fields: Fields
    /// The body when it is a document.
    let document: [UInt8]
    /// Makes the request one that is carried out once.
    let idempotencyKey: IdempotencyKey?
    /// Answers other requests, for commands that come over this one.
    let dispatch: HTTPHandler

    /// The actor that events name.
    var actor: String { caller.actor }

    /// Where the request came from, for the audit trail.
    var origin: RequestOrigin { RequestOrigin(address: address) }

    /// The credential came in a cookie.
    var usesCookie: Bool {
        caller != .nobody && request.header("authorization") == nil && caller.credential != .feed
    }

    func parameter(_ name: String) -> String { parameters[name] ?? "" }

    /// An id that the path names.
    ///
    /// - Throws: 404: what is no id names nothing.
    func id<Kind>(_ name: String, _ what: String) throws(Problem) -> Identifier<Kind> {
        guard let id = Identifier<Kind>(parameter(name)) else { throw .notFound("\(what) `\(parameter(name))`") }
        return id
    }

    /// A run that the path names.
    func runID() throws(Problem) -> RunID { try id("run", "run") }

    func query(_ name: String) -> String? { request.query(name) }

    /// A number of the query; the contract says in which range.
    func number(_ name: String) -> Int64? { query(name).flatMap { Int64($0) } }

    func flag(_ name: String) -> Bool { query(name) == "true" }

    /// How many items a page is to have.
    var limit: Int { number("limit").map { Int($0) } ?? 50 }

    /// What `cursor` names.
    func cursor<Value>(_ read: (String) -> Value?) throws(Problem) -> Value? {
        guard let text = query("cursor") else { return nil }
        guard let value = read(text) else { throw .invalid("cursor", "is no cursor of this list") }
        return value
    }

    /// What `If-Match` names, without its quotes.
    var expectedTag: String? {
        guard let text = request.header("if-match"), text != "*" else { return nil }
        return text.hasPrefix("\"") && text.hasSuffix("\"") && text.utf8.count >= 2
            ? String(text.dropFirst().dropLast()) : text
    }

    /// How long the caller wants to wait for something (`Prefer: wait=N`, RFC 7240), at most 60 s.
    var patience: Duration? {
        for preference in request.headers.list("prefer") {
            let parts = preference.split(separator: "=", maxSplits: 1).map { $0.trimmedOfBlanks }
            if parts.count == 2, parts[0] == "wait", let seconds = Int(parts[1]), seconds >= 0 {
                return .seconds(min(seconds, 60))
            }
        }
        return nil
    }
}

extension Principal {
    /// Who calls an operation that is for everybody.
    static let nobody = Principal(user: nil, tenant: "", role: .viewer, scopes: [], credential: .system)
}
