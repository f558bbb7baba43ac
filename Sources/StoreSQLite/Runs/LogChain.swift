// Baton
// SPDX-License-Identifier: Apache-2.0

import Hashing
import Model
import Store

/// The end of a run's log: the number of its last event and a hash over everything up to it.
///
/// A record's link covers the record and the link before it, so a changed byte, a hole and a swapped record all show
/// when the log is read.
struct ChainLink: Equatable {
    /// The number of the last event.
    let sequence: Int64
    /// The first half of a SHA-256.
    let hash: SIMD16<UInt8>

    /// Before a run's first event.
    static let start = ChainLink(sequence: 0, hash: SIMD16())

    init(sequence: Int64, hash: SIMD16<UInt8>) {
        self.sequence = sequence
        self.hash = hash
    }

    /// Reads the stored form; bytes of another length give a link that fits nothing.
    init(sequence: Int64, stored: [UInt8]) {
        self.init(sequence: sequence, hash: stored.count == 16 ? SIMD16(stored) : SIMD16(repeating: 0xff))
    }

    /// The stored form.
    var stored: [UInt8] { hash.indices.map { hash[$0] } }

    /// The link after `record`: SHA-256 over this hash, run, sequence, count and time (64 bits each, big-endian) and
    /// the body.
    func next(_ record: LogRecord) -> ChainLink {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(48 + record.body.count)
        for index in hash.indices { bytes.append(hash[index]) }
        for number in [record.runKey, record.firstSequence, Int64(record.count), record.at.milliseconds] {
            withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
        }
        bytes.append(contentsOf: record.body)
        return ChainLink(
            sequence: record.firstSequence + Int64(record.count) - 1,
            hash: SIMD16(SHA256.digest(bytes).prefix(16))
        )
    }
}

/// The last links of the runs that were written lately. What is not here is read from the log.
struct ChainCache {
    private var links: [Int64: ChainLink] = [:]
    private let limit = 65_536

    subscript(run: Int64) -> ChainLink? { links[run] }

    mutating func merge(_ newer: [Int64: ChainLink]) {
        // A run comes back with one read; order of use is not worth keeping.
        if links.count + newer.count > limit { links.removeAll(keepingCapacity: true) }
        links.merge(newer) { _, new in new }
    }

    mutating func remove(_ run: Int64) {
        links[run] = nil
    }
}
