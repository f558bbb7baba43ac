// Baton
// SPDX-License-Identifier: Apache-2.0

import CNghttp2

/// Header fields in the form in which nghttp2 takes them.
struct HTTP2Fields {
    private var bytes: [UInt8] = []
    private var lengths: [(name: Int, value: Int)] = []

    /// Names in lower case.
    init(_ fields: [(String, String)]) {
        lengths.reserveCapacity(fields.count)
        for (name, value) in fields {
            bytes += name.utf8
            bytes += value.utf8
            lengths.append((name.utf8.count, value.utf8.count))
        }
    }

    /// The entries are valid within the call; nghttp2 copies them.
    func withEntries(_ body: (UnsafeBufferPointer<nghttp2_nv>) -> Void) {
        bytes.withUnsafeBufferPointer { bytes in
            var start = UnsafeMutablePointer(mutating: bytes.baseAddress)
            var entries: [nghttp2_nv] = []
            entries.reserveCapacity(lengths.count)
            for (name, value) in lengths {
                let flags = UInt8(NGHTTP2_NV_FLAG_NONE.rawValue)
                entries.append(
                    nghttp2_nv(
                        name: start,
                        value: start?.advanced(by: name),
                        namelen: name,
                        valuelen: value,
                        flags: flags
                    )
                )
                start = start?.advanced(by: name + value)
            }
            entries.withUnsafeBufferPointer(body)
        }
    }
}
