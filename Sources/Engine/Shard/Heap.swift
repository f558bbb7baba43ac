// Baton
// SPDX-License-Identifier: Apache-2.0

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
