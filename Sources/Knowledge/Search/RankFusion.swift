// Baton
// SPDX-License-Identifier: Apache-2.0

/// Reciprocal rank fusion: what stands high in several lists comes first, whatever the scores in them mean.
public enum RankFusion {
    /// How little the first places differ from the next ones; 60, as is usual.
    public static let softness = 60.0

    /// The things of all lists, the best first; of equal ones those that come first in the first lists.
    ///
    /// - Parameter lists: Each the best first, each thing at most once in it.
    /// - Returns: Scores above 0; 1 is the first place in every list.
    public static func fuse<Thing: Hashable>(_ lists: [[Thing]]) -> [(thing: Thing, score: Double)] {
        var (order, sums) = ([Thing](), [Thing: Double]())
        for list in lists {
            for (rank, thing) in list.enumerated() {
                if sums[thing] == nil { order.append(thing) }
                sums[thing, default: 0] += (softness + 1) / (softness + 1 + Double(rank))
            }
        }
        let scored = order.map { thing in (thing: thing, score: (sums[thing] ?? 0) / Double(max(1, lists.count))) }
        // The sort is stable.
        return scored.sorted { $0.score > $1.score }
    }
}
