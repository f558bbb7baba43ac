// Baton
// SPDX-License-Identifier: Apache-2.0

/// The parts of a body of type `multipart/form-data` (RFC 7578), as far as clients of models use it.
struct MockForm {
    /// The bytes of each field, and the file name where there is one.
    private(set) var fields: [String: (bytes: [UInt8], fileName: String?)] = [:]

    /// Reads a body; `nil` when the type is another or the boundary is missing.
    init?(_ body: [UInt8], type: String) {
        guard type.lowercased().hasPrefix("multipart/form-data"),
            let boundary = type.split(separator: ";").lazy.compactMap({ Self.value("boundary", in: $0) }).first
        else { return nil }
        let mark = Array("--\(boundary)".utf8)
        var (rest, start) = (body[...], Int?.none)
        while let place = Self.find(mark, in: rest) {
            // The line end before a boundary belongs to it.
            if let start, place - 2 >= start { take(body[start..<(place - 2)]) }
            start = place + mark.count + 2
            rest = body[(place + mark.count)...]
        }
        if fields.isEmpty { return nil }
    }

    private mutating func take(_ part: ArraySlice<UInt8>) {
        guard let end = Self.find([13, 10, 13, 10], in: part) else { return }
        let head = String(decoding: part[..<end], as: UTF8.self)
        for line in head.split(whereSeparator: \.isNewline)
        where line.lowercased().hasPrefix("content-disposition:") {
            let pieces = line.split(separator: ";")
            guard let name = pieces.lazy.compactMap({ Self.value("name", in: $0) }).first else { continue }
            let fileName = pieces.lazy.compactMap { Self.value("filename", in: $0) }.first
            fields[name] = (Array(part[(end + 4)...]), fileName)
        }
    }

    /// The value of `key=value` or `key="value"`.
    private static func value(_ key: String, in piece: Substring) -> String? {
        let piece = piece.drop { $0 == " " }
        guard piece.hasPrefix("\(key)=") else { return nil }
        let value = piece.dropFirst(key.count + 1)
        return value.hasPrefix("\"") ? String(value.dropFirst().prefix { $0 != "\"" }) : String(value)
    }

    private static func find(_ mark: [UInt8], in bytes: ArraySlice<UInt8>) -> Int? {
        var place = bytes.startIndex
        while place + mark.count <= bytes.endIndex {
            guard let next = bytes[place...].firstIndex(of: mark[0]), next + mark.count <= bytes.endIndex else {
                return nil
            }
            if bytes[next..<(next + mark.count)].elementsEqual(mark) { return next }
            place = next + 1
        }
        return nil
    }
}
