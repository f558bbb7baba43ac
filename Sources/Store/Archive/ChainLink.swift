// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Hashing
internal import Model

/// The end of a run's log: the number of its last event and a hash over everything up to it.
///
/// A record's link covers the record and the link before it, so a changed byte, a hole and a swapped record all show
/// when the log is read.
public struct ChainLink: Sendable, Equatable {
    /// The number of the last event.
    public let sequence: Int64
    /// The first half of a SHA-256.
    public let hash: SIMD16<UInt8>

    /// Before a run's first event.
    public static let start = ChainLink(sequence: 0, hash: SIMD16())

    /// Puts a link together.
    public init(sequence: Int64, hash: SIMD16<UInt8>) {
        self.sequence = sequence
        self.hash = hash
    }

    /// Reads the stored form; bytes of another length give a link that fits nothing.
    public init(sequence: Int64, stored: [UInt8]) {
        let hash = stored.withUnsafeBytes { bytes in
            bytes.count == 16 ? bytes.loadUnaligned(as: SIMD16<UInt8>.self) : SIMD16(repeating: 0xff)
        }
        self.init(sequence: sequence, hash: hash)
    }

    /// The stored form.
    public var stored: [UInt8] { withUnsafeBytes(of: hash) { Array($0) } }

    /// The link after `record`: SHA-256 over this hash, run, sequence, count and time (64 bits each, big-endian) and
    /// the body.
    public func next(_ record: LogRecord) -> ChainLink {
        let header = SIMD4(
            record.runKey.bigEndian,
            record.firstSequence.bigEndian,
            Int64(record.count).bigEndian,
            record.at.milliseconds.bigEndian
        )
        let bytes = [UInt8](unsafeUninitializedCapacity: 48 + record.body.count) { buffer, count in
            let memory = UnsafeMutableRawBufferPointer(buffer)
            memory.storeBytes(of: hash, as: SIMD16<UInt8>.self)
            memory.storeBytes(of: header, toByteOffset: 16, as: SIMD4<Int64>.self)
            UnsafeMutableRawBufferPointer(rebasing: memory[48...]).copyBytes(from: record.body)
            count = memory.count
        }
        let digest = SHA256.digest(bytes)
        return ChainLink(
            sequence: record.firstSequence + Int64(record.count) - 1,
            hash: digest.withUnsafeBytes { $0.loadUnaligned(as: SIMD16<UInt8>.self) }
        )
    }
}
