// Baton
// SPDX-License-Identifier: Apache-2.0

internal import COpenSSL

/// What turns a connection into a WebSocket.
public struct WebSocketUpgrade: Sendable {
    let accept: String
    let subprotocol: String?
    let options: WebSocketOptions
    let body: @Sendable (WebSocket) async throws -> Void

    /// In the task of the handler.
    func run(_ socket: WebSocket) async {
        do {
            try await body(socket)
            socket.close()
        } catch is HTTPStreamError {
            // The client is gone, or knows from its own closing.
            socket.close()
        } catch {
            socket.close(.internalError)
        }
    }

    /// The answer that precedes the frames.
    var head: [UInt8] {
        var text = "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
        text += "sec-websocket-accept: \(accept)\r\n"
        if let subprotocol { text += "sec-websocket-protocol: \(subprotocol)\r\n" }
        return Array((text + "\r\n").utf8)
    }

    static func refusal(_ reason: String) -> HTTPResponse {
        var response = HTTPResponse.problem(status: 426, code: "upgrade.required", detail: reason)
        response.headers["upgrade"] = "websocket"
        return response
    }
}

extension HTTPResponse {
    /// Makes the connection a WebSocket (RFC 6455), if the request asks for that properly; otherwise an answer that says
    /// what is wrong.
    ///
    /// Whether the page that asks may do so (its `Origin`) is for the handler to check before.
    ///
    /// - Parameters:
    ///   - subprotocols: Those that are spoken here; the first one that the client offers is taken.
    ///   - body: Runs in the task of the handler, after it returned. By returning it closes with 1000, by throwing
    ///     anything but `HTTPStreamError` with 1011.
    public static func webSocket(
        for request: HTTPRequest,
        subprotocols: [String] = [],
        options: WebSocketOptions = WebSocketOptions(),
        body: @escaping @Sendable (WebSocket) async throws -> Void
    ) -> HTTPResponse {
        guard request.method == "GET" else {
            return .problem(status: 405, code: "method.not_allowed", detail: "A WebSocket is opened with GET.")
        }
        let wants =
            request.headers.list("upgrade").contains { $0.lowercased() == "websocket" }
            && request.headers.list("connection").contains { $0.lowercased() == "upgrade" }
        guard wants, request.version == .http1_1 else {
            return WebSocketUpgrade.refusal("Here is a WebSocket, and the request does not ask for one over HTTP/1.1.")
        }
        guard request.headers.values("sec-websocket-version") == ["13"] else {
            var response = WebSocketUpgrade.refusal("Of WebSockets only version 13 is spoken.")
            response.headers["sec-websocket-version"] = "13"
            return response
        }
        let keys = request.headers.values("sec-websocket-key")
        guard keys.count == 1, keys[0].utf8.count == 24, keys[0].hasSuffix("=="), request.body.length == 0 else {
            return .problem(
                status: 400,
                code: "request.malformed",
                detail: "Sec-WebSocket-Key is not 16 bytes in Base64, or there is a body."
            )
        }
        let offered = request.headers.list("sec-websocket-protocol").map(String.init)
        let upgrade = WebSocketUpgrade(
            accept: acceptance(of: keys[0]),
            subprotocol: subprotocols.first { offered.contains($0) },
            options: options,
            body: body
        )
        return HTTPResponse(status: 200, body: .webSocket(upgrade))
    }

    /// The proof that the key was read (RFC 6455 4.2.2): SHA-1 and Base64.
    static func acceptance(of key: String) -> String {
        let text = Array((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8)
        var digest = [UInt8](repeating: 0, count: 20)
        // Cannot fail: the digest is built in.
        EVP_Digest(text, text.count, &digest, nil, EVP_sha1(), nil)
        var encoded = [UInt8](repeating: 0, count: 29)
        EVP_EncodeBlock(&encoded, digest, 20)
        return String(decoding: encoded[..<28], as: UTF8.self)
    }
}
