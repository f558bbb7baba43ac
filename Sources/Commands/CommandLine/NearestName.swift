// Baton
// SPDX-License-Identifier: Apache-2.0

/// Finds what a misspelt word was probably meant to be.
enum NearestName {
    /// The nearest of the known names, if it is near: up to a third of the letters differ (at least one, at most
    /// three), or it starts with the word.
    static func find(_ word: String, among known: [String]) -> String? {
        let letters = Array(word.utf8)
        let limit = min(3, max(1, letters.count / 3))
        let ranked = known.map { (name: $0, distance: distance(letters, Array($0.utf8))) }
        let best = ranked.min { $0.distance < $1.distance }
        if let best, best.distance <= limit { return best.name }
        return letters.count >= 2 ? known.first { $0.hasPrefix(word) } : nil
    }

    /// Letters to add, remove, change or swap with their neighbour.
    private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var before: [Int] = []
        var previous = Array(0...right.count)
        for i in left.indices {
            var row = [i + 1]
            for j in right.indices {
                var cost = min(previous[j + 1] + 1, row[j] + 1, previous[j] + (left[i] == right[j] ? 0 : 1))
                if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] {
                    cost = min(cost, before[j - 1] + 1)
                }
                row.append(cost)
            }
            (before, previous) = (previous, row)
        }
        return previous[right.count]
    }
}
