// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Model
internal import Store

/// Tasks that may start, best first: five strict classes cut from the priority number, then first come, first served.
/// Entries may be stale; whoever takes one asks the run.
struct ReadyQueue {
    private struct Entry {
        let rank: UInt64
        let key: TaskKey
    }
    private var heap = Heap<Entry> { $0.rank < $1.rank }
    private var next: UInt64 = 0

    var isEmpty: Bool { heap.isEmpty }

    mutating func push(_ key: TaskKey, priority: Int) {
        next += 1
        heap.push(Entry(rank: UInt64(Self.priorityClass(priority)) << 56 | next, key: key))
    }

    mutating func pop() -> TaskKey? {
        heap.pop()?.key
    }

    /// 0 critical, 1 high, 2 normal, 3 low, 4 bulk.
    static func priorityClass(_ priority: Int) -> Int {
        switch priority {
        case ..<10: 0
        case ..<50: 1
        case ..<150: 2
        case ..<500: 3
        default: 4
        }
    }
}

/// A binary heap; the element that comes before all others is on top.
struct Heap<Element> {
    private var items: [Element] = []
    private let comesBefore: (Element, Element) -> Bool

    init(_ comesBefore: @escaping (Element, Element) -> Bool) {
        self.comesBefore = comesBefore
    }

    var isEmpty: Bool { items.isEmpty }
    var first: Element? { items.first }

    mutating func push(_ element: Element) {
        items.append(element)
        var child = items.count - 1
        while child > 0, comesBefore(items[child], items[(child - 1) / 2]) {
            items.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func pop() -> Element? {
        guard let top = items.first, let last = items.popLast() else { return nil }
        guard !items.isEmpty else { return top }
        items[0] = last
        var parent = 0
        while true {
            var best = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < items.count {
                if comesBefore(items[child], items[best]) { best = child }
            }
            guard best != parent else { return top }
            items.swapAt(parent, best)
            parent = best
        }
    }
}
