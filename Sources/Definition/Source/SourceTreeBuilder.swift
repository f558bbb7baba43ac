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

    fileprivate struct Frame {
        let isMapping: Bool
        let position: SourcePosition
        var items: [SourceNode] = []
        var entries: [SourceEntry] = []
        var key: (text: String, position: SourcePosition)?
        /// All keys, once there are too many to compare each with each.
        var keys: Set<String> = []
        var size = 1
        var height = 1
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
        let content: SourceNode.Content = frame.isMapping ? .mapping(frame.entries) : .list(frame.items)
        let part = Part(node: SourceNode(content, at: frame.position), size: frame.size, height: frame.height)
        add(part)
        return part
    }

    mutating func add(_ part: Part) {
        guard !frames.isEmpty else { return root = part.node }
        let last = frames.count - 1
        frames[last].size += part.size
        frames[last].height = max(frames[last].height, part.height + 1)
        guard frames[last].isMapping else { return frames[last].items.append(part.node) }
        guard let key = frames[last].key else { return }
        frames[last].key = nil
        if frames[last].contains(key.text) {
            let message = "duplicate key `\(key.text)`"
            let path = SourcePath(path, .key(key.text))
            duplicates.append(SourceFailure(code: .duplicateKey, message: message, position: key.position, path: path))
        } else {
            frames[last].append(SourceEntry(key: key.text, keyPosition: key.position, value: part.node))
        }
    }

    /// The way to the innermost open list or mapping.
    private var path: SourcePath? {
        frames.dropLast().reduce(SourcePath.root) { path, frame in
            SourcePath(path, frame.key.map { .key($0.text) } ?? .index(frame.items.count))
        }
    }
}

extension SourceTreeBuilder.Frame {
    fileprivate func contains(_ key: String) -> Bool {
        keys.isEmpty ? entries.contains { $0.key == key } : keys.contains(key)
    }

    fileprivate mutating func append(_ entry: SourceEntry) {
        entries.append(entry)
        if !keys.isEmpty {
            keys.insert(entry.key)
        } else if entries.count == 16 {
            keys = Set(entries.map(\.key))
        }
    }
}
