// Baton
// SPDX-License-Identifier: Apache-2.0

/// Takes WebSocket frames apart and puts messages together (RFC 6455 5), strictly.
struct FrameDecoder {
    /// What came.
    enum Event: Equatable {
        case message(WebSocketMessage)
        case ping([UInt8])
        case pong
        /// `nil` without a code.
        case close(WebSocketCloseCode?)
    }

    private struct Frame {
        var opcode: UInt8
        var isFinal: Bool
        var left: Int
        var mask: (UInt8, UInt8, UInt8, UInt8) = (0, 0, 0, 0)
        var maskIndex = 0

        var isControl: Bool { opcode >= 8 }
    }

    private let maxMessageBytes: Int
    private let expectsMask: Bool
    /// Bytes of a frame's head so far; at most 14.
    private var head: [UInt8] = []
    private var frame: Frame?
    private var control: [UInt8] = []
    private var message: [UInt8] = []
    /// 1 or 2 while fragments of a message are awaited.
    private var messageOpcode: UInt8?
    private var isClosed = false

    init(maxMessageBytes: Int, expectsMask: Bool = true) {
        self.maxMessageBytes = maxMessageBytes
        self.expectsMask = expectsMask
    }

    /// Reads on; returns what was completed. Nothing comes after a close.
    mutating func decode(_ bytes: UnsafeBufferPointer<UInt8>) throws(WebSocketDefect) -> [Event] {
        var events: [Event] = []
        var index = 0
        while !isClosed {
            if frame == nil {
                guard index < bytes.count else { break }
                head.append(bytes[index])
                index += 1
                frame = try readHead()
            }
            guard let current = frame else { continue }
            let count = min(current.left, bytes.count - index)
            if count > 0 { take(UnsafeBufferPointer(rebasing: bytes[index..<index + count])) }
            index += count
            guard frame?.left == 0 else { break }
            if let event = try finishFrame() { events.append(event) }
        }
        return events
    }

    /// The frame whose head is complete.
    private mutating func readHead() throws(WebSocketDefect) -> Frame? {
        guard head.count >= 2 else { return nil }
        let (opcode, isFinal, isMasked) = (head[0] & 0x0f, head[0] & 0x80 != 0, head[1] & 0x80 != 0)
        if head.count == 2 { try checkStart(opcode, isFinal, isMasked) }
        let short = Int(head[1] & 0x7f)
        let lengthBytes = short == 126 ? 2 : short == 127 ? 8 : 0
        guard head.count == 2 + lengthBytes + (isMasked ? 4 : 0) else { return nil }
        var length = UInt64(short)
        if lengthBytes > 0 {
            length = head[2..<2 + lengthBytes].reduce(0) { $0 << 8 | UInt64($1) }
            guard length > (lengthBytes == 2 ? 125 : 65535), length < 1 << 63 else {
                throw .protocolError("a length that is not in its shortest form")
            }
        }
        let soFar = UInt64(opcode >= 8 ? 0 : message.count)
        guard length + soFar <= UInt64(maxMessageBytes) || opcode >= 8 else {
            throw WebSocketDefect(code: .tooLarge, reason: "a message of more than \(maxMessageBytes) bytes")
        }
        var frame = Frame(opcode: opcode, isFinal: isFinal, left: Int(length))
        if isMasked {
            let mask = head[(2 + lengthBytes)...]
            let start = mask.startIndex
            frame.mask = (mask[start], mask[start + 1], mask[start + 2], mask[start + 3])
        }
        head.removeAll()
        return frame
    }

    private func checkStart(_ opcode: UInt8, _ isFinal: Bool, _ isMasked: Bool) throws(WebSocketDefect) {
        guard head[0] & 0x70 == 0 else { throw .protocolError("reserved bits without an extension") }
        guard isMasked == expectsMask else { throw .protocolError("a frame that is not masked as it must be") }
        switch opcode {
        case 0: if messageOpcode == nil { throw .protocolError("a continuation of nothing") }
        case 1, 2: if messageOpcode != nil { throw .protocolError("a new message within another") }
        case 8, 9, 10:
            guard isFinal, head[1] & 0x7f <= 125 else { throw .protocolError("a long or split control frame") }
        default: throw .protocolError("an unknown opcode")
        }
    }

    private mutating func take(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard var current = frame else { return }
        let mask = [current.mask.0, current.mask.1, current.mask.2, current.mask.3]
        let phase = current.maskIndex
        let unmasked = [UInt8](unsafeUninitializedCapacity: bytes.count) { output, count in
            mask.withUnsafeBufferPointer { mask in
                for index in 0..<bytes.count { output[index] = bytes[index] ^ mask[(index + phase) & 3] }
            }
            count = bytes.count
        }
        current.maskIndex = (phase + bytes.count) & 3
        current.left -= bytes.count
        if current.isControl {
            control += unmasked
        } else if message.isEmpty {
            message = unmasked
        } else {
            message += unmasked
        }
        frame = current
    }

    private mutating func finishFrame() throws(WebSocketDefect) -> Event? {
        guard let current = frame else { return nil }
        frame = nil
        if current.isControl {
            defer { control = [] }
            switch current.opcode {
            case 8: return try readClose()
            case 9: return .ping(control)
            default: return .pong
            }
        }
        let opcode = messageOpcode ?? current.opcode
        guard current.isFinal else {
            messageOpcode = opcode
            return nil
        }
        messageOpcode = nil
        defer { message = [] }
        if opcode == 2 { return .message(.binary(message)) }
        guard let text = String(validating: message, as: UTF8.self) else {
            throw WebSocketDefect(code: .invalidData, reason: "text that is not UTF-8")
        }
        return .message(.text(text))
    }

    private mutating func readClose() throws(WebSocketDefect) -> Event {
        isClosed = true
        guard !control.isEmpty else { return .close(nil) }
        guard control.count >= 2 else { throw .protocolError("a close code of one byte") }
        let code = WebSocketCloseCode(rawValue: UInt16(control[0]) << 8 | UInt16(control[1]))
        guard code.isSendable else { throw .protocolError("a close code that may not be sent") }
        guard String(validating: control[2...], as: UTF8.self) != nil else {
            throw WebSocketDefect(code: .invalidData, reason: "a close reason that is not UTF-8")
        }
        return .close(code)
    }
}

/// Writes frames as a server sends them: whole and without a mask.
enum FrameEncoder {
    static func frame(_ message: WebSocketMessage) -> [UInt8] {
        switch message {
        case .text(let text): frame(1, Array(text.utf8))
        case .binary(let bytes): frame(2, bytes)
        }
    }

    static func ping() -> [UInt8] { frame(9, []) }

    static func pong(_ payload: [UInt8]) -> [UInt8] { frame(10, payload) }

    static func close(_ code: WebSocketCloseCode?, _ reason: String = "") -> [UInt8] {
        guard let code, code.isSendable else { return frame(8, []) }
        var payload = [UInt8(code.rawValue >> 8), UInt8(code.rawValue & 0xff)]
        // At most 125 bytes, cut between characters.
        for character in reason where payload.count + character.utf8.count <= 125 { payload += character.utf8 }
        return frame(8, payload)
    }

    private static func frame(_ opcode: UInt8, _ payload: [UInt8]) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(payload.count + 10)
        output.append(0x80 | opcode)
        switch payload.count {
        case ...125: output.append(UInt8(payload.count))
        case ...65535: output += [126, UInt8(payload.count >> 8), UInt8(payload.count & 0xff)]
        default:
            output.append(127)
            for shift in stride(from: 56, through: 0, by: -8) { output.append(UInt8(payload.count >> shift & 0xff)) }
        }
        output += payload
        return output
    }
}
