// Baton
// SPDX-License-Identifier: Apache-2.0

/// The tree of a document with the position of every value.
struct SourceDocument {
    /// The longest text, in bytes.
    static let byteLimit = 4 << 20

    /// The value at the top.
    let root: SourceValue

    /// Reads YAML or JSON; `nil` when the text cannot be read. Keys written twice are reported and do not stop it.
    ///
    /// A text that starts with `{` is JSON. In a file named as YAML it may also be YAML in flow style.
    static func parse(_ text: [UInt8], fileName: String, into sink: DiagnosticSink) -> SourceDocument? {
        do {
            let (root, duplicates) = try read(
                text,
                isNamedYAML: fileName.hasSuffix(".yaml") || fileName.hasSuffix(".yml")
            )
            for duplicate in duplicates { sink.report(duplicate) }
            return SourceDocument(root: SourceValue(node: root, path: .root))
        } catch {
            sink.report(error)
            return nil
        }
    }

    private static func read(
        _ text: [UInt8],
        isNamedYAML: Bool
    ) throws(SourceFailure) -> (root: SourceNode, duplicates: [SourceFailure]) {
        guard text.count <= byteLimit else {
            throw .limit("the document has \(text.count) bytes; at most \(byteLimit) are allowed", at: .start)
        }
        try checkEncoding(text)
        let text = text.starts(with: [0xef, 0xbb, 0xbf]) ? Array(text.dropFirst(3)) : text
        guard text.first(where: { ![0x20, 0x09, 0x0a, 0x0d].contains($0) }) == UInt8(ascii: "{") else {
            return try YAMLReader.read(text)
        }
        do {
            return try JSONSourceReader.read(text)
        } catch {
            guard isNamedYAML, error.code == .syntax else { throw error }
            return try YAMLReader.read(text)
        }
    }

    private static func checkEncoding(_ text: [UInt8]) throws(SourceFailure) {
        do {
            _ = try UTF8Span(validating: text.span)
        } catch {
            let before = text[..<error.byteOffsets.lowerBound]
            let lineStart = before.lastIndex(of: 0x0a).map { $0 + 1 } ?? 0
            let line = before.count { $0 == 0x0a } + 1
            let column = before[lineStart...].count { $0 & 0xc0 != 0x80 } + 1
            throw .syntax("the text is not UTF-8", at: SourcePosition(line: Int32(line), column: Int32(column)))
        }
    }
}
