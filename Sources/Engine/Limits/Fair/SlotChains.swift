// Baton
// SPDX-License-Identifier: Apache-2.0

/// Doubly linked chains of numbered slots: a slot leaves from the middle of its chain at once. A slot is in one chain
/// at a time, and whoever keeps the chains knows in which.
struct SlotChains {
    /// The ends of a chain.
    struct Chain: Equatable {
        fileprivate(set) var first: Int32 = -1
        fileprivate var last: Int32 = -1

        var isEmpty: Bool { first < 0 }
    }

    private struct Link {
        /// Of no meaning in the last slot of a chain.
        var next: Int32
        /// Of no meaning in the first slot of a chain.
        var previous: Int32
    }
    private var links: [Link] = []

    mutating func append(_ slot: Int32, to chain: inout Chain) {
        while links.count <= Int(slot) { links.append(Link(next: -1, previous: -1)) }
        links[Int(slot)].previous = chain.last
        if chain.isEmpty { chain.first = slot } else { links[Int(chain.last)].next = slot }
        chain.last = slot
    }

    /// Takes the first slot out. The links stay as they are, so that others can walk on a copy of a chain.
    func removeFirst(of chain: inout Chain) -> Int32? {
        guard !chain.isEmpty else { return nil }
        let slot = chain.first
        if slot == chain.last { chain = Chain() } else { chain.first = links[Int(slot)].next }
        return slot
    }

    mutating func remove(_ slot: Int32, from chain: inout Chain) {
        let link = links[Int(slot)]
        switch (chain.first == slot, chain.last == slot) {
        case (true, true): chain = Chain()
        case (true, false): chain.first = link.next
        case (false, true): chain.last = link.previous
        case (false, false):
            links[Int(link.previous)].next = link.next
            links[Int(link.next)].previous = link.previous
        }
    }

    /// Gives the memory back; every chain must be empty.
    mutating func removeAll() {
        links = []
    }
}
