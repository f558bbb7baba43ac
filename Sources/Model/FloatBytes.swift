// Baton
// SPDX-License-Identifier: Apache-2.0

/// Numbers as bytes, as vectors are stored and sent: four for each, the lowest first.
public enum FloatBytes {
    /// The bytes of numbers.
    public static func bytes(_ numbers: [Float]) -> [UInt8] {
        numbers.flatMap { number in (0..<4).map { UInt8(truncatingIfNeeded: number.bitPattern >> ($0 * 8)) } }
    }

    /// The numbers of bytes; what is left over at the end is none.
    public static func numbers(_ bytes: [UInt8]) -> [Float] {
        stride(from: 0, to: bytes.count / 4 * 4, by: 4).map { start in
            Float(bitPattern: (0..<4).reduce(0) { $0 | UInt32(bytes[start + $1]) << ($1 * 8) })
        }
    }
}
