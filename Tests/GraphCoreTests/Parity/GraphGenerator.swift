// Baton
// SPDX-License-Identifier: Apache-2.0

/// Makes documents that are right, wrong, and broken.
struct GraphGenerator {
    private var random: SplitMix

    init(seed: UInt64) { random = SplitMix(state: seed) }

    /// JSON text with nodes and edges of all kinds; most have something wrong with them.
    mutating func document() -> [UInt8] {
        let isLarge = random.oneIn(40)
        let count = isLarge ? 40 + random.below(80) : random.below(14)
        let style = random.below(4)
        let ids = (0..<count).map { id($0, style) }
        let nodes = ids.map { node($0, ids) }
        let edges = (0..<(count == 0 ? 0 : random.below(count * 2))).map { _ in edge(ids) }
        var members = ["\"nodes\":[\(nodes.joined(separator: ","))]", "\"edges\":[\(edges.joined(separator: ","))]"]
        members.append(random.pick(["\"workflow\":\"x\"", "\"metadata\":{\"a\":[1,{\"b\":null}]}", "\"limits\":{}"]))
        members.append("\"options\":{\(options(ids))}")
        if random.oneIn(3) { members.reverse() }
        if random.oneIn(30) { members.removeFirst() }
        return Array("{\(members.joined(separator: random.pick([",", " , ", ",\n"])))}".utf8)
    }

    /// A document with some bytes changed.
    mutating func brokenDocument() -> [UInt8] {
        if random.oneIn(20) {
            let bracket = random.pick(["[", "{\"nodes\":", "{\"a\":[", "[[],"])
            return Array(String(repeating: bracket, count: random.below(3_000)).utf8)
        }
        var bytes = document()
        for _ in 0...random.below(4) {
            let place = random.below(bytes.count + 1)
            let end = min(bytes.count, place + random.below(12))
            switch random.below(6) {
            case 0: bytes.removeSubrange(place...)
            case 1: bytes.removeSubrange(place..<end)
            case 2: bytes.insert(UInt8(random.below(256)), at: place)
            case 3: if place < bytes.count { bytes[place] = UInt8(random.below(256)) }
            case 4: bytes.insert(contentsOf: bytes[place..<end], at: random.below(bytes.count + 1))
            default: bytes.insert(contentsOf: Array(random.pick(Self.snippets).utf8), at: place)
            }
        }
        return bytes
    }

    private static let snippets = [
        "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u12", "\\ud83d", "\\ud83d\\ude00", "null", "true", "1e999999999",
        "-0.00e-9", "01", "\u{0}", "é", "🚀", "\"nodes\":[1,null,\"x\",[]]", "\"id\":7,", "\"depends_on\":5,",
        "99999999999999",
    ]

    // MARK: - parts

    private mutating func id(_ number: Int, _ style: Int) -> String {
        if random.oneIn(60) {
            return random.pick(["", "a b", "x.y", "\\u0000", "\\\"", "1st", String(repeating: "long", count: 30)])
        }
        if random.oneIn(50) { return "n0" }
        switch style {
        case 0: return "n\(number)"
        case 1: return "🚀\(number)"
        case 2: return "step_\(number % 7)\(number / 7)"
        default: return random.pick(["e\\u0301", "é", "n", "task-"]) + "\(number)"
        }
    }

    private mutating func node(_ id: String, _ ids: [String]) -> String {
        var members = ["\"id\":\"\(id)\""]
        let type = random.pick(["http", "agent", "branch", "join", "loop", "human", "wait", "transform"])
        if !random.oneIn(10) { members.append("\"type\":\"\(type)\"") }
        if random.oneIn(4) {
            members.append("\"width\":\(random.pick(["100", "31", "1e2", "-5", "0.5", "2147483648"]))")
        }
        if random.oneIn(4) { members.append("\"height\":\(random.pick(["20", "33", "54.9", "99999", "\"x\""]))") }
        if random.oneIn(4) {
            let others = (0..<random.below(4)).map { _ in "\"\(end(ids))\"" }
            members.append("\"depends_on\":[\(others.joined(separator: ","))]")
        }
        if random.oneIn(6) {
            members.append("\"join\":\(random.pick(["\"any\"", "\"done\"", "{\"quorum\":2}", "\"odd\"", "3"]))")
        }
        if random.oneIn(9) {
            members.append("\"when\":\(random.pick(["false", "\"false\"", "true", "\"1 > 2\"", "null"]))")
        }
        if type == "loop" {
            let key = random.pick(["back_to", "loop_back_to"])
            members.append("\"config\":{\"max_iterations\":3,\"\(key)\":\"\(end(ids))\"}")
        } else if random.oneIn(3) {
            members.append("\"config\":{\"mode\":\"\(random.pick(["all", "any", "quorum"]))\",\"n\":2,\"x\":[{}]}")
        }
        if random.oneIn(40) { members.removeFirst() }
        if random.oneIn(3) { members.reverse() }
        return "{\(members.joined(separator: ","))}"
    }

    private mutating func edge(_ ids: [String]) -> String {
        // Most go forward, so that not every graph has a cycle.
        let (a, b) = (random.below(ids.count), random.below(ids.count))
        let isForward = !random.oneIn(12)
        let from = random.oneIn(20) ? end(ids) : ids[isForward ? min(a, b) : max(a, b)]
        let to = random.oneIn(20) ? end(ids) : ids[isForward ? max(a, b) : min(a, b)]
        var members = ["\"from\":\"\(from)\"", "\"to\":\"\(to)\""]
        if random.oneIn(6) {
            members.append("\"when\":\(random.pick(["false", "true", "\"x\"", "\"false\"", "null"]))")
        }
        if random.oneIn(8) { members.append("\"case\":\(random.pick(["\"large\"", "\"small\"", "7", "null"]))") }
        if random.oneIn(9) { members.append("\"port\":\"limit\"") }
        if random.oneIn(3) { members.append("\"data\":\(random.pick(["true", "false", "0"]))") }
        return "{\(members.joined(separator: ","))}"
    }

    /// A node, perhaps with a port or misspelt.
    private mutating func end(_ ids: [String]) -> String {
        guard !ids.isEmpty, !random.oneIn(8) else { return random.pick(["nowhere", "n00", "step-1", "🚀", ".x", ""]) }
        let id = random.pick(ids)
        return random.oneIn(5) ? id + random.pick([".out", ".", ".a.b"]) : id
    }

    private mutating func options(_ ids: [String]) -> String {
        var members = ["\"from\":\"\(end(ids))\"", "\"to\":\"\(end(ids))\""]
        if random.oneIn(2) {
            members.append("\"direction\":\"\(random.oneIn(12) ? "up" : random.pick(["right", "down"]))\"")
        }
        if random.oneIn(4) { members.append("\"node_gap\":\(random.below(40))") }
        if random.oneIn(4) { members.append("\"layer_gap\":\(random.below(90))") }
        if random.oneIn(20) { members.remove(at: random.below(2)) }
        return members.joined(separator: ",")
    }
}
