// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Hashing
public import JSON
public import Model
public import Store

/// What is known in projects (spec 8.9).
extension Library {
    /// Findings of a project.
    public static let findingLimit = 2000
    /// Characters of a finding.
    public static let findingLength = 2000
    /// Characters of what agents are told of a project.
    public static let blockLength = 3000

    /// Findings of a project, the newest first.
    public func findings(of project: String, in tenant: String) throws(LibraryError) -> [FindingRow] {
        try stored { () throws(StoreError) in try store.findings(of: project, in: tenant) }
    }

    /// A finding of a project.
    public func finding(_ id: FindingID, of project: String, in tenant: String) throws(LibraryError) -> FindingRow? {
        let row = try stored { () throws(StoreError) in try store.finding(id) }
        return row?.project == project && row?.tenant == tenant ? row : nil
    }

    /// Writes a finding down. One with the same words that is there is left alone, and given back.
    ///
    /// - Throws: `invalid` for a text without a word or too long, or too many findings.
    public func addFinding(
        _ category: FindingRow.Category,
        _ text: String,
        to project: String,
        in tenant: String,
        by author: String
    ) throws(LibraryError) -> (row: FindingRow, isNew: Bool) {
        let words = try Self.words(of: text)
        let all = try findings(of: project, in: tenant)
        if let known = all.first(where: { $0.words == words }) { return (known, false) }
        guard all.count < Self.findingLimit else {
            throw LibraryError(.invalid, "A project has at most \(Self.findingLimit) findings; remove some.")
        }
        let time = now()
        let row = FindingRow(
            id: makeID(),
            tenant: tenant,
            project: project,
            category: category,
            text: text,
            words: words,
            author: author,
            createdAt: time,
            updatedAt: time
        )
        try write(row)
        return (row, true)
    }

    /// Changes a finding.
    ///
    /// - Throws: `conflict` when another one has the same words.
    public func change(
        _ finding: FindingRow,
        _ category: FindingRow.Category?,
        _ text: String?
    ) throws(LibraryError) -> FindingRow {
        var row = finding
        if let category { row.category = category }
        if let text { (row.text, row.words) = (text, try Self.words(of: text)) }
        row.updatedAt = now()
        try write(row)
        return row
    }

    /// Removes a finding.
    public func remove(_ finding: FindingRow) throws(LibraryError) {
        var change = KnowledgeChange()
        change.removedFindings = [finding.id]
        try apply(change)
    }

    private func write(_ row: FindingRow) throws(LibraryError) {
        var change = KnowledgeChange()
        change.findings = [row]
        try apply(change)
    }

    /// Findings that have words of a question, those with most of them first, and the newest of these first.
    public func findings(
        like question: String,
        of project: String,
        in tenant: String,
        limit: Int
    ) throws(LibraryError) -> [(row: FindingRow, score: Double)] {
        let words = SearchWords.of(question)
        guard !words.isEmpty else { throw LibraryError(.invalid, "The question has no word.") }
        let scored = try findings(of: project, in: tenant).compactMap { row in
            let score = Self.score(of: words, in: row.text)
            return score > 0 ? (row: row, score: score) : nil
        }
        // The sort is stable.
        return Array(scored.sorted { $0.score > $1.score }.prefix(limit))
    }

    /// The share of the words that a text has, 0 to 1. From five letters on a word counts as well when a word of the text
    /// begins with all but its last two letters, so that endings matter less.
    static func score(of words: [String], in text: String) -> Double {
        let known = Set(text.lowercased().split { !$0.isLetter && !$0.isNumber }.map(String.init))
        let found = words.count { word in
            if known.contains(word) { return true }
            guard word.count >= 5 else { return false }
            let stem = word.dropLast(2)
            return known.contains { $0.hasPrefix(stem) }
        }
        return words.isEmpty ? 0 : Double(found) / Double(words.count)
    }

    /// What agents are told of a project: its findings, the newest first, as many as fit; `nil` when there are none.
    public func block(of project: String, in tenant: String) throws(LibraryError) -> String? {
        Self.block(try findings(of: project, in: tenant), project)
    }

    /// Each line says what it is about; the tag says that people wrote them down.
    static func block(_ rows: [FindingRow], _ project: String) -> String? {
        var (lines, left) = ([String](), blockLength)
        for row in rows {
            let text = row.text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            let line = "- (\(row.category.rawValue)) \(text.replacing("</", with: "< /"))"
            guard line.count < left else { break }
            lines.append(line)
            left -= line.count + 1
        }
        guard !lines.isEmpty else { return nil }
        return "<knowledge project=\"\(project)\" trust=\"user\">\n\(lines.joined(separator: "\n"))\n</knowledge>"
    }

    /// What texts with the same words have in common, whatever their case, blanks and marks.
    private static func words(of text: String) throws(LibraryError) -> String {
        let words = text.lowercased().split { !$0.isLetter && !$0.isNumber }
        guard !words.isEmpty else { throw LibraryError(.invalid, "A finding has at least one word.") }
        guard text.count <= findingLength, !text.utf8.contains(0) else {
            throw LibraryError(.invalid, "A finding has at most \(findingLength) characters, and no NUL.")
        }
        return SHA256.hex(Array(words.joined(separator: " ").utf8))
    }
}

extension FindingRow {
    /// As the API gives it.
    public var json: JSONObject {
        [
            "id": .string("\(id)"), "project": .string(project), "category": .string(category.rawValue),
            "text": .string(text), "by": .string(author), "created_at": .string(createdAt.description),
            "updated_at": .string(updatedAt.description),
        ]
    }
}
