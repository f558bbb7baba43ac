// Baton
// SPDX-License-Identifier: Apache-2.0

/// The keys and values that matter to a graph. Raw values are positions in ``spellings``; frequent ones come first.
enum Word: UInt8 {
    case from, to, id, type, data, when, dependsOn, config
    case branchCase, port, join, width, height
    case backTo, loopBackTo, mode, n, quorum
    case nodes, edges, options, direction, nodeGap, layerGap
    case all, any, done
    case loop, human, hitl, approval, branch, conditional, wait
    case right, down

    private static let spellings: [StaticString] = [
        "from", "to", "id", "type", "data", "when", "depends_on", "config",
        "case", "port", "join", "width", "height",
        "back_to", "loop_back_to", "mode", "n", "quorum",
        "nodes", "edges", "options", "direction", "node_gap", "layer_gap",
        "all", "any", "done",
        "loop", "human", "hitl", "approval", "branch", "conditional", "wait",
        "right", "down",
    ]

    /// `nil` for everything else.
    init?(_ text: ArraySlice<UInt8>) {
        guard let position = Self.spellings.firstIndex(where: { text.isEqual(to: $0) }) else { return nil }
        self.init(rawValue: UInt8(position))
    }
}

/// Which words were keys of an object. One that is there twice is refused, because readers differ in which of the two
/// they take.
struct SeenKeys {
    private var bits: UInt64 = 0

    func contains(_ key: Word) -> Bool { bits >> key.rawValue & 1 == 1 }

    mutating func note(_ key: Word, _ json: JSONReader) throws(GraphFailure) {
        guard !contains(key) else { throw GraphFailure("E108", "this key is there twice", at: json.position) }
        bits |= 1 << key.rawValue
    }
}
