// Baton
// SPDX-License-Identifier: Apache-2.0

import CYAML

/// Reads YAML through the events of libyaml.
struct YAMLReader {
    /// How many values all aliases together may stand for.
    static let expansionLimit = 100_000

    private var builder = SourceTreeBuilder()
    private var anchors: [String: SourceTreeBuilder.Part] = [:]
    /// The anchor of each open list or mapping.
    private var openAnchors: [String?] = []
    private var expanded = 0
    private var documents = 0

    /// The tree, and keys that were written twice. The text is valid UTF-8.
    static func read(_ text: [UInt8]) throws(SourceFailure) -> (root: SourceNode, duplicates: [SourceFailure]) {
        var reader = Self()
        try YAMLEvents.forEach(in: text) { event throws(SourceFailure) in try reader.handle(event) }
        guard let root = reader.builder.root else { throw .syntax("the document is empty", at: .start) }
        return (root, reader.builder.duplicates)
    }

    private mutating func handle(_ event: yaml_event_t) throws(SourceFailure) {
        let position = SourcePosition(event.start_mark)
        switch event.type {
        case YAML_DOCUMENT_START_EVENT:
            documents += 1
            guard documents == 1 else { throw .syntax("a file holds one document; this starts another", at: position) }
        case YAML_ALIAS_EVENT:
            try alias(String(event.data.alias.anchor), at: position)
        case YAML_SCALAR_EVENT:
            try scalar(event, at: position)
        case YAML_SEQUENCE_START_EVENT:
            let start = event.data.sequence_start
            try open(mapping: false, tag: String(start.tag), anchor: String(start.anchor), at: position)
        case YAML_MAPPING_START_EVENT:
            let start = event.data.mapping_start
            try open(mapping: true, tag: String(start.tag), anchor: String(start.anchor), at: position)
        case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT:
            if let part = builder.close(), let anchor = openAnchors.popLast() ?? nil { anchors[anchor] = part }
        default:
            break
        }
    }

    private mutating func open(
        mapping: Bool,
        tag: String?,
        anchor: String?,
        at position: SourcePosition
    ) throws(SourceFailure) {
        guard !builder.expectsKey else { throw .syntax("a key must be text", at: position) }
        let ownTag = coreTag + (mapping ? "map" : "seq")
        guard tag == nil || tag == "!" || tag == ownTag else { throw Self.refused(tag, at: position) }
        try builder.open(mapping: mapping, at: position)
        openAnchors.append(anchor)
    }

    private mutating func scalar(_ event: yaml_event_t, at position: SourcePosition) throws(SourceFailure) {
        let scalar = event.data.scalar
        let bytes = UnsafeBufferPointer(start: scalar.value, count: scalar.length)
        let text = String(decoding: bytes, as: UTF8.self)
        let content = try Self.content(of: text, scalar, at: position)
        let quotes = scalar.style == YAML_PLAIN_SCALAR_STYLE ? 0 : 1
        let width = event.end_mark.column - event.start_mark.column
        let isVerbatim =
            event.start_mark.line == event.end_mark.line && text.unicodeScalars.count + 2 * quotes == width
        let textColumn = isVerbatim ? position.column + Int32(quotes) : 0
        let part = SourceTreeBuilder.Part(node: SourceNode(content, at: position, textColumn: textColumn))
        if let anchor = String(scalar.anchor) { anchors[anchor] = part }
        if builder.expectsKey {
            builder.setKey(text, at: position)
        } else {
            builder.add(part)
        }
    }

    private mutating func alias(_ name: String?, at position: SourcePosition) throws(SourceFailure) {
        guard let name, let part = anchors[name] else {
            throw .syntax("no finished value has the anchor `\(name ?? "")`", at: position)
        }
        if builder.expectsKey {
            guard case .text(let key) = part.node.content else { throw .syntax("a key must be text", at: position) }
            return builder.setKey(key, at: position)
        }
        expanded += part.size
        guard expanded <= Self.expansionLimit else {
            throw .limit("aliases stand for more than \(Self.expansionLimit) values", at: position)
        }
        guard builder.depth + part.height <= SourceTreeBuilder.depthLimit else {
            throw .limit("nested deeper than \(SourceTreeBuilder.depthLimit) levels", at: position)
        }
        builder.add(part)
    }

    private static func content(
        of text: String,
        _ scalar: yaml_event_s.__Unnamed_union_data.__Unnamed_struct_scalar,
        at position: SourcePosition
    ) throws(SourceFailure) -> SourceNode.Content {
        let isPlain = scalar.style == YAML_PLAIN_SCALAR_STYLE
        let tag = String(scalar.tag)
        if tag == coreTag + "str" || tag == "!" || (tag == nil && !isPlain) { return .text(text) }
        guard let content = YAMLScalar.resolve(text) else {
            throw .syntax("`\(text)` is no number that JSON can hold", at: position)
        }
        let matches =
            switch content {
            case .null: tag == coreTag + "null"
            case .bool: tag == coreTag + "bool"
            case .int: tag == coreTag + "int" || tag == coreTag + "float"
            case .double: tag == coreTag + "float"
            case .text, .list, .mapping: false
            }
        guard tag == nil || matches else { throw refused(tag, at: position) }
        return content
    }

    private static func refused(_ tag: String?, at position: SourcePosition) -> SourceFailure {
        .syntax("the tag `\(tag ?? "")` does not fit; only tags of the YAML core schema exist", at: position)
    }
}

private let coreTag = "tag:yaml.org,2002:"

/// The event parser of libyaml, from start to end of a text.
private enum YAMLEvents {
    static func forEach(
        in text: [UInt8],
        _ body: (yaml_event_t) throws(SourceFailure) -> Void
    ) throws(SourceFailure) {
        var parser = yaml_parser_t()
        guard yaml_parser_initialize(&parser) == 1 else { throw .limit("not enough memory to read YAML", at: .start) }
        defer { yaml_parser_delete(&parser) }
        yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING)
        try text.withUnsafeBufferPointer { buffer throws(SourceFailure) in
            yaml_parser_set_input_string(&parser, buffer.baseAddress, buffer.count)
            var isAtEnd = false
            while !isAtEnd {
                var event = yaml_event_t()
                guard yaml_parser_parse(&parser, &event) == 1 else { throw failure(of: parser) }
                defer { yaml_event_delete(&event) }
                isAtEnd = event.type == YAML_STREAM_END_EVENT
                try body(event)
            }
        }
    }

    private static func failure(of parser: yaml_parser_t) -> SourceFailure {
        let problem = parser.problem.map { String(cString: $0) } ?? "not enough memory"
        let context = parser.context.map { String(cString: $0) + ", " } ?? ""
        if problem.contains("nesting depth") {
            return .limit("nested deeper than \(SourceTreeBuilder.depthLimit) levels", at: SourcePosition(parser.mark))
        }
        let hasMark = parser.error == YAML_SCANNER_ERROR || parser.error == YAML_PARSER_ERROR
        return .syntax(
            "not valid YAML: \(context)\(problem)",
            at: SourcePosition(hasMark ? parser.problem_mark : parser.mark)
        )
    }
}

extension SourcePosition {
    fileprivate init(_ mark: yaml_mark_t) {
        self.init(line: Int32(clamping: mark.line + 1), column: Int32(clamping: mark.column + 1))
    }
}

extension String {
    /// Text that libyaml holds, if there is any.
    fileprivate init?(_ text: UnsafeMutablePointer<yaml_char_t>?) {
        guard let text else { return nil }
        self.init(cString: text)
    }
}
