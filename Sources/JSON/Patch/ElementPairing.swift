// Baton
// SPDX-License-Identifier: Apache-2.0

/// Says which elements of two arrays are the same thing, changed or not. Both positions rise from pair to pair.
enum ElementPairing {
    typealias Pair = (old: Int, new: Int)

    /// The most comparisons of elements; above, only what both arrays start and end with is found.
    private static let comparisonLimit = 1_000_000

    static func pairs(_ old: [JSONValue], _ new: [JSONValue]) -> [Pair] {
        if let oldIDs = ids(old), let newIDs = ids(new) { return pairs(oldIDs, newIDs) }
        return pairsByValue(old, new)
    }

    // MARK: By id

    /// The ids of all elements with their positions; `nil` when an element has none or two have the same.
    private static func ids(_ array: [JSONValue]) -> [JSONValue: Int]? {
        var positions: [JSONValue: Int] = [:]
        for (position, element) in array.enumerated() {
            guard let id = element["id"], positions.updateValue(position, forKey: id) == nil else { return nil }
        }
        return positions.isEmpty ? nil : positions
    }

    private static func pairs(_ old: [JSONValue: Int], _ new: [JSONValue: Int]) -> [Pair] {
        let common = old.compactMap { id, position in new[id].map { Pair(old: position, new: $0) } }
        return longestRise(common.sorted { $0.old < $1.old })
    }

    /// The most pairs whose second position rises too (patience sorting); the rest have changed places.
    private static func longestRise(_ pairs: [Pair]) -> [Pair] {
        var ends: [Int] = []
        var before: [Int?] = []
        for (index, pair) in pairs.enumerated() {
            var low = 0
            var high = ends.count
            while low < high {
                let middle = (low + high) / 2
                if pairs[ends[middle]].new < pair.new { low = middle + 1 } else { high = middle }
            }
            before.append(low > 0 ? ends[low - 1] : nil)
            if low == ends.count { ends.append(index) } else { ends[low] = index }
        }
        var result: [Pair] = []
        var next = ends.last
        while let index = next {
            result.append(pairs[index])
            next = before[index]
        }
        return result.reversed()
    }

    // MARK: By value

    private static func pairsByValue(_ old: [JSONValue], _ new: [JSONValue]) -> [Pair] {
        let shorter = min(old.count, new.count)
        var start = 0
        while start < shorter, old[start] == new[start] { start += 1 }
        var tail = 0
        while tail < shorter - start, old[old.count - 1 - tail] == new[new.count - 1 - tail] { tail += 1 }
        let equal = common(Array(old[start..<(old.count - tail)]), Array(new[start..<(new.count - tail)]))
        var result = (0..<start).map { Pair(old: $0, new: $0) }
        var last = Pair(old: start, new: start)
        // Between two equal elements the ones in the way are paired in order: one changes into the other.
        for pair in equal.map({ Pair(old: $0.old + start, new: $0.new + start) })
            + [Pair(old: old.count - tail, new: new.count - tail)]
        {
            for step in 0..<min(pair.old - last.old, pair.new - last.new) {
                result.append(Pair(old: last.old + step, new: last.new + step))
            }
            if pair.old < old.count - tail, pair.new < new.count - tail { result.append(pair) }
            last = Pair(old: pair.old + 1, new: pair.new + 1)
        }
        return result + (0..<tail).reversed().map { Pair(old: old.count - 1 - $0, new: new.count - 1 - $0) }
    }

    /// A longest list of elements that are in both arrays, in order.
    private static func common(_ old: [JSONValue], _ new: [JSONValue]) -> [Pair] {
        guard !old.isEmpty, !new.isEmpty, old.count <= comparisonLimit / new.count else { return [] }
        var numbers: [JSONValue: Int32] = [:]
        func number(_ value: JSONValue) -> Int32 {
            let known = numbers[value] ?? Int32(numbers.count)
            numbers[value] = known
            return known
        }
        let left = old.map(number)
        let right = new.map(number)
        let width = right.count + 1
        var lengths = [Int32](repeating: 0, count: (left.count + 1) * width)
        for row in left.indices.reversed() {
            for column in right.indices.reversed() {
                let here = row * width + column
                lengths[here] =
                    left[row] == right[column]
                    ? lengths[here + width + 1] + 1 : max(lengths[here + width], lengths[here + 1])
            }
        }
        var pairs: [Pair] = []
        var (row, column) = (0, 0)
        while row < left.count, column < right.count {
            let here = row * width + column
            if left[row] == right[column] {
                pairs.append(Pair(old: row, new: column))
                (row, column) = (row + 1, column + 1)
            } else if lengths[here + width] >= lengths[here + 1] {
                row += 1
            } else {
                column += 1
            }
        }
        return pairs
    }
}
