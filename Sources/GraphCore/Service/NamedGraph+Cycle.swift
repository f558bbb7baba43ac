// Baton
// SPDX-License-Identifier: Apache-2.0

extension NamedGraph {
    /// Longer cycles are shortened in messages.
    static let shownSteps = 20

    /// A shortest cycle of more than one node.
    func longCycle() -> [Int]? {
        let others = digraph.edges.filter { $0.from != $0.to }
        return Digraph(nodeCount: digraph.nodeCount, edges: others).shortestCycle()
    }

    /// One edge for each step along a cycle and back to its start.
    func steps(along cycle: [Int]) -> [Edge] {
        zip(cycle, cycle.dropFirst() + cycle.prefix(1)).compactMap { from, to in
            digraph.edges(from: from).first { edges[$0].to == to }.map { edges[$0] }
        }
    }

    /// `a → b → a`.
    func text(of cycle: [Int]) -> Message {
        let closed = cycle + cycle.prefix(1)
        var message: Message = ""
        for (index, node) in closed.enumerated() {
            if closed.count > Self.shownSteps, index >= Self.shownSteps / 2, index < closed.count - Self.shownSteps / 2
            {
                if index == Self.shownSteps / 2 { message += " → … \(cycle.count) nodes …" }
                continue
            }
            if index > 0 { message += " → " }
            message += "\(bare: name(node))"
        }
        return message
    }

    /// `a → b`.
    func text(of edge: Edge) -> Message { "\(bare: name(edge.from)) → \(bare: name(edge.to))" }

    func writeNames(of nodes: [Int], to writer: inout JSONWriter) {
        writer.beginArray()
        for node in nodes { writer.value(name(node)) }
        writer.endArray()
    }

    /// The nodes along the cycle that an edge between `options.from` and `options.to` would close.
    func closedCycleAnswer() throws(GraphFailure) -> [UInt8] {
        var writer = JSONWriter()
        let from = try node(document.options.from, "from")
        let to = try node(document.options.to, "to")
        let isLoop = loops.contains { $0.from == from && $0.to == to }
        let path = isLoop ? nil : digraph.shortestPath(from: to, to: from)
        writer.beginObject()
        writer.key("cycle")
        if let path {
            writeNames(of: path, to: &writer)
            writer.key("edges")
            writer.beginArray()
            for step in steps(along: path).filter({ $0.from != from }) { writer.value(step.place) }
            writer.endArray()
            let message: Message = "cycle: \(text(of: path))"
            writer.member("message", message.bytes[...])
        } else {
            writer.null()
        }
        writer.endObject()
        return writer.bytes
    }

    private func node(
        _ option: GraphDocument.Options.Value?,
        _ key: StaticString
    ) throws(GraphFailure) -> Int {
        guard let option else {
            var message: Message = "`options` needs `from` and `to`; missing: "
            message += Message(stringLiteral: key)
            throw GraphFailure("E106", message, at: document.input.count)
        }
        guard let node = names.find(option.text) else {
            throw GraphFailure("E202", "there is no node \(document.texts[option.text])", at: option.offset)
        }
        return node
    }
}
