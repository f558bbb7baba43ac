// Baton
// SPDX-License-Identifier: Apache-2.0

/// Takes messages out of the output of a program: one a line, however it is cut into pieces.
///
/// Lines that are no message are passed over and counted, because many programs write there what belongs elsewhere.
public struct MessageLines: Sendable {
    /// No line may have more bytes.
    public static let byteLimit = 8 << 20

    /// Lines that were no message.
    public private(set) var strayLines = 0
    private var line: [UInt8] = []

    /// Before the first byte.
    public init() {}

    /// Reads on; gives the messages that are complete now.
    ///
    /// - Throws: When a line is too long: what comes after it cannot be trusted to be one.
    public mutating func feed(_ bytes: UnsafeRawBufferPointer) throws(MCPFailure) -> [RPCMessage] {
        var messages: [RPCMessage] = []
        var rest = bytes[...]
        while let end = rest.firstIndex(of: 0x0a) {
            line += rest[rest.startIndex..<end]
            try checkLength()
            if let message = endLine() { messages.append(message) }
            rest = rest[(end + 1)...]
        }
        line += rest
        try checkLength()
        return messages
    }

    private func checkLength() throws(MCPFailure) {
        guard line.count <= Self.byteLimit else {
            throw MCPFailure("it wrote a line of more than \(Self.byteLimit) bytes")
        }
    }

    private mutating func endLine() -> RPCMessage? {
        defer { line.removeAll(keepingCapacity: line.count < 1 << 16) }
        guard line.contains(where: { $0 != 0x20 && $0 != 0x09 && $0 != 0x0d }) else { return nil }
        guard let message = RPCMessage(bytes: line) else {
            strayLines += 1
            return nil
        }
        return message
    }
}

/// A server does not do what the protocol says.
public struct MCPFailure: Error, Sendable, Equatable {
    /// The end of a sentence whose subject is the server.
    public let message: String

    /// - Parameter message: The end of a sentence whose subject is the server.
    public init(_ message: String) {
        self.message = message
    }
}
