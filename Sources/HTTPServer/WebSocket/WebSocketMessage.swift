// Baton
// SPDX-License-Identifier: Apache-2.0

/// A whole message.
public enum WebSocketMessage: Sendable, Hashable, PipeElement {
    /// Valid UTF-8.
    case text(String)
    /// Any bytes.
    case binary([UInt8])

    var byteCount: Int {
        switch self {
        case .text(let text): text.utf8.count + 1
        case .binary(let bytes): bytes.count + 1
        }
    }
}

/// Why a WebSocket is closed (RFC 6455 7.4).
public struct WebSocketCloseCode: Sendable, Hashable, RawRepresentable, CustomStringConvertible {
    /// 1000–4999.
    public let rawValue: UInt16

    /// Any code.
    public init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    /// The number.
    public var description: String { String(rawValue) }

    /// Everything was said.
    public static let normal = Self(rawValue: 1000)
    /// The server stops, or the page is left.
    public static let goingAway = Self(rawValue: 1001)
    /// What came breaks the protocol.
    public static let protocolError = Self(rawValue: 1002)
    /// A kind of data that is not taken.
    public static let unsupportedData = Self(rawValue: 1003)
    /// The other side closed without a code; never sent.
    public static let noStatus = Self(rawValue: 1005)
    /// Text that is not UTF-8.
    public static let invalidData = Self(rawValue: 1007)
    /// A message that breaks a rule of the application.
    public static let policyViolation = Self(rawValue: 1008)
    /// A message that is too large.
    public static let tooLarge = Self(rawValue: 1009)
    /// Something went wrong here.
    public static let internalError = Self(rawValue: 1011)

    /// May be in a close frame.
    var isSendable: Bool {
        switch rawValue {
        case 1000...1003, 1007...1014, 3000...4999: true
        default: false
        }
    }
}

/// Bounds of a WebSocket.
public struct WebSocketOptions: Sendable {
    /// Bytes of one message; more closes the connection with 1009.
    public var maxMessageBytes = 1 << 20
    /// A ping is sent after this time without anything from the client; after twice the time it counts as gone.
    public var pingInterval: Duration = .seconds(30)

    /// The usual bounds.
    public init() {}
}

/// Why what came is no WebSocket traffic.
struct WebSocketDefect: Error, Equatable {
    let code: WebSocketCloseCode
    let reason: String

    static func protocolError(_ reason: String) -> Self { Self(code: .protocolError, reason: reason) }
}
