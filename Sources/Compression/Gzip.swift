// Baton
// SPDX-License-Identifier: Apache-2.0

internal import CZlib

/// The gzip form (RFC 1952) by zlib.
public enum Gzip {
    /// One gzip member.
    ///
    /// - Parameter level: 1 (fast) to 9 (small).
    public static func compress(_ bytes: [UInt8], level: Int = 4) -> [UInt8] {
        var stream = z_stream()
        // Only a wrong level or a lack of memory can make these calls fail: there is room for whatever comes.
        precondition(baton_gzip_start(&stream, Int32(level)) == Z_OK, "zlib cannot start")
        defer { deflateEnd(&stream) }
        let bound = Int(deflateBound(&stream, UInt(bytes.count)))
        return [UInt8](unsafeUninitializedCapacity: bound) { output, count in
            bytes.withUnsafeBufferPointer { input in
                stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
                stream.avail_in = UInt32(input.count)
                stream.next_out = output.baseAddress
                stream.avail_out = UInt32(bound)
                precondition(deflate(&stream, Z_FINISH) == Z_STREAM_END, "zlib has no room")
            }
            count = bound - Int(stream.avail_out)
        }
    }
}
