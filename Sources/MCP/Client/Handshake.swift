// Baton
// SPDX-License-Identifier: Apache-2.0

internal import JSON

/// What a server says of itself.
public struct ServerFacts: Sendable, Equatable {
    /// How it is spoken to.
    public let era: Era
    /// Its name, as it says it; empty for none.
    public let name: String
    /// Its version, likewise.
    public let version: String
    /// It has tools.
    public let hasTools: Bool

    init(_ era: Era, _ info: JSONValue?, _ capabilities: JSONValue?) {
        self.era = era
        name = String((info?["name"]?.stringValue ?? "").prefix(200))
        version = String((info?["version"]?.stringValue ?? "").prefix(100))
        hasTools = capabilities?["tools"] != nil
    }
}

/// Finds out which era a server speaks: `server/discover` first; whatever is no sign of the modern one leads to
/// `initialize`.
///
/// A pure machine: ``start()`` and ``take(_:)`` say what to do next.
public struct Handshake: Sendable {
    /// How messages go to and fro.
    public enum Wire: Sendable {
        /// Lines of a program.
        case program
        /// Requests of HTTP.
        case http
    }

    /// What came of the last request.
    public enum Reply: Sendable, Equatable {
        /// An answer of the protocol.
        case answer(RPCAnswer)
        /// A status of HTTP that is no success, without an answer of the protocol.
        case refused(status: Int)
        /// Nothing, within the time for it.
        case silence
    }

    /// What to do next.
    public enum Step: Sendable, Equatable {
        /// Send a request.
        case ask(ClientRequest, Era)
        /// It is settled. In a session `notifications/initialized` goes first.
        case ready(ServerFacts)
        /// There is nothing to talk about; the end of a sentence whose subject is the server.
        case failed(String)
    }

    private enum State: Sendable {
        case discovering(again: Bool)
        case initializing(again: Bool)
    }

    private let wire: Wire
    private let version: String
    private var state = State.discovering(again: false)

    /// - Parameter version: Ours, which servers are told.
    public init(_ wire: Wire, version: String) {
        (self.wire, self.version) = (wire, version)
    }

    /// The first request.
    public func start() -> Step { .ask(ClientRequest("server/discover"), .modern(Era.newestModern)) }

    /// What comes after a reply.
    public mutating func take(_ reply: Reply) -> Step {
        switch state {
        case .discovering(let again): discovered(reply, again)
        case .initializing(let again): initialized(reply, again)
        }
    }

    private mutating func discovered(_ reply: Reply, _ again: Bool) -> Step {
        switch reply {
        case .answer(.result(let result)):
            let versions = Self.texts(result["supportedVersions"])
            guard let version = Era.modernVersions.last(where: versions.contains) else { return initialize(again) }
            let info = result["_meta"]?["io.modelcontextprotocol/serverInfo"] ?? result["serverInfo"]
            return .ready(ServerFacts(.modern(version), info, result["capabilities"]))
        case .answer(.error(let error)) where error.code == RPCError.unsupportedVersion:
            let supported = Self.texts(error.data["supported"])
            if !again, let version = Era.modernVersions.last(where: supported.contains) {
                state = .discovering(again: true)
                return .ask(ClientRequest("server/discover"), .modern(version))
            }
            guard supported.isEmpty || supported.contains(where: Era.sessionVersions.contains) else {
                return .failed("speaks \(supported.joined(separator: ", ")), which is not known here")
            }
            return initialize(again)
        case .answer(.error): return initialize(again)
        case .refused(let status): return refused(status) ?? initialize(again)
        case .silence: return wire == .http ? .failed("did not answer") : initialize(again)
        }
    }

    /// Statuses that say more than that the request was not understood.
    private func refused(_ status: Int) -> Step? {
        switch status {
        case 401, 403: .failed("refuses the credentials, or wants some (status \(status))")
        case 400..<500: nil
        default: .failed("answered with status \(status)")
        }
    }

    private mutating func initialize(_ again: Bool) -> Step {
        state = .initializing(again: again)
        let params: JSONObject = [
            "protocolVersion": .string(Era.newestSession), "capabilities": [:],
            "clientInfo": ClientRequest.client(version),
        ]
        return .ask(ClientRequest("initialize", params), .session(Era.newestSession))
    }

    private mutating func initialized(_ reply: Reply, _ again: Bool) -> Step {
        switch reply {
        case .answer(.result(let result)):
            let version = result["protocolVersion"]?.stringValue ?? ""
            guard Era.sessionVersions.contains(version) else {
                return .failed("speaks version `\(version.prefix(40))`, which is not known here")
            }
            return .ready(ServerFacts(.session(version), result["serverInfo"], result["capabilities"]))
        case .answer(.error(let error)):
            // An answer to `server/discover` that came too late has settled the era on its side.
            let supported = error.code == RPCError.unsupportedVersion ? Self.texts(error.data["supported"]) : []
            if !again, let version = Era.modernVersions.last(where: supported.contains) {
                state = .discovering(again: true)
                return .ask(ClientRequest("server/discover"), .modern(version))
            }
            return .failed("refused `initialize`: \(error.message.prefix(300)) (\(error.code))")
        case .refused(let status): return refused(status) ?? .failed("answered `initialize` with status \(status)")
        case .silence: return .failed("did not answer `initialize`")
        }
    }

    private static func texts(_ json: JSONValue?) -> [String] { json?.arrayValue?.compactMap(\.stringValue) ?? [] }
}
