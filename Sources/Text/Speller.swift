// Baton
// SPDX-License-Identifier: Apache-2.0

/// Finds what a misspelt name was probably meant to be.
public struct Speller {
    /// How many names are still compared, so that a document full of mistakes costs no more than a few seconds.
    private var comparisonsLeft = 1_000_000

    /// A speller that has compared nothing yet.
    public init() {}

    /// The nearest known name, if it is near: up to a third of the letters differ, at most three. The first of equals.
    public mutating func nearest(to name: String, among known: some Sequence<String>) -> String? {
        let word = Array(name.utf8)
        var limit = min(3, max(1, word.count / 3))
        var best: String?
        for candidate in known {
            guard comparisonsLeft > 0 else { break }
            comparisonsLeft -= 1
            guard abs(candidate.utf8.count - word.count) <= limit,
                let distance = Self.distance(word, Array(candidate.utf8), limit: limit), distance > 0
            else { continue }
            best = candidate
            limit = distance - 1
            if limit == 0 { break }
        }
        return best
    }

    /// Insertions, deletions, replacements and swaps of neighbours that turn one into the other; `nil` above `limit`.
    private static func distance(_ left: [UInt8], _ right: [UInt8], limit: Int) -> Int? {
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
