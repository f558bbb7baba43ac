// Baton
// SPDX-License-Identifier: Apache-2.0

/// Writes workflow documents at random, with every kind of node the engine has.
///
/// Spans are short: a run that meets no faults ends within minutes of its own time.
struct DocumentGenerator {
    private var random: SeededRandom
    private let number: Int
    private var isInner = false

    init(number: Int) {
        random = SeededRandom(seed: UInt64(number), for: "document")
        self.number = number
    }

    mutating func document() -> String {
        var text = "workflow: w\(number)\n"
        text += "on_failure: \(random.pick(["drain", "drain", "fail_fast", "continue", "compensate"]))\n"
        var limits: [String] = []
        if random.happens(500) { limits.append("max_parallel: \(random.draw(1...4))") }
        if random.happens(150) { text += "deadline: \(random.draw(30...300))s\n" }
        if !limits.isEmpty { text += "limits: {\(limits.joined(separator: ", "))}\n" }
        if random.happens(150) {
            let whenFull = random.pick(["queue", "reject", "cancel_oldest"])
            text += "concurrency: {key: shared, max: \(random.draw(1...2)), when_full: \(whenFull)}\n"
        }
        text += "inputs: {n: {type: integer, default: 0}}\n"
        return text + body(count: random.draw(2...9), prefix: "n", depth: 0, indent: "")
    }

    /// The nodes and edges of a graph or body.
    private mutating func body(count: Int, prefix: String, depth: Int, indent: String) -> String {
        var lines = ["\(indent)nodes:"]
        var edges: [String] = []
        var branches: Set<Int> = []
        for position in 0..<count {
            let sources = (0..<position).filter { _ in random.happens(350) }.suffix(4)
            let id = "\(prefix)\(position)"
            let (type, config, isBranch) = kind(id, depth)
            if isBranch { branches.insert(position) }
            var keys = ["id: \(id)", "type: \(type)"]
            let ways = sources.filter { branches.contains($0) && random.happens(600) }
            let plain = sources.filter { !ways.contains($0) }
            for source in ways {
                edges.append("{from: \(prefix)\(source), to: \(id), case: \(random.pick(["x", "y"]))}")
            }
            if !plain.isEmpty {
                keys.append("depends_on: [\(plain.map { "\(prefix)\($0)" }.joined(separator: ", "))]")
            }
            if !sources.isEmpty, type != "join", random.happens(400) { keys.append("join: \(join(sources.count))") }
            keys += policies(type)
            if let config { keys.append("config: {\(config)}") }
            lines.append("\(indent)  - {\(keys.joined(separator: ", "))}")
        }
        if !edges.isEmpty { lines.append("\(indent)edges: [\(edges.joined(separator: ", "))]") }
        return lines.joined(separator: "\n") + "\n"
    }

    private mutating func join(_ sources: Int) -> String {
        random.pick(["any", "done", "all", "{quorum: \(random.draw(1...sources))}"])
    }

    private mutating func policies(_ type: String) -> [String] {
        var keys: [String] = []
        if random.happens(200) { keys.append("continue_on_failure: true") }
        if random.happens(80) { keys.append("when: 'false'") }
        if random.happens(100) { keys.append("verify: [\(checks())]") }
        guard ["tool", "http"].contains(type) else { return keys }
        if random.happens(250) { keys.append("priority: \(random.pick([0, 20, 100, 400, 900]))") }
        if random.happens(200) { keys.append("timeout: \(random.draw(2...20))s") }
        if type == "tool", random.happens(300) { keys.append("compensate: {tool: noop, args: {undo: 1}}") }
        if random.happens(150) { keys.append("concurrency: {key: k, max: \(random.draw(1...2))}") }
        if random.happens(150) { keys.append("total_timeout: \(random.draw(20...90))s") }
        if random.happens(150) {
            keys.append("idempotency: none")
        } else if random.happens(400) {
            keys.append("retry: {max_attempts: \(random.draw(1...4)), delay: \(random.draw(0...3))s}")
        }
        return keys
    }

    private mutating func checks() -> String {
        (0..<random.draw(1...2)).map { _ in
            random.pick([
                "{kind: expr, expr: '1 < 2'}", "{kind: expr, expr: '1 > 2'}", "{kind: schema, schema: true}",
                "{kind: command, run: [make]}", "{kind: command, run: [make]}", "{kind: judge, criteria: c}",
                "{kind: human, timeout: 2m}",
            ])
        }.joined(separator: ", ")
    }

    private mutating func kind(_ id: String, _ depth: Int) -> (type: String, config: String?, isBranch: Bool) {
        let choice = random.draw(0...(depth == 0 ? 26 : 15))
        switch choice {
        case 0...7: return ("tool", "tool: noop, args: {n: \"${ inputs.n }\"}", false)
        case 8: return ("http", "method: POST, url: \"https://example.org/\(id)\"", false)
        case 9: return ("transform", random.pick(["set: {n: 1}", "expr: '[1, 2, 3]'"]), false)
        case 10: return ("filter", "items: [1, 2, 3], where: 'item > 1'", false)
        case 11: return ("aggregate", "items: [1, 2, 3], ops: [{as: s, fn: sum}]", false)
        case 12: return ("wait", "for: \(random.draw(1...20))s", false)
        case 13:
            let when = random.pick(["'true'", "'false'", "inputs.n > 1"])
            return ("branch", "cases: [{name: x, when: \(when)}], default: y", true)
        case 14, 15: return human()
        case 16, 17: return awaited()
        case 18:
            return ("signal", "type: \(random.pick(Self.signals)), to: \(random.pick(["project", "broadcast"]))", false)
        case 19, 20: return ("join", random.pick([nil, "mode: any, cancel_rest: true", "mode: done"]), false)
        case 21, 22: return loop(id)
        case 23, 24: return map(id)
        default: return child(id)
        }
    }

    static let signals = ["go", "paid"]

    private mutating func human() -> (type: String, config: String?, isBranch: Bool) {
        let rule = random.pick(["skip", "approve", "reject", "fail"])
        return ("human", "message: m, deadline: \(random.draw(1...4))m, on_expire: \(rule)", false)
    }

    private mutating func awaited() -> (type: String, config: String?, isBranch: Bool) {
        let key = random.happens(300) ? ", key: k" : ""
        var config = "signal: {type: \(random.pick(Self.signals))\(key)}"
        if random.happens(600) {
            config += ", timeout: \(random.draw(5...60))s, on_timeout: \(random.pick(["fail", "continue"]))"
        }
        return ("wait", config, false)
    }

    private mutating func loop(_ id: String) -> (type: String, config: String?, isBranch: Bool) {
        let rule = random.pick(["", "until: iteration >= 1, ", "while: iteration < 2, "])
        let delay = random.happens(300) ? "delay: \(random.draw(1...5))s, " : ""
        let body = inline(id)
        let limit = "max_iterations: \(random.draw(1...4)), on_limit: \(random.pick(["fail", "continue"]))"
        return ("loop", "\(limit), \(rule)\(delay)body: {\(body)}", false)
    }

    private mutating func map(_ id: String) -> (type: String, config: String?, isBranch: Bool) {
        let items = (0..<random.draw(0...6)).map(String.init).joined(separator: ", ")
        let rule = random.pick(["fail", "collect", "ignore"])
        let window = "max_parallel: \(random.draw(1...4)), on_item_failure: \(rule)"
        return ("map", "items: [\(items)], \(window), body: {\(inline(id))}", false)
    }

    private mutating func child(_ id: String) -> (type: String, config: String?, isBranch: Bool) {
        let close = "on_parent_close: \(random.pick(["cancel", "abandon", "wait"]))"
        let detach = random.happens(300) ? "detach: true, " : ""
        return ("workflow", "\(detach)\(close), workflow: {workflow: c\(number)\(id), \(inline(id))}", false)
    }

    /// One to three nodes in one line.
    private mutating func inline(_ id: String) -> String {
        let nodes = (0..<random.draw(1...3)).map { position in
            let own = "\(id)b\(position)"
            let (type, config, _) = kind(own, 1)
            var keys = ["id: \(own)", "type: \(type)"]
            if position > 0, random.happens(600) { keys.append("depends_on: [\(id)b\(position - 1)]") }
            keys += policies(type)
            if let config { keys.append("config: {\(config.replacing("inputs.n", with: "1"))}") }
            return "{\(keys.joined(separator: ", "))}"
        }
        return "nodes: [\(nodes.joined(separator: ", "))]"
    }
}
