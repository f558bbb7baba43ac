// Baton
// SPDX-License-Identifier: Apache-2.0

extension CELError {
    /// Where the failure is in the expression: line and column from 1, the column in characters; `nil` when not known.
    public func place(in source: String) -> (line: Int, column: Int)? {
        offset.map { SourcePlace($0, in: source) }.map { ($0.line, $0.column) }
    }

    /// The message with its place, the line of the expression, and a caret under the place.
    ///
    /// Only the message when the place is not known. Of long lines the part around the place is shown.
    public func rendered(source: String) -> String {
        guard let offset else { return message }
        return SourcePlace(offset, in: source).rendered(message)
    }
}

extension CELTypeError {
    /// Where the mistake is in the expression: line and column from 1, the column in characters.
    public func place(in source: String) -> (line: Int, column: Int) {
        let place = SourcePlace(offset, in: source)
        return (place.line, place.column)
    }

    /// The message with its place, the line of the expression, and a caret under the place.
    public func rendered(source: String) -> String {
        SourcePlace(offset, in: source).rendered(message)
    }
}

/// A place in a text as people count.
private struct SourcePlace {
    /// Characters shown on either side of the place.
    private static let reach = 60

    let line: Int
    let column: Int
    /// The whole line.
    private let text: [Unicode.Scalar]

    /// - Parameter offset: UTF-8 bytes from the start; one past the end is fine.
    init(_ offset: Int, in source: String) {
        let bytes = Array(source.utf8)
        let end = min(max(offset, 0), bytes.count)
        let lineStart = bytes[..<end].lastIndex(of: 10).map { $0 + 1 } ?? 0
        let lineEnd = bytes[end...].firstIndex(of: 10) ?? bytes.count
        line = bytes[..<end].reduce(1) { $0 + ($1 == 10 ? 1 : 0) }
        column = String(decoding: bytes[lineStart..<end], as: UTF8.self).unicodeScalars.count + 1
        text = Array(String(decoding: bytes[lineStart..<lineEnd], as: UTF8.self).unicodeScalars)
    }

    func rendered(_ message: String) -> String {
        let first = max(0, column - 1 - Self.reach)
        let last = min(text.count, column - 1 + Self.reach)
        var shown = first > 0 ? "…" : ""
        var indent = first > 0 ? " " : ""
        for index in first..<max(first, last) {
            shown.unicodeScalars.append(text[index])
            // A tab stays one, so that the caret stands where the text is.
            if index < column - 1 { indent += text[index] == "\t" ? "\t" : " " }
        }
        if last < text.count { shown += "…" }
        return "\(message) (line \(line), column \(column))\n  \(shown)\n  \(indent)^"
    }
}
