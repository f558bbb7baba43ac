// Baton
// SPDX-License-Identifier: Apache-2.0

/// Pieces of compact JSON for code that writes a document by hand, member by member.
public enum JSONWriter {
    /// Appends text in double quotes, escaped where JSON demands it.
    public static func appendString(_ text: String, into bytes: inout [UInt8]) {
        let isDone = text.utf8.withContiguousStorageIfAvailable { plain in
            guard ByteBuffer.isPlain(plain) else { return false }
            bytes.append(UInt8(ascii: "\""))
            bytes.append(contentsOf: plain)
            bytes.append(UInt8(ascii: "\""))
            return true
        }
        if isDone != true { append(into: &bytes) { $0.append(quoted: text) } }
    }

    /// Appends an integer.
    public static func appendInteger(_ int: Int64, into bytes: inout [UInt8]) {
        append(into: &bytes) { $0.append(int) }
    }

    /// Appends a double in the shortest form that reads as the same double; `null` when it is not finite.
    public static func appendDouble(_ double: Double, into bytes: inout [UInt8]) {
        append(into: &bytes) { $0.append(double, .keepingKind) }
    }

    private static func append(into bytes: inout [UInt8], _ write: (inout ByteBuffer) -> Void) {
        var buffer = ByteBuffer(capacity: 64)
        buffer.take(&bytes)
        write(&buffer)
        bytes = buffer.finish()
    }
}
