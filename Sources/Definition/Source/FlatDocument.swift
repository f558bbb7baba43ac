// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON

/// A YAML or JSON document that is no workflow, such as a settings file, as a list of its values with their places.
public struct FlatDocument: Sendable {
    /// A value that is no mapping, with the keys that lead to it.
    public struct Entry: Sendable {
        /// The keys from the top.
        public let keys: [String]
        /// A scalar or a list.
        public let value: JSONValue
        /// The line of the last key, from 1.
        public let line: Int
        /// The column of the last key, from 1, in Unicode scalars.
        public let column: Int
    }

    /// In written order.
    public let entries: [Entry]

    /// Reads a document; one that holds nothing but comments has no entries.
    ///
    /// - Throws: Every reason why it cannot be read, at least one.
    public init(_ text: [UInt8], fileName: String) throws(FlatDocumentError) {
        guard !Self.isEmpty(text) else {
            entries = []
            return
        }
        let sink = DiagnosticSink()
        let document = SourceDocument.parse(text, fileName: fileName, into: sink)
        guard sink.endStage(), let document else { throw FlatDocumentError(diagnostics: sink.diagnostics) }
        guard let members = document.root.members else {
            sink.report(
                .invalidValue,
                at: document.root,
                "the document must be a mapping, not \(document.root.node.kindName)"
            )
            throw FlatDocumentError(diagnostics: sink.diagnostics)
        }
        entries = members.flatMap { Self.entries($0.entry, below: []) }
    }

    private static func entries(_ entry: SourceEntry, below parents: [String]) -> [Entry] {
        let keys = parents + [entry.key]
        if case .mapping(let inner) = entry.value.content { return inner.flatMap { entries($0, below: keys) } }
        let (line, column) = (Int(entry.keyPosition.line), Int(entry.keyPosition.column))
        return [Entry(keys: keys, value: entry.value.json, line: line, column: column)]
    }

    private static func isEmpty(_ text: [UInt8]) -> Bool {
        text.split(separator: UInt8(ascii: "\n")).allSatisfy { line in
            let first = line.first { $0 != 0x20 && $0 != 0x09 && $0 != 0x0d }
            return first == nil || first == UInt8(ascii: "#")
        }
    }
}

/// Why a document cannot be read.
public struct FlatDocumentError: Error, Sendable {
    /// At least one.
    public let diagnostics: [Diagnostic]
}
