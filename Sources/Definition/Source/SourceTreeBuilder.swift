// Baton
// SPDX-License-Identifier: Apache-2.0

/// Puts the tree together from the events of a reader, with the limits that hold for every notation.
struct SourceTreeBuilder {
    /// How deep lists and mappings may be nested.
    static let depthLimit = 64

    /// A part of the tree and what it costs to repeat it.
    struct Part {
        let node: SourceNode
        /// Values in it, itself included.
        var size = 1
        /// Levels of lists and mappings in it.
        var height = 0
    }

    private typealias Key = (text: String, position: SourcePosition)

    private struct Frame {
        let isMapping: Bool
        let position: SourcePosition
        var items: [SourceNode] = []
        var entries: [SourceEntry] = []
        var key: Key?
        /// All keys, once there are too many to compare each with each.
        var keys: Set<String> = []
        var size = 1
        var height = 1

        init(isMapping: Bool, position: SourcePosition) {
            self.isMapping = isMapping
            self.position = position
        }

        var content: SourceNode.Content { isMapping ? .mapping(entries) : .list(items) }

        /// Adds a value; gives its key when that was there before.
        mutating func add(_ part: Part) -> Key? {
            size += part.size
            height = max(height, part.height + 1)
            guard isMapping else {
                items.append(part.node)
                return nil
            }
            guard let key else { return nil }
            self.key = nil
            guard !contains(key.text) else { return key }
            // Few mappings have more, and growing step by step costs.
            if entries.isEmpty { entries.reserveCapacity(4) }
            entries.append(SourceEntry(key: key.text, keyPosition: key.position, value: part.node))
            if !keys.isEmpty {
                keys.insert(key.text)
            } else if entries.count == 16 {
                keys = Set(entries.map(\.key))
            }
            return nil
        }

        private func contains(_ key: String) -> Bool {
            guard keys.isEmpty else { return keys.contains(key) }
            for index in entries.indices where entries[index].key == key { return true }
            return false
        }
    }

    private var frames: [Frame] = []
    /// The finished tree.
    private(set) var root: SourceNode?
    /// Keys written twice; the first one counts.
    private(set) var duplicates: [SourceFailure] = []

    /// The next value is a key.
    var expectsKey: Bool { frames.last.map { $0.isMapping && $0.key == nil } ?? false }

    /// Levels that are open.
    var depth: Int { frames.count }

    mutating func open(mapping: Bool, at position: SourcePosition) throws(SourceFailure) {
        guard frames.count < Self.depthLimit else {
            throw .limit("nested deeper than \(Self.depthLimit) levels", at: position)
        }
        frames.append(Frame(isMapping: mapping, position: position))
    }

    mutating func setKey(_ text: String, at position: SourcePosition) {
        frames[frames.count - 1].key = (text, position)
    }

    /// Ends the innermost list or mapping and adds it to the one around it.
    mutating func close() -> Part? {
        guard let frame = frames.popLast() else { return nil }
        let part = Part(node: SourceNode(frame.content, at: frame.position), size: frame.size, height: frame.height)
        add(part)
        return part
    }

    mutating func add(_ part: Part) {
        guard !frames.isEmpty else { return root = part.node }
        guard let key = frames[frames.count - 1].add(part) else { return }
        let path = SourcePath(path, .key(key.text))
        let message = "duplicate key `\(key.text)`"
        duplicates.append(SourceFailure(code: .duplicateKey, message: message, position: key.position, path: path))
    }

    /// The way to the innermost open list or mapping.
    private var path: SourcePath? {
        frames.dropLast().reduce(SourcePath.root) { path, frame in
            SourcePath(path, frame.key.map { .key($0.text) } ?? .index(frame.items.count))
        }
    }
}
