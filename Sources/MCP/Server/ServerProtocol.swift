// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Cryptography
internal import JSON

/// The server's side of the protocol in both eras: what a message wants, and what is wrong with it.
///
/// Pure: sessions are what somebody else knows of them. A message belongs to the era without sessions when it says its
/// version in `_meta`, or a header names one of that era; `initialize` and everything else belongs to a session.
public struct ServerProtocol: Sendable {
    /// Versions with sessions that are served; the newest is offered to whoever wants another one.
    public static let sessionVersions = ["2025-06-18", "2025-11-25"]

    private static let metaVersion = "io.modelcontextprotocol/protocolVersion"

    /// Ours, which clients are told.
    let version: String
    /// What models are told about us.
    let instructions: String

    /// - Parameters:
    ///   - version: Ours, which clients are told.
    ///   - instructions: What models are told about us.
    public init(version: String, instructions: String) {
        (self.version, self.instructions) = (version, instructions)
    }

    /// The headers of a request, by name in lower case, and what is known of its session.
    public struct Envelope: Sendable {
        let header: @Sendable (String) -> String?
        let session: @Sendable (String) -> String?

        /// - Parameters:
        ///   - header: The first value of a header.
        ///   - session: The version of a session; `nil` for one that is not known.
        public init(
            header: @escaping @Sendable (String) -> String?,
            session: @escaping @Sendable (String) -> String?
        ) {
            (self.header, self.session) = (header, session)
        }
    }

    /// Reads a message.
    public func take(_ bytes: [UInt8], _ envelope: Envelope) -> ServerStep {
        guard let json = try? JSONValue(parsing: bytes) else { return refuse(.null, .parse, "the body is no JSON") }
        guard json.arrayValue == nil else { return refuse(.null, .invalid, "a list of messages is not taken") }
        guard json["jsonrpc"] == "2.0", let message = RPCMessage(json) else {
            return refuse(.null, .invalid, "the body is no message of JSON-RPC 2.0")
        }
        switch message {
        case .answer: return .accept
        case .notification(_, let params):
            return isModern(params, envelope) ? .accept : checkSession(envelope) ?? .accept
        case .request(let id, let method, let params):
            guard id.stringValue != nil || id.intValue != nil else {
                return refuse(.null, .invalid, "`id` must be a text or a whole number")
            }
            return method != "initialize" && (method == "server/discover" || isModern(params, envelope))
                ? modern(id, method, params, envelope) : session(id, method, params, envelope)
        }
    }

    private func isModern(_ params: JSONObject, _ envelope: Envelope) -> Bool {
        params["_meta"]?[Self.metaVersion] != nil
            || envelope.header("mcp-protocol-version").map(Era.modernVersions.contains) ?? false
    }

    private var serverInfo: JSONValue { ["name": "baton", "version": .string(version)] }
    private var capabilities: JSONValue { ["tools": ["listChanged": false]] }

    // MARK: Requests that stand for themselves

    private func modern(
        _ id: JSONValue,
        _ method: String,
        _ params: JSONObject,
        _ envelope: Envelope
    ) -> ServerStep {
        let meta = params["_meta"]
        guard let wanted = meta?[Self.metaVersion]?.stringValue else {
            return refuse(id, .params, "`params._meta` has no `\(Self.metaVersion)`")
        }
        guard Era.modernVersions.contains(wanted) else {
            let supported = Era.modernVersions + Self.sessionVersions
            let error = RPCError(
                code: RPCError.unsupportedVersion,
                message: "version `\(wanted.prefix(40))` is not spoken here",
                data: ["supported": .array(supported.map(JSONValue.string)), "requested": .string(wanted)]
            )
            return .answer(.answer(id: id, .error(error)), status: 400)
        }
        if let difference = difference(wanted, method, params, envelope) { return refuse(id, .headers, difference) }
        guard meta?["io.modelcontextprotocol/clientCapabilities"]?.objectValue != nil else {
            return refuse(id, .params, "`params._meta` has no `io.modelcontextprotocol/clientCapabilities`")
        }
        let reply = ServerReply(id: id, isModern: true)
        guard method == "server/discover" else {
            return common(reply, method, params)
                ?? .answer(
                    reply.error(RPCError.methodNotFound, "there is no method `\(method.prefix(100))`"),
                    status: 404
                )
        }
        let versions = Era.modernVersions + Self.sessionVersions
        let facts: JSONObject = [
            "supportedVersions": .array(versions.map(JSONValue.string)), "capabilities": capabilities,
            "instructions": .string(instructions), "_meta": ["io.modelcontextprotocol/serverInfo": serverInfo],
        ]
        return .answer(reply.result(facts, isCacheable: true), status: 200)
    }

    /// What of the body the headers say otherwise.
    private func difference(
        _ version: String,
        _ method: String,
        _ params: JSONObject,
        _ envelope: Envelope
    ) -> String? {
        func differs(_ name: String, _ wanted: String) -> String? {
            guard let value = envelope.header(name) else { return "the header `\(name)` is missing" }
            return Self.decoded(value) == wanted ? nil : "the header `\(name)` is not what the body says"
        }
        if let text = differs("mcp-protocol-version", version) ?? differs("mcp-method", method) { return text }
        guard method == "tools/call", let name = params["name"]?.stringValue else { return nil }
        return differs("mcp-name", name)
    }

    private static func decoded(_ value: String) -> String? {
        guard value.hasPrefix("=?base64?"), value.hasSuffix("?="), value.utf8.count >= 11 else { return value }
        // Padded by some and not by others.
        var letters = value.dropFirst(9).dropLast(2)
        while letters.last == "=" { letters.removeLast() }
        return Base64.decode(letters, .standard).map { String(decoding: $0, as: UTF8.self) }
    }

    // MARK: Sessions

    private func session(
        _ id: JSONValue,
        _ method: String,
        _ params: JSONObject,
        _ envelope: Envelope
    ) -> ServerStep {
        let reply = ServerReply(id: id, isModern: false)
        guard method != "initialize" else { return initialize(reply, params) }
        if let step = checkSession(envelope, id) { return step }
        if method == "ping" { return .answer(reply.result([:]), status: 200) }
        return common(reply, method, params)
            ?? .answer(reply.error(RPCError.methodNotFound, "there is no method `\(method.prefix(100))`"), status: 200)
    }

    private func initialize(_ reply: ServerReply, _ params: JSONObject) -> ServerStep {
        guard let wanted = params["protocolVersion"]?.stringValue else {
            return refuse(reply.id, .params, "`params` has no `protocolVersion`")
        }
        let version = Self.sessionVersions.contains(wanted) ? wanted : Self.sessionVersions.last ?? wanted
        let facts: JSONObject = [
            "protocolVersion": .string(version), "capabilities": capabilities, "serverInfo": serverInfo,
            "instructions": .string(instructions),
        ]
        return .answer(reply.result(facts), status: 200, session: version)
    }

    private func checkSession(_ envelope: Envelope, _ id: JSONValue = .null) -> ServerStep? {
        guard let session = envelope.header("mcp-session-id") else {
            return refuse(id, .invalid, "the header `mcp-session-id` is missing; `initialize` gives one")
        }
        guard envelope.session(session) != nil else { return .unknownSession }
        if let version = envelope.header("mcp-protocol-version"), !Self.sessionVersions.contains(version) {
            return refuse(id, .invalid, "version `\(version.prefix(40))` is not spoken here in sessions")
        }
        return nil
    }

    // MARK: Both

    private func common(_ reply: ServerReply, _ method: String, _ params: JSONObject) -> ServerStep? {
        switch method {
        case "tools/list":
            guard params["cursor"] == nil else {
                return refuse(reply.id, .params, "the list comes in one piece and has no cursors")
            }
            return .listTools(reply)
        case "tools/call":
            let arguments = params["arguments"] ?? [:]
            guard let name = params["name"]?.stringValue, let object = arguments.objectValue else {
                return refuse(reply.id, .params, "`name`, a text, and `arguments`, an object, are expected")
            }
            return .callTool(reply, name: name, arguments: object)
        default: return nil
        }
    }

    private enum Refusal: Int64 {
        case parse = -32700
        case invalid = -32600
        case params = -32602
        /// Headers and body differ (2026-07-28).
        case headers = -32020
    }

    private func refuse(_ id: JSONValue, _ refusal: Refusal, _ message: String) -> ServerStep {
        .answer(.answer(id: id, .error(RPCError(code: refusal.rawValue, message: message))), status: 400)
    }
}
