// Baton
// SPDX-License-Identifier: Apache-2.0

extension DocumentReader {
    mutating func readEdge(_ index: Int) throws(GraphFailure) {
        guard try json.kind() == .object else {
            report("E105", .edge(index), "an edge must be an object")
            return try json.skip()
        }
        var edge = GraphDocument.Edge(index: index)
        var seen = SeenKeys()
        var (hasFrom, hasTo) = (false, false)
        try json.beginObject()
        while let key = try nextKey(&seen) {
            switch key {
            case .from: if let text = try text() { (edge.from, hasFrom) = (text, true) }
            case .to: if let text = try text() { (edge.to, hasTo) = (text, true) }
            case .when: (edge.when, edge.isNever) = try readCondition()
            case .branchCase: edge.branchCase = try raw()
            case .port: edge.port = try raw()
            case .data: edge.data = try json.kind() == .bool ? json.bool() : skipped()
            default: try json.skip()
            }
        }
        guard hasFrom, hasTo else {
            let code: StaticString = seen.contains(.from) && seen.contains(.to) ? "E105" : "E106"
            return report(code, .edge(index), "an edge needs `from` and `to`, the ids of two nodes")
        }
        document.edges.append(edge)
        try checkEdgeCount()
    }

    func checkEdgeCount() throws(GraphFailure) {
        guard document.edges.count + document.dependencies.count > Self.edgeLimit else { return }
        throw GraphFailure("E216", "there are more than \(Self.edgeLimit) edges", at: json.position)
    }
}
