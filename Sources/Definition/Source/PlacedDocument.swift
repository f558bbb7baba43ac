// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON

/// A YAML or JSON document that is no workflow, such as a script of answers, as one value whose parts know where they
/// were written.
public struct PlacedDocument: Sendable {
    /// The value without its places.
    public let json: JSONValue
    private let root: SourceNode

    /// Reads a document.
    ///
    /// - Throws: Every reason why it cannot be read, at least one; keys that were written twice are one too.
    public init(_ text: [UInt8], fileName: String) throws(FlatDocumentError) {
        let sink = DiagnosticSink()
        let document = SourceDocument.parse(text, fileName: fileName, into: sink)
        guard sink.endStage(), let document else { throw FlatDocumentError(diagnostics: sink.diagnostics) }
        root = document.root.node
        json = root.json
    }

    /// Where the value at a pointer starts, or the nearest one around it; from 1, columns in Unicode scalars.
    public func place(of pointer: JSONPointer) -> (line: Int, column: Int) {
        var node = root
        for token in pointer.tokens {
            if let next = node.member(token) {
                node = next
            } else if let items = node.items, let index = Int(token), items.indices.contains(index) {
                node = items[index]
            } else {
                break
            }
        }
        return (Int(node.position.line), Int(node.position.column))
    }
}
