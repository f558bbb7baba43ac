// Baton
// SPDX-License-Identifier: Apache-2.0

/// Makes parts of a rewritten document; whatever is wrong with them is reported at the place they come from.
struct DerivedNode {
    let source: SourceValue

    func text(_ text: String) -> SourceNode { make(.text(text)) }

    func integer(_ integer: Int) -> SourceNode { make(.int(Int64(integer))) }

    func flag(_ flag: Bool) -> SourceNode { make(.bool(flag)) }

    func list(_ items: [SourceNode]) -> SourceNode { make(.list(items)) }

    func mapping(_ members: [(String, SourceNode?)]) -> SourceNode {
        make(
            .mapping(
                members.compactMap { key, value in
                    value.map { SourceEntry(key: key, keyPosition: source.node.position, value: $0) }
                }
            )
        )
    }

    private func make(_ content: SourceNode.Content) -> SourceNode {
        var node = SourceNode(content, at: source.node.position)
        node.origin = .moved(from: source.path)
        return node
    }
}

extension SourceValue {
    /// The value, to be put elsewhere in the tree.
    var moved: SourceNode {
        var moved = node
        moved.origin = .moved(from: path)
        return moved
    }

    /// New values that come from this one.
    var derived: DerivedNode { DerivedNode(source: self) }

    /// The value of a field, under whatever key it was written.
    func member(_ key: String, in shape: Shape) -> SourceValue? {
        if let value = member(key) { return value }
        guard let index = shape.find(key)?.field else { return nil }
        return shape.fields[index].aliases.lazy.compactMap { member($0.key) }.first
    }
}

/// Makes ids that are valid, readable and given only once.
struct NodeNames {
    private var taken: Set<String>
    private var counts: [String: Int] = [:]

    init(taken: Set<String> = []) {
        self.taken = taken
    }

    /// The words joined by `_`; with a number at the end when that was given before.
    mutating func name(_ words: String...) -> String {
        let base = String(decoding: words.joined(separator: "_").utf8.map(Self.letter), as: UTF8.self)
        var name = String(base.prefix(64))
        var count = counts[base] ?? 1
        while !taken.insert(name).inserted {
            count += 1
            let number = "_\(count)"
            name = base.prefix(64 - number.utf8.count) + number
        }
        counts[base] = count
        return name
    }

    private static func letter(_ byte: UInt8) -> UInt8 { Name.isIDByte(byte) ? byte : UInt8(ascii: "_") }
}

extension Name {
    /// A member of an object in an expression: `nodes.fetch` or `nodes["get-it"]`.
    static func path(_ root: String, _ id: String) -> String {
        isIdentifier(id) ? "\(root).\(id)" : "\(root)[\"\(id)\"]"
    }
}
