// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON

/// What a server does with a message.
public enum ServerStep: Sendable, Equatable {
    /// Gives that answer, with that status of HTTP. `session` is the version of a session that begins with it.
    case answer(RPCMessage, status: Int, session: String? = nil)
    /// Takes it; there is nothing to answer.
    case accept
    /// Lists its tools.
    case listTools(ServerReply)
    /// Calls a tool.
    case callTool(ServerReply, name: String, arguments: JSONObject)
    /// The session is not known (any more).
    case unknownSession
}

/// How a request is answered.
public struct ServerReply: Sendable, Equatable {
    /// That of the request.
    public let id: JSONValue
    /// Requests stand for themselves.
    public let isModern: Bool

    /// The list of tools.
    public func tools(_ tools: [JSONValue]) -> RPCMessage {
        result(["tools": .array(tools)], isCacheable: true)
    }

    /// What a tool gave: text for models, and the same as data where it is an object.
    public func output(_ value: JSONValue, isError: Bool) -> RPCMessage {
        let text = value.stringValue ?? value.text
        var object: JSONObject = ["content": [["type": "text", "text": .string(text)]], "isError": .bool(isError)]
        if value.objectValue != nil { object["structuredContent"] = value }
        return result(object)
    }

    /// A refusal.
    public func error(_ code: Int64, _ message: String) -> RPCMessage {
        .answer(id: id, .error(RPCError(code: code, message: message)))
    }

    func result(_ object: JSONObject, isCacheable: Bool = false) -> RPCMessage {
        var object = object
        if isModern {
            object["resultType"] = "complete"
            // What is offered depends on who asks, and may change with every publication.
            if isCacheable { (object["ttlMs"], object["cacheScope"]) = (0, "private") }
        }
        return .answer(id: id, .result(object))
    }
}
