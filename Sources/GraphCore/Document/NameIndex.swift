// Baton
// SPDX-License-Identifier: Apache-2.0

/// Finds nodes by their ids.
///
/// Sorted instead of hashed: no document can make it slow, and nothing depends on a random seed.
struct NameIndex {
    private let document: GraphDocument
    /// Positions of nodes, by id; of equal ids in the order of the document.
    private let sorted: [Int]

    init(_ document: GraphDocument) {
        self.document = document
        sorted = document.nodes.indices.sorted { left, right in
            switch document.texts.bytes.compare(document.nodes[left].id, document.nodes[right].id) {
            case .less: true
            case .equal: left < right
            case .greater: false
            }
        }
    }

    /// The first node with that id.
    func find(_ id: Text) -> Int? {
        var (low, high) = (0, sorted.count)
        while low < high {
            let middle = (low + high) / 2
            let isBefore = document.texts.bytes.compare(document.nodes[sorted[middle]].id, id) == .less
            if isBefore { low = middle + 1 } else { high = middle }
        }
        guard low < sorted.count, document.texts.isEqual(document.nodes[sorted[low]].id, id) else { return nil }
        return sorted[low]
    }

    /// Calls `body` with each node whose id another one before it has, and with that one.
    func forEachDuplicate(_ body: (_ node: Int, _ first: Int) -> Void) {
        for (position, node) in document.nodes.enumerated() {
            guard let first = find(node.id), first != position else { continue }
            body(position, first)
        }
    }
}
