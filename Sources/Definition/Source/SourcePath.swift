// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON

/// The way from the top of a document to a value, as a list that shares its beginning with its neighbours.
final class SourcePath: Sendable {
    enum Step: Sendable {
        case key(String)
        case index(Int)
    }

    static let root: SourcePath? = nil

    private let parent: SourcePath?
    private let step: Step

    init(_ parent: SourcePath?, _ step: Step) {
        self.parent = parent
        self.step = step
    }

    /// The way as a JSON Pointer.
    static func pointer(_ path: SourcePath?) -> JSONPointer {
        var tokens: [String] = []
        var next = path
        while let path = next {
            switch path.step {
            case .key(let key): tokens.append(key)
            case .index(let index): tokens.append(String(index))
            }
            next = path.parent
        }
        return JSONPointer(tokens: tokens.reversed())
    }
}

/// A value of a document with the way to it: for a value that was moved, the way to where it was written.
struct SourceValue: Sendable {
    let node: SourceNode
    let path: SourcePath?

    init(node: SourceNode, path: SourcePath?) {
        self.node = node
        if case .moved(let origin) = node.origin { self.path = origin } else { self.path = path }
    }

    /// The value at a key; `nil` when there is none.
    func member(_ key: String) -> SourceValue? {
        guard let value = node.member(key) else { return nil }
        return SourceValue(node: value, path: SourcePath(path, .key(key)))
    }

    /// The items with their places; `nil` when this is no list.
    var items: [SourceValue]? {
        guard case .list(let items) = node.content else { return nil }
        return items.enumerated().map { SourceValue(node: $1, path: SourcePath(path, .index($0))) }
    }

    /// The keys and values with their places; `nil` when this is no mapping.
    var members: [(entry: SourceEntry, value: SourceValue)]? {
        guard case .mapping(let entries) = node.content else { return nil }
        return entries.map { ($0, SourceValue(node: $0.value, path: SourcePath(path, .key($0.key)))) }
    }

    /// The value at a pointer that starts here, or the closest value around it.
    func descendant(_ pointer: JSONPointer) -> SourceValue {
        var current = self
        for token in pointer.tokens {
            let next = Int(token).flatMap { current.item($0) } ?? current.member(token)
            guard let next else { return current }
            current = next
        }
        return current
    }

    private func item(_ index: Int) -> SourceValue? {
        guard case .list(let items) = node.content, items.indices.contains(index) else { return nil }
        return SourceValue(node: items[index], path: SourcePath(path, .index(index)))
    }
}
