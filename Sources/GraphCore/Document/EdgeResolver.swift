// Baton
// SPDX-License-Identifier: Apache-2.0

/// Turns the edges and dependencies of a document into edges between positions.
struct EdgeResolver {
    private let document: GraphDocument
    let names: NameIndex
    private(set) var edges: [NamedGraph.Edge] = []
    private(set) var loops: [NamedGraph.Edge] = []
    private(set) var repeated: [NamedGraph.Edge] = []
    private(set) var unknownEnds: [NamedGraph.UnknownEnd] = []
    /// Each loop's target.
    private var backTo: [Int?] = []

    /// One end of an edge as written.
    private struct End {
        let node: Int
        let port: Text
    }

    /// An edge with all that makes it another one than a second between the same nodes.
    private struct Candidate {
        let edge: NamedGraph.Edge
        var isDependency = false
        var fromPort = Text.empty
        var toPort = Text.empty
        /// Raw values in the input.
        var when = Text.empty
        var branchCase = Text.empty
        var port = Text.empty
    }

    init(_ document: GraphDocument) {
        self.document = document
        names = NameIndex(document)
    }

    mutating func resolve() {
        backTo = document.nodes.map { node in node.backTo.flatMap { names.find($0) } }
        var candidates: [Candidate] = []
        for edge in document.edges {
            if let candidate = candidate(edge) { candidates.append(candidate) }
        }
        for dependency in document.dependencies {
            if let candidate = candidate(dependency) { candidates.append(candidate) }
        }
        addLoops(written: candidates.filter { isBack($0.edge) }.map { $0.edge })
        merge(candidates.filter { !isBack($0.edge) })
    }

    private func isBack(_ edge: NamedGraph.Edge) -> Bool { backTo[edge.from] == edge.to }

    // MARK: - ends

    private mutating func candidate(_ edge: GraphDocument.Edge) -> Candidate? {
        let from = end(edge.from, .edgeFrom(edge.index))
        let to = end(edge.to, .edgeTo(edge.index))
        guard let from, let to else { return nil }
        let isBinding = !from.port.isEmpty || !to.port.isEmpty
        let resolved = NamedGraph.Edge(
            from: from.node,
            to: to.node,
            place: .edge(edge.index),
            isConditional: edge.isConditional,
            isNever: edge.isNever,
            data: isBinding ? true : edge.data
        )
        return Candidate(
            edge: resolved,
            fromPort: from.port,
            toPort: to.port,
            when: edge.when ?? .empty,
            branchCase: edge.branchCase ?? .empty,
            port: edge.port ?? .empty
        )
    }

    private mutating func candidate(_ dependency: GraphDocument.Dependency) -> Candidate? {
        let place = Place.dependency(node: document.nodes[dependency.node].index, index: dependency.index)
        guard let from = end(dependency.id, place),
            // The node itself, or the first of those with its id.
            let to = names.find(document.nodes[dependency.node].id)
        else { return nil }
        return Candidate(
            edge: .init(from: from.node, to: to, place: place, isConditional: false, isNever: false, data: false),
            isDependency: true,
            fromPort: from.port
        )
    }

    /// `node`, or `node.port`.
    private mutating func end(_ text: Text, _ place: Place) -> End? {
        let nothing = Text(start: text.end, end: text.end)
        if let node = names.find(text) { return End(node: node, port: nothing) }
        let dot = document.texts[text].firstIndex(of: UInt8(ascii: ".")) ?? text.end
        let (id, port) = (Text(start: text.start, end: dot), Text(start: dot, end: text.end))
        if !port.isEmpty, let node = names.find(id) { return End(node: node, port: port) }
        unknownEnds.append(.init(id: id, port: port, place: place))
        return nil
    }

    // MARK: - loops

    private mutating func addLoops(written: [NamedGraph.Edge]) {
        loops = written
        var isWritten = [Bool](repeating: false, count: document.nodes.count)
        for edge in written { isWritten[edge.from] = true }
        for (position, node) in document.nodes.enumerated() {
            guard let id = node.backTo else { continue }
            let place = Place.backTo(node: node.index, isAlias: node.isBackToAlias)
            guard let target = backTo[position] else {
                unknownEnds.append(.init(id: id, port: Text(start: id.end, end: id.end), place: place))
                continue
            }
            guard !isWritten[position] else { continue }
            loops.append(
                .init(from: position, to: target, place: place, isConditional: true, isNever: false, data: nil)
            )
        }
    }

    // MARK: - edges written twice

    private mutating func merge(_ candidates: [Candidate]) {
        let sorted = candidates.indices.sorted { left, right in
            switch compare(candidates[left], candidates[right]) {
            case .less: true
            case .equal: left < right
            case .greater: false
            }
        }
        var isRepeated = [Bool](repeating: false, count: candidates.count)
        for (before, position) in zip(sorted, sorted.dropFirst()) {
            let (first, second) = (candidates[before], candidates[position])
            guard first.edge.from == second.edge.from, first.edge.to == second.edge.to else { continue }
            // A dependency beside a written edge adds nothing, whatever that one says.
            isRepeated[position] = second.isDependency || compare(first, second) == .equal
        }
        for (position, candidate) in candidates.enumerated() {
            if isRepeated[position] { repeated.append(candidate.edge) } else { edges.append(candidate.edge) }
        }
    }

    /// By nodes, written ones first, then by what they say.
    private func compare(_ left: Candidate, _ right: Candidate) -> Comparison {
        let texts = document.texts.bytes
        return Comparison(left.edge.from, right.edge.from)
            .then(Comparison(left.edge.to, right.edge.to))
            .then(Comparison(left.isDependency ? 1 : 0, right.isDependency ? 1 : 0))
            .then(texts.compare(left.fromPort, right.fromPort))
            .then(texts.compare(left.toPort, right.toPort))
            .then(document.input.compare(left.when, right.when))
            .then(document.input.compare(left.branchCase, right.branchCase))
            .then(document.input.compare(left.port, right.port))
    }
}
