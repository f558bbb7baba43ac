// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON

/// Carries messages between a client that speaks in lines and a server that speaks over HTTP: which headers go with a message,
/// and what the answer of HTTP is as a message.
public struct LineBridge: Sendable {
    private var session: (id: String, version: String)?

    /// Before the first message.
    public init() {}

    /// The headers of the protocol for a message of the client.
    public func headers(for message: JSONValue) -> [(name: String, value: String)] {
        let params = message["params"]
        if let version = params?["_meta"]?["io.modelcontextprotocol/protocolVersion"]?.stringValue {
            var headers = [
                ("mcp-protocol-version", ClientRequest.headerValue(version)),
                ("mcp-method", ClientRequest.headerValue(message["method"]?.stringValue ?? "")),
            ]
            if message["method"] == "tools/call", let name = params?["name"]?.stringValue {
                headers.append(("mcp-name", ClientRequest.headerValue(name)))
            }
            return headers
        }
        guard let session, message["method"] != "initialize" else { return [] }
        return [("mcp-session-id", session.id), ("mcp-protocol-version", session.version)]
    }

    /// Remembers the session that an answer begins.
    public mutating func take(session id: String?, _ body: JSONValue) {
        guard let id, let version = body["result"]?["protocolVersion"]?.stringValue else { return }
        session = (id, version)
    }

    /// The message that an answer of HTTP is; `nil` when there is none to give.
    ///
    /// - Parameters:
    ///   - status: Of HTTP.
    ///   - body: Its JSON; `null` for none.
    ///   - id: Of the request; `nil` for a notification.
    public static func answer(status: Int, _ body: JSONValue, to id: JSONValue?) -> JSONValue? {
        if body["jsonrpc"] == "2.0" { return body }
        guard let id, !id.isNull else { return nil }
        let detail = body["detail"]?.stringValue ?? "the server answered with status \(status)"
        return failure(detail, to: id)
    }

    /// The message that says that a request failed on its way.
    public static func failure(_ reason: String, to id: JSONValue) -> JSONValue {
        RPCMessage.answer(id: id, .error(RPCError(code: -32603, message: reason))).json
    }

    /// The message that says that a line is none.
    public static var noMessage: JSONValue {
        RPCMessage.answer(id: .null, .error(RPCError(code: -32700, message: "the line is no JSON"))).json
    }
}
