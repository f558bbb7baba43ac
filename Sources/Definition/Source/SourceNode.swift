// Baton
// SPDX-License-Identifier: Apache-2.0

/// A place in a document: line and column from 1, columns in Unicode scalars.
struct SourcePosition: Sendable, Equatable, Comparable {
    var line: Int32
    var column: Int32

    static let start = Self(line: 1, column: 1)

    static func < (left: Self, right: Self) -> Bool {
        (left.line, left.column) < (right.line, right.column)
    }
}

/// A value of a document that knows where it was written.
struct SourceNode: Sendable {
    enum Content: Sendable {
        case null
        case bool(Bool)
        case int(Int64)
        case double(Double)
        case text(String)
        case list([SourceNode])
        case mapping([SourceEntry])
    }

    let content: Content
    /// Where the value starts.
    let position: SourcePosition
    /// The column of the first character of a text that stands on one line without escapes; else 0.
    let textColumn: Int32
    /// Where the value was written, when it now stands elsewhere in the tree.
    var origin = Origin.here

    enum Origin: Sendable {
        /// Where it stands.
        case here
        /// Another place of the same document.
        case moved(from: SourcePath?)
    }

    init(_ content: Content, at position: SourcePosition, textColumn: Int32 = 0) {
        self.content = content
        self.position = position
        self.textColumn = textColumn
    }

    /// The value at a key; `nil` when there is none.
    func member(_ key: String) -> SourceNode? {
        guard case .mapping(let entries) = content else { return nil }
        // `first` would copy every entry.
        for index in entries.indices where entries[index].key == key { return entries[index].value }
        return nil
    }

    /// The text, if this is one.
    var text: String? {
        guard case .text(let text) = content else { return nil }
        return text
    }

    /// The items, if this is a list.
    var items: [SourceNode]? {
        guard case .list(let items) = content else { return nil }
        return items
    }

    /// What the value is, for messages.
    var kindName: String {
        switch content {
        case .null: "null"
        case .bool: "a boolean"
        case .int, .double: "a number"
        case .text: "text"
        case .list: "a list"
        case .mapping: "a mapping"
        }
    }

    /// Where the byte at `offset` of a text stands; the start of the value when that cannot be told.
    func position(atByte offset: Int?) -> SourcePosition {
        guard let offset, textColumn > 0, case .text(let text) = content else { return position }
        let scalars = text.utf8.prefix(offset).count { $0 & 0xc0 != 0x80 }
        return SourcePosition(line: position.line, column: textColumn + Int32(scalars))
    }
}

/// A key of a mapping with its value.
struct SourceEntry: Sendable {
    let key: String
    let keyPosition: SourcePosition
    let value: SourceNode
}
