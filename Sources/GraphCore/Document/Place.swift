// Baton
// SPDX-License-Identifier: Apache-2.0

/// A place in a document; written as a JSON Pointer (RFC 6901).
enum Place {
    case document
    case nodeList
    case edgeList
    case node(Int)
    case nodeID(Int)
    case dependencies(Int)
    case dependency(node: Int, index: Int)
    case backTo(node: Int, isAlias: Bool)
    case edge(Int)
    case edgeFrom(Int)
    case edgeTo(Int)

    /// The position among the written edges, of one of these.
    var edgeIndex: Int? {
        if case .edge(let index) = self { index } else { nil }
    }

    /// The position of an entry of `depends_on`.
    var dependency: (node: Int, index: Int)? {
        if case .dependency(let node, let index) = self { (node, index) } else { nil }
    }

    /// Of two entries of `depends_on`.
    func isAfter(_ other: Place) -> Bool {
        guard let dependency, let other = other.dependency else { return false }
        return dependency > other
    }

    func write(to bytes: inout [UInt8]) {
        switch self {
        case .document: break
        case .nodeList: bytes.append("/nodes")
        case .edgeList: bytes.append("/edges")
        case .node(let node): Self.write("/nodes/", node, "", to: &bytes)
        case .nodeID(let node): Self.write("/nodes/", node, "/id", to: &bytes)
        case .dependencies(let node): Self.write("/nodes/", node, "/depends_on", to: &bytes)
        case .dependency(let node, let index):
            Self.write("/nodes/", node, "/depends_on/", to: &bytes)
            bytes.append(decimal: Int64(index))
        case .backTo(let node, let isAlias):
            Self.write("/nodes/", node, isAlias ? "/config/loop_back_to" : "/config/back_to", to: &bytes)
        case .edge(let edge): Self.write("/edges/", edge, "", to: &bytes)
        case .edgeFrom(let edge): Self.write("/edges/", edge, "/from", to: &bytes)
        case .edgeTo(let edge): Self.write("/edges/", edge, "/to", to: &bytes)
        }
    }

    private static func write(_ head: StaticString, _ index: Int, _ tail: StaticString, to bytes: inout [UInt8]) {
        bytes.append(head)
        bytes.append(decimal: Int64(index))
        bytes.append(tail)
    }
}

extension JSONWriter {
    mutating func value(_ place: Place) { string { place.write(to: &$0) } }

    mutating func member(_ key: StaticString, _ place: Place) {
        self.key(key)
        value(place)
    }

    /// A patch operation (RFC 6902).
    mutating func removal(of place: Place) {
        beginObject()
        member("op", "remove")
        member("path", place)
        endObject()
    }
}
