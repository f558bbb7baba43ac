// Baton
// SPDX-License-Identifier: Apache-2.0

/// What happens when; things of one instant happen in the order in which they were put in.
struct Agenda<Happening> {
    private struct Entry {
        let at: Int64
        let number: Int
        let happening: Happening

        static func < (left: Self, right: Self) -> Bool { (left.at, left.number) < (right.at, right.number) }
    }
    private var heap: [Entry] = []
    private var number = 0

    var nextAt: Int64? { heap.first?.at }

    mutating func add(_ happening: Happening, at: Int64) {
        number += 1
        heap.append(Entry(at: at, number: number, happening: happening))
        var child = heap.count - 1
        while child > 0, heap[child] < heap[(child - 1) / 2] {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    /// The next one that is due.
    mutating func pop(at now: Int64) -> Happening? {
        guard let first = heap.first, first.at <= now, let last = heap.popLast() else { return nil }
        guard !heap.isEmpty else { return first.happening }
        heap[0] = last
        var parent = 0
        while true {
            var best = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && heap[child] < heap[best] {
                best = child
            }
            guard best != parent else { return first.happening }
            heap.swapAt(parent, best)
            parent = best
        }
    }
}
