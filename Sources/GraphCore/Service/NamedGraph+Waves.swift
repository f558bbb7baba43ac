// Baton
// SPDX-License-Identifier: Apache-2.0

extension NamedGraph {
    /// The ids of each wave, or a cycle that keeps the graph from having any.
    func wavesAnswer() -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("waves")
        if let waves = digraph.waves(), let order = digraph.topologicalOrder() {
            writer.beginArray()
            for (place, node) in order.enumerated() {
                if place == 0 || waves[order[place - 1]] != waves[node] {
                    if place > 0 { writer.endArray() }
                    writer.beginArray()
                }
                writer.value(name(node))
            }
            if !order.isEmpty { writer.endArray() }
            writer.endArray()
        } else {
            writer.null()
            writeCycle(to: &writer)
        }
        writer.endObject()
        return writer.bytes
    }

    /// The edges that can go without changing any order, by index, and with dependencies by path.
    func redundantEdgesAnswer() -> [UInt8] {
        var writer = JSONWriter()
        let isAcyclic = digraph.waves() != nil
        let found = isAcyclic ? repeated + redundantEdges() : repeated
        writer.beginObject()
        writer.key("edges")
        writer.beginArray()
        for edge in found {
            if let index = edge.place.edgeIndex { writer.value(index) }
        }
        writer.endArray()
        writer.key("paths")
        writer.beginArray()
        for edge in found { writer.value(edge.place) }
        writer.endArray()
        if !isAcyclic { writeCycle(to: &writer) }
        writer.endObject()
        return writer.bytes
    }

    private func writeCycle(to writer: inout JSONWriter) {
        guard let cycle = digraph.shortestCycle() else { return }
        writer.key("cycle")
        writeNames(of: cycle, to: &writer)
    }
}
