// Baton
// SPDX-License-Identifier: Apache-2.0

/// How one list of lines becomes another, by the algorithm of E. W. Myers, "An O(ND) Difference Algorithm and Its
/// Variations" (1986): as few lines as possible are taken out and put in.
struct LineEdits {
    /// One step, with positions from 0 in the old and the new lines.
    enum Step: Equatable {
        case keep(old: Int, new: Int)
        case remove(old: Int)
        case insert(new: Int)
    }

    /// When more lines than that differ, the middle is replaced as a whole: still right, only longer.
    static let differenceLimit = 2000

    let steps: [Step]

    init(_ old: [Substring], _ new: [Substring]) {
        let start = zip(old, new).prefix { $0 == $1 }.count
        let rest = min(old.count, new.count) - start
        let end = zip(old.reversed(), new.reversed()).prefix(rest).prefix { $0 == $1 }.count
        let (oldMiddle, newMiddle) = (start..<(old.count - end), start..<(new.count - end))
        let middle =
            Self.trace(Array(old[oldMiddle]), Array(new[newMiddle])).map { Self.steps($0, oldMiddle, newMiddle) }
            ?? oldMiddle.map { .remove(old: $0) } + newMiddle.map { .insert(new: $0) }
        steps =
            (0..<start).map { .keep(old: $0, new: $0) } + middle
            + (0..<end).map { .keep(old: old.count - end + $0, new: new.count - end + $0) }
    }

    /// How far each diagonal was reached, for every number of differences; `nil` when there are too many.
    private static func trace(_ old: [Substring], _ new: [Substring]) -> [[Int]]? {
        let limit = min(old.count + new.count, differenceLimit)
        var reached = [Int](repeating: 0, count: 2 * limit + 3)
        var rounds: [[Int]] = []
        for round in 0...limit {
            // Only the part that this round reads is kept.
            rounds.append(Array(reached[(limit - round)...(limit + round + 2)]))
            for diagonal in stride(from: -round, through: round, by: 2) {
                let at = diagonal + limit + 1
                let goesDown = diagonal == -round || diagonal != round && reached[at - 1] < reached[at + 1]
                var x = goesDown ? reached[at + 1] : reached[at - 1] + 1
                while x < old.count, x - diagonal < new.count, x >= diagonal, old[x] == new[x - diagonal] { x += 1 }
                reached[at] = x
                if x >= old.count, x - diagonal >= new.count { return rounds }
            }
        }
        return nil
    }

    /// Walks back from the end.
    private static func steps(_ rounds: [[Int]], _ old: Range<Int>, _ new: Range<Int>) -> [Step] {
        var (x, y) = (old.count, new.count)
        var steps: [Step] = []
        for (round, reached) in rounds.enumerated().reversed() {
            let diagonal = x - y
            let at = diagonal + round + 1
            let goesDown = diagonal == -round || diagonal != round && reached[at - 1] < reached[at + 1]
            let fromX = goesDown ? reached[at + 1] : reached[at - 1]
            let fromY = fromX - (goesDown ? diagonal + 1 : diagonal - 1)
            while x > max(fromX, 0), y > max(fromY, 0) {
                (x, y) = (x - 1, y - 1)
                steps.append(.keep(old: old.lowerBound + x, new: new.lowerBound + y))
            }
            guard round > 0 else { break }
            if goesDown {
                y -= 1
                steps.append(.insert(new: new.lowerBound + y))
            } else {
                x -= 1
                steps.append(.remove(old: old.lowerBound + x))
            }
        }
        return steps.reversed()
    }
}
