// Baton
// SPDX-License-Identifier: Apache-2.0

import Store

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
