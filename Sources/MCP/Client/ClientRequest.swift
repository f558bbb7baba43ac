// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Cryptography
public import JSON

/// A request of ours, before it is known in which era it goes.
public struct ClientRequest: Sendable, Equatable {
    /// What is asked.
    public let method: String
    /// With what.
    public let params: JSONObject
    /// The schema of the arguments of a tool, which says what of them is repeated in headers.
    var inputSchema: JSONValue = .null

    init(_ method: String, _ params: JSONObject = [:]) {
        (self.method, self.params) = (method, params)
    }

    /// One page of the tools.
    public static func listTools(after cursor: String?) -> ClientRequest {
        ClientRequest("tools/list", cursor.map { ["cursor": .string($0)] } ?? [:])
    }

    /// A call of a tool.
    ///
    /// - Parameter schema: Of its arguments, as the server gave it.
    public static func callTool(_ name: String, _ arguments: JSONValue, schema: JSONValue) -> ClientRequest {
        var request = ClientRequest("tools/call", ["name": .string(name), "arguments": arguments])
        request.inputSchema = schema
        return request
    }

    /// As it goes over a wire.
    public func message(id: Int64, _ era: Era, version: String) -> RPCMessage {
        var params = params
        if case .modern(let protocolVersion) = era {
            params["_meta"] = [
                "io.modelcontextprotocol/protocolVersion": .string(protocolVersion),
                "io.modelcontextprotocol/clientInfo": Self.client(version),
                "io.modelcontextprotocol/clientCapabilities": [:],
            ]
        }
        return .request(id: .int(id), method: method, params: params)
    }

    /// Who we are.
    static func client(_ version: String) -> JSONValue { ["name": "baton", "version": .string(version)] }
}

// MARK: Headers

extension ClientRequest {
    /// The headers of the protocol for the request over HTTP; that of a session is not among them.
    public func headers(_ era: Era) -> [(name: String, value: String)] {
        guard case .modern(let version) = era else {
            return method == "initialize" ? [] : [("mcp-protocol-version", era.version)]
        }
        var headers = [("mcp-protocol-version", version), ("mcp-method", method)]
        if method == "tools/call", let name = params["name"]?.stringValue {
            headers.append(("mcp-name", Self.headerValue(name)))
        }
        Self.addParameters(inputSchema, params["arguments"] ?? .null, depth: 0, &headers)
        return headers
    }

    /// Arguments whose property has `x-mcp-header: NAME` are repeated as `Mcp-Param-NAME`.
    private static func addParameters(
        _ schema: JSONValue,
        _ value: JSONValue,
        depth: Int,
        _ headers: inout [(String, String)]
    ) {
        guard depth < 32, let properties = schema["properties"]?.objectValue, let object = value.objectValue else {
            return
        }
        for property in properties.members {
            guard let part = object[property.key] else { continue }
            if let name = property.value["x-mcp-header"]?.stringValue, isToken(name) {
                switch part {
                case .bool, .int: headers.append(("mcp-param-\(name)", part.text))
                case .string(let text): headers.append(("mcp-param-\(name)", headerValue(text)))
                case .null, .double, .array, .object: break
                }
            }
            addParameters(property.value, part, depth: depth + 1, &headers)
        }
    }

    /// What would not come through a header as it is goes as `=?base64?…?=`.
    static func headerValue(_ text: String) -> String {
        let bytes = Array(text.utf8)
        let isPlain =
            bytes.allSatisfy { (0x20...0x7e).contains($0) } && bytes.first != 0x20 && bytes.last != 0x20
            && !(text.hasPrefix("=?base64?") && text.hasSuffix("?="))
        return isPlain ? text : "=?base64?\(Base64.encode(bytes, .standard, isPadded: true))?="
    }

    private static func isToken(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 100
            && text.utf8.allSatisfy { byte in
                switch byte {
                case 48...57, 65...90, 97...122: true
                default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
                }
            }
    }
}
