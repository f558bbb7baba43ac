// Baton
// SPDX-License-Identifier: Apache-2.0

/// Finds the node that a misspelt id was probably meant to be.
struct NearestName {
    private let document: GraphDocument
    /// How much is still compared, in bytes, so that a document full of mistakes is answered at once.
    private var bytesLeft = 2_000_000

    init(_ document: GraphDocument) { self.document = document }

    /// The nearest node, if it is near: up to a third of the letters differ, at most three. The first of equals.
    mutating func find(_ name: ArraySlice<UInt8>) -> Int? {
        var limit = min(3, max(1, name.count / 3))
        var best: Int?
        for (position, node) in document.nodes.enumerated() {
            guard bytesLeft > 0, limit > 0 else { break }
            bytesLeft -= 1
            // Nobody means an id this long.
            guard abs(node.id.end - node.id.start - name.count) <= limit, name.count <= 128 else { continue }
            bytesLeft -= name.count
            guard let distance = Self.distance(name, document.texts[node.id], limit: limit), distance > 0
            else { continue }
            best = position
            limit = distance - 1
        }
        return best
    }

    /// Insertions, deletions, replacements and swaps of neighbours that turn one into the other; `nil` above `limit`.
    private static func distance(_ left: ArraySlice<UInt8>, _ right: ArraySlice<UInt8>, limit: Int) -> Int? {
        let (left, right) = (Array(left), Array(right))
        var beforePrevious: [Int] = []
        var previous = Array(0...right.count)
        for i in left.indices {
            var row = [i + 1]
            for j in right.indices {
                var cost = min(previous[j + 1], row[j]) + 1
                cost = min(cost, previous[j] + (left[i] == right[j] ? 0 : 1))
                if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] {
                    cost = min(cost, beforePrevious[j - 1] + 1)
                }
                row.append(cost)
            }
            guard row.contains(where: { $0 <= limit }) else { return nil }
            (beforePrevious, previous) = (previous, row)
        }
        return previous[right.count] <= limit ? previous[right.count] : nil
    }
}
