// Baton
// SPDX-License-Identifier: Apache-2.0

/// Finds many patterns in one pass over bytes (Aho and Corasick, 1975). Time is linear in the bytes, memory in the sum of
/// the patterns' lengths.
struct PatternAutomaton: Sendable {
    /// The state before the first byte.
    static let start: Int32 = 0

    /// Edges of state s: `edges[first[s]..<first[s + 1]]`, by byte.
    private var first: [Int32] = [0]
    private var edges: [(byte: UInt8, target: Int32)] = []
    /// Where to go on when no edge fits: the state of the longest proper suffix.
    private var fallback: [Int32] = []
    /// How many bytes lead to a state.
    private var depths: [Int32] = []
    /// The length of the longest pattern that ends in a state; 0 for none.
    private var matches: [Int32] = []
    /// Edges of the first state by byte: most bytes of a text stay there.
    private var roots = [Int32](repeating: 0, count: 256)

    /// - Parameter patterns: None is empty.
    init(_ patterns: some Sequence<[UInt8]>) {
        var children: [[UInt8: Int32]] = [[:]]
        depths = [0]
        matches = [0]
        for pattern in patterns where !pattern.isEmpty {
            var state = 0
            for byte in pattern {
                if let next = children[state][byte] {
                    state = Int(next)
                } else {
                    children[state][byte] = Int32(children.count)
                    depths.append(depths[state] + 1)
                    matches.append(0)
                    state = children.count
                    children.append([:])
                }
            }
            matches[state] = Int32(pattern.count)
        }
        for state in children.indices {
            edges += children[state].sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
            first.append(Int32(edges.count))
        }
        for (byte, target) in children[0] { roots[Int(byte)] = target }
        link(children)
    }

    private mutating func link(_ children: [[UInt8: Int32]]) {
        fallback = [Int32](repeating: 0, count: children.count)
        // By depth, so that what a state falls back to is linked before it.
        var queue = children[0].values.sorted()
        var index = 0
        while index < queue.count {
            let state = queue[index]
            index += 1
            for (byte, child) in children[Int(state)].sorted(by: { $0.key < $1.key }) {
                fallback[Int(child)] = next(fallback[Int(state)], byte)
                if matches[Int(child)] == 0 { matches[Int(child)] = matches[Int(fallback[Int(child)])] }
                queue.append(child)
            }
        }
    }

    /// The state after one more byte.
    func next(_ state: Int32, _ byte: UInt8) -> Int32 {
        var state = state
        while state != Self.start {
            var (low, high) = (Int(first[Int(state)]), Int(first[Int(state) + 1]))
            while low < high {
                let middle = (low + high) / 2
                if edges[middle].byte < byte { low = middle + 1 } else { high = middle }
            }
            if low < Int(first[Int(state) + 1]), edges[low].byte == byte { return edges[low].target }
            state = fallback[Int(state)]
        }
        return roots[Int(byte)]
    }

    /// How many of the last bytes may be the beginning of a pattern.
    func depth(_ state: Int32) -> Int { Int(depths[Int(state)]) }

    /// The length of the longest pattern that ends here; 0 for none.
    func match(_ state: Int32) -> Int { Int(matches[Int(state)]) }
}
