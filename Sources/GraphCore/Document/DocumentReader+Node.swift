// Baton
// SPDX-License-Identifier: Apache-2.0

extension DocumentReader {
    mutating func readNode(_ index: Int) throws(GraphFailure) {
        guard try json.kind() == .object else {
            report("E105", .node(index), "a node must be an object")
            return try json.skip()
        }
        guard document.nodes.count < Self.nodeLimit else {
            throw GraphFailure("E216", "there are more than \(Self.nodeLimit) nodes", at: json.position)
        }
        var parts = NodeParts(node: .init(index: index))
        try json.beginObject()
        while let key = try nextKey(&parts.seen) { try readMember(key, into: &parts) }
        if !parts.seen.contains(.id) { report("E106", .node(index), "the node has no `id`") }
        guard parts.hasID else {
            if let first = parts.firstDependency { document.dependencies.removeSubrange(first...) }
            return
        }
        document.nodes.append(parts.finished())
    }

    private mutating func readMember(_ key: Word, into parts: inout NodeParts) throws(GraphFailure) {
        switch key {
        case .id: try readID(into: &parts)
        case .type: parts.type = .init(try word())
        case .dependsOn: try readDependencies(of: &parts)
        case .join: parts.join = try readJoin()
        case .when: parts.node.isNever = try readCondition().isNever
        case .config: try readConfig(into: &parts)
        case .width: parts.node.width = try length(in: 1...LayeredLayout.sizeLimit)
        case .height: parts.node.height = try length(in: 1...LayeredLayout.sizeLimit)
        default: try json.skip()
        }
    }

    private mutating func readID(into parts: inout NodeParts) throws(GraphFailure) {
        let place = Place.nodeID(parts.node.index)
        guard let id = try text() else { return report("E105", place, "an id must be text") }
        parts.hasID = true
        parts.node.id = id
        guard !document.texts[id].isID else { return }
        let name = document.texts[id]
        report(
            "E107",
            place,
            "\(name) is no valid id; ids are a letter or `_`, then up to 63 letters, digits, `_` or `-`"
        )
    }

    private mutating func readDependencies(of parts: inout NodeParts) throws(GraphFailure) {
        let index = parts.node.index
        parts.firstDependency = document.dependencies.count
        guard try json.kind() == .array else {
            if try json.kind() != .null { report("E105", .dependencies(index), "`depends_on` must be a list of ids") }
            return try json.skip()
        }
        var entry = 0
        try json.beginArray()
        while try json.nextItem() {
            if let id = try text() {
                document.dependencies.append(.init(node: document.nodes.count, index: entry, id: id))
                try checkEdgeCount()
            } else {
                report("E105", .dependency(node: index, index: entry), "an id must be text")
            }
            entry += 1
        }
    }

    private mutating func readConfig(into parts: inout NodeParts) throws(GraphFailure) {
        guard try json.kind() == .object else { return try json.skip() }
        var seen = SeenKeys()
        try json.beginObject()
        while let key = try nextKey(&seen) {
            switch key {
            case .backTo, .loopBackTo:
                parts.node.backTo = try text()
                parts.node.isBackToAlias = key == .loopBackTo
            case .mode: parts.mode = .init(try word())
            case .n: parts.quorum = try count()
            default: try json.skip()
            }
        }
    }

    /// `all`, `any`, `done` or `{quorum: n}`; other values belong to checks of values.
    private mutating func readJoin() throws(GraphFailure) -> GraphDocument.Join? {
        guard try json.kind() == .object else { return .init(try word()) }
        var join: GraphDocument.Join?
        var seen = SeenKeys()
        try json.beginObject()
        while let key = try nextKey(&seen) {
            if key == .quorum { join = try count().map { .quorum($0) } } else { try json.skip() }
        }
        return join
    }

    private mutating func count() throws(GraphFailure) -> Int? {
        try length(in: 1...JSONReader.numberLimit).map { Int($0) }
    }
}

/// A node while it is read: what its type decides is only known in the end.
private struct NodeParts {
    var node: GraphDocument.Node
    var seen = SeenKeys()
    var hasID = false
    var type = GraphDocument.Kind.other
    var join: GraphDocument.Join?
    /// `mode` and `n` of a node of type `join`.
    var mode: GraphDocument.Join?
    var quorum: Int?
    var firstDependency: Int?

    init(node: GraphDocument.Node) { self.node = node }

    func finished() -> GraphDocument.Node {
        var node = node
        node.kind = type
        if type != .loop { node.backTo = nil }
        if type == .join, let mode {
            if case .quorum = mode { node.join = .quorum(quorum ?? 1) } else { node.join = mode }
        }
        if let join { node.join = join }
        return node
    }
}

extension ArraySlice<UInt8> {
    /// `[A-Za-z_][A-Za-z0-9_-]{0,63}` (spec 3.1).
    fileprivate var isID: Bool {
        func isLetter(_ byte: UInt8) -> Bool { (byte | 32) >= UInt8(ascii: "a") && (byte | 32) <= UInt8(ascii: "z") }
        guard let first, count <= 64, isLetter(first) || first == UInt8(ascii: "_") else { return false }
        return allSatisfy { byte in
            isLetter(byte) || (byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9"))
                || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
        }
    }
}

extension GraphDocument.Join {
    fileprivate init?(_ word: Word?) {
        switch word {
        case .all: self = .all
        case .any: self = .any
        case .done: self = .done
        case .quorum: self = .quorum(1)
        default: return nil
        }
    }
}

extension GraphDocument.Kind {
    fileprivate init(_ word: Word?) {
        switch word {
        case .loop: self = .loop
        case .join: self = .join
        case .human, .hitl, .approval, .branch, .conditional, .wait: self = .gate
        default: self = .other
        }
    }
}
