// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON

/// A message of JSON-RPC 2.0, as the Model Context Protocol uses it.
public enum RPCMessage: Sendable, Equatable {
    /// Wants an answer with the same id.
    case request(id: JSONValue, method: String, params: JSONObject)
    /// Wants none.
    case notification(method: String, params: JSONObject)
    /// Answers a request.
    case answer(id: JSONValue, RPCAnswer)

    /// Reads a message; `nil` when it is none. Members that are not known are passed over.
    public init?(_ json: JSONValue) {
        guard let object = json.objectValue else { return nil }
        if let method = object["method"]?.stringValue {
            let params = object["params"]?.objectValue ?? [:]
            if let id = object["id"], !id.isNull {
                self = .request(id: id, method: method, params: params)
            } else {
                self = .notification(method: method, params: params)
            }
            return
        }
        if let error = object["error"]?.objectValue {
            self = .answer(id: object["id"] ?? .null, .error(RPCError(error)))
        } else if let result = object["result"]?.objectValue, let id = object["id"] {
            self = .answer(id: id, .result(result))
        } else {
            return nil
        }
    }

    /// Reads the bytes of one; `nil` when they are none.
    public init?(bytes: [UInt8]) {
        guard let json = try? JSONValue(parsing: bytes), let message = RPCMessage(json) else { return nil }
        self = message
    }

    /// As it goes over a wire.
    public var json: JSONValue {
        switch self {
        case .request(let id, let method, let params):
            ["jsonrpc": "2.0", "id": id, "method": .string(method), "params": .object(params)]
        case .notification(let method, let params):
            params.isEmpty
                ? ["jsonrpc": "2.0", "method": .string(method)]
                : ["jsonrpc": "2.0", "method": .string(method), "params": .object(params)]
        case .answer(let id, .result(let result)): ["jsonrpc": "2.0", "id": id, "result": .object(result)]
        case .answer(let id, .error(let error)): ["jsonrpc": "2.0", "id": id, "error": error.json]
        }
    }
}

/// What comes of a request.
public enum RPCAnswer: Sendable, Equatable {
    /// It was done.
    case result(JSONObject)
    /// It was refused.
    case error(RPCError)
}

/// Why a request was refused.
public struct RPCError: Error, Sendable, Equatable {
    /// No such method.
    public static let methodNotFound: Int64 = -32601
    /// The server does not speak the version of the request (2026-07-28); `data.supported` lists those it does.
    public static let unsupportedVersion: Int64 = -32022

    /// One of JSON-RPC or of the protocol.
    public var code: Int64
    /// A sentence.
    public var message: String
    /// More, `null` for none.
    public var data: JSONValue

    /// Puts an error together.
    public init(code: Int64, message: String, data: JSONValue = .null) {
        (self.code, self.message, self.data) = (code, message, data)
    }

    init(_ object: JSONObject) {
        code = object["code"]?.intValue ?? 0
        message = object["message"]?.stringValue ?? "no reason was given"
        data = object["data"] ?? .null
    }

    var json: JSONValue {
        var object: JSONObject = ["code": .int(code), "message": .string(message)]
        if !data.isNull { object["data"] = data }
        return .object(object)
    }
}
