// Baton
// SPDX-License-Identifier: Apache-2.0

public import Store

/// Cuts a text into passages: at headings of Markdown, else between paragraphs, else between lines.
///
/// No line of the text is in two passages, unless it alone is longer than a passage may be, and every line with a letter or
/// a digit is in one.
public struct PassageCutter: Sendable {
    /// A passage ends with the paragraph in which it becomes so long, in bytes of UTF-8.
    static let wanted = 1000
    /// No passage is longer, in bytes of UTF-8.
    public static let longest = 2000

    private let knowsHeadings: Bool
    private var passages: [Passage] = []
    private var lines: [(number: Int, text: Substring)] = []
    private var size = 0
    private var headings: [(level: Int, text: String)] = []
    /// The headings that were there when the open passage got its first line.
    private var heading = ""
    private var hasContent = false
    private var fence: Substring?

    /// The passages of a text, in order.
    ///
    /// - Parameter path: What it is called: only Markdown and plain text have headings.
    public static func cut(_ text: String, path: String) -> [Passage] {
        var cutter = PassageCutter(path)
        var number = 0
        // By bytes: as letters, a carriage return and a line feed are one.
        for bytes in text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            let line = Substring(bytes)
            number += 1
            cutter.take(line.last == "\r" ? line.dropLast() : line, number)
        }
        cutter.end()
        return cutter.passages
    }

    private init(_ path: String) {
        let name = path.split(separator: "/").last ?? ""
        let parts = name.split(separator: ".")
        let type = parts.count > 1 ? parts.last?.lowercased() ?? "" : ""
        knowsHeadings = ["", "md", "markdown", "mdx", "txt"].contains(type)
    }

    private mutating func take(_ line: Substring, _ number: Int) {
        if let (level, text) = heading(line) {
            if hasContent { end() }
            headings.removeAll { $0.level >= level }
            headings.append((level, text))
            heading = headings.map(\.text).joined(separator: " > ")
        } else if line.allSatisfy(\.isWhitespace) {
            if size >= Self.wanted { end() }
        } else {
            hasContent = true
        }
        if size + line.utf8.count + 1 > Self.longest { end(atBlank: true) }
        if size + line.utf8.count + 1 > Self.longest { end() }
        for piece in Self.pieces(line) {
            if size + piece.utf8.count + 1 > Self.longest { end() }
            lines.append((number, piece))
            size += piece.utf8.count + 1
        }
    }

    /// Level and text of a line that is a heading; those in fenced code are none.
    private mutating func heading(_ line: Substring) -> (Int, String)? {
        guard knowsHeadings else { return nil }
        let text = line.drop { $0 == " " }
        for mark in ["```", "~~~"] as [Substring] where text.hasPrefix(mark) {
            if fence == nil { fence = mark } else if fence == mark { fence = nil }
        }
        guard fence == nil, line.first == "#" else { return nil }
        let level = line.prefix { $0 == "#" }.count
        let rest = line.dropFirst(level)
        guard level <= 6, rest.first == " " || rest.first == "\t" else { return nil }
        let words = rest.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        guard !words.isEmpty else { return nil }
        return (level, String(words.prefix(200)))
    }

    /// Ends the open passage; with `atBlank` at its last empty line, if that leaves at least half of it.
    private mutating func end(atBlank: Bool = false) {
        var rest: [(number: Int, text: Substring)] = []
        if atBlank, let blank = lines.lastIndex(where: { $0.text.allSatisfy(\.isWhitespace) }), blank > 0 {
            let kept = lines[..<blank].reduce(0) { $0 + $1.text.utf8.count + 1 }
            guard kept * 2 >= size else { return }
            rest = Array(lines[(blank + 1)...])
            lines = Array(lines[..<blank])
        } else if atBlank {
            return
        }
        while lines.last?.text.allSatisfy(\.isWhitespace) == true { lines.removeLast() }
        let first = lines.firstIndex { !$0.text.allSatisfy(\.isWhitespace) } ?? 0
        lines.removeFirst(first)
        if lines.contains(where: { $0.text.contains { $0.isLetter || $0.isNumber } }),
            let start = lines.first?.number, let last = lines.last?.number
        {
            passages.append(
                Passage(
                    heading: heading,
                    firstLine: start,
                    lastLine: last,
                    text: lines.map(\.text).joined(separator: "\n")
                )
            )
        }
        lines = rest
        size = rest.reduce(0) { $0 + $1.text.utf8.count + 1 }
        hasContent = !rest.isEmpty
    }

    /// A line in pieces that fit; most lines are one.
    private static func pieces(_ line: Substring) -> [Substring] {
        guard line.utf8.count >= longest else { return [line] }
        var (pieces, start, size) = ([Substring](), line.startIndex, 0)
        for index in line.indices {
            let width = line[index].utf8.count
            if size > 0, size + width > longest - 1 {
                pieces.append(line[start..<index])
                (start, size) = (index, 0)
            }
            size += width
        }
        return pieces + [line[start...]]
    }
}
