// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A request as the echo service reads it from a socket.
struct EchoRequest {
    private static let headLimit = 65536
    private static let bodyLimit = 16 << 20

    let method: String
    let path: String
    /// Decoded names and values, in order.
    let query: [(name: String, value: String)]
    /// Names in lower case.
    let headers: [(name: String, value: String)]
    let body: [UInt8]

    /// Reads a whole request; `nil` when what comes is not one.
    init?(from connection: Int32) {
        var bytes: [UInt8] = []
        var end: Int?
        while end == nil {
            guard bytes.count < Self.headLimit, Self.read(connection, into: &bytes) else { return nil }
            end = Self.endOfHead(bytes)
        }
        guard let end else { return nil }
        let lines = String(decoding: bytes[..<end], as: UTF8.self).split(whereSeparator: \.isNewline)
        let first = lines.first?.split(separator: " ") ?? []
        guard first.count == 3 else { return nil }
        method = String(first[0])
        let parts = first[1].split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        path = String(parts[0])
        query = parts.count == 2 ? Self.readQuery(parts[1]) : []
        headers = lines.dropFirst().compactMap { line in
            guard let colon = line.firstIndex(of: ":") else { return nil }
            let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
            return (line[..<colon].lowercased(), String(value))
        }
        let length = headers.first { $0.name == "content-length" }.flatMap { Int($0.value) } ?? 0
        guard (0...Self.bodyLimit).contains(length) else { return nil }
        while bytes.count < end + length {
            guard Self.read(connection, into: &bytes) else { return nil }
        }
        body = Array(bytes[end..<end + length])
    }

    /// The value of the first header with that name (lower case).
    func header(_ name: String) -> String? {
        headers.first { $0.name == name }?.value
    }

    /// The first value of a query parameter.
    func parameter(_ name: String) -> String? {
        query.first { $0.name == name }?.value
    }

    private static func read(_ connection: Int32, into bytes: inout [UInt8]) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 16384)
        let count = recv(connection, &buffer, buffer.count, 0)
        guard count > 0 else { return false }
        bytes += buffer[..<count]
        return true
    }

    private static func endOfHead(_ bytes: [UInt8]) -> Int? {
        guard bytes.count >= 4 else { return nil }
        for index in 0...(bytes.count - 4)
        where bytes[index] == 13 && bytes[index..<index + 4].elementsEqual([13, 10, 13, 10]) {
            return index + 4
        }
        return nil
    }

    private static func readQuery(_ text: Substring) -> [(name: String, value: String)] {
        text.split(separator: "&").map { pair in
            let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (decode(halves[0]), halves.count == 2 ? decode(halves[1]) : "")
        }
    }

    private static func decode(_ text: Substring) -> String {
        var result: [UInt8] = []
        let bytes = Array(text.utf8)
        var index = 0
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "%"), index + 2 < bytes.count,
                let byte = UInt8(String(decoding: bytes[(index + 1)...(index + 2)], as: UTF8.self), radix: 16)
            {
                result.append(byte)
                index += 3
            } else {
                result.append(bytes[index] == UInt8(ascii: "+") ? 32 : bytes[index])
                index += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
