// Baton
// SPDX-License-Identifier: Apache-2.0

import MCP
import Model
import Threads

/// How requests reach an MCP server, and answers come back.
protocol MCPWire: AnyObject, Sendable {
    var kind: Handshake.Wire { get }
    /// Requests can be sent.
    var isOpen: Bool { get }

    /// Sends a request and waits for what comes of it.
    func ask(
        _ request: ClientRequest,
        _ era: Era,
        within limit: Duration,
        _ cancellation: CancellationSignal
    ) async throws(MCPBreak) -> Handshake.Reply

    /// Sends what needs no answer.
    func notify(_ message: RPCMessage, _ era: Era) async

    /// Whether the server said since the last call that its tools are others now.
    func takeToolsChanged() -> Bool

    /// Ends it in order; returns when it has ended.
    func close() async
}

/// Why a request got no answer.
struct MCPBreak: Error {
    enum Code {
        case timeout, cancelled, lost
        /// It answered, but not with what was asked for; the connection is good.
        case refused
        /// The server has forgotten the session; the request was not carried out.
        case sessionGone
    }

    var code: Code
    var error: TaskError
    /// The server may have carried the request out.
    var mayHaveLeft: Bool

    static func timeout(_ limit: Duration) -> MCPBreak {
        MCPBreak(code: .timeout, error: .timeout("the MCP server", limit), mayHaveLeft: true)
    }

    static let cancelled = MCPBreak(code: .cancelled, error: .cancelled, mayHaveLeft: true)

    /// - Parameter message: The end of a sentence whose subject is the server.
    static func lost(_ message: String, mayHaveLeft: Bool) -> MCPBreak {
        MCPBreak(code: .lost, error: .server(message, .transient), mayHaveLeft: mayHaveLeft)
    }
}

extension TaskError {
    /// - Parameter message: The end of a sentence whose subject is the server.
    static func server(_ message: String, _ errorClass: ErrorClass) -> TaskError {
        TaskError(code: "tool.failed", errorClass: errorClass, message: "the MCP server \(message)")
    }
}
