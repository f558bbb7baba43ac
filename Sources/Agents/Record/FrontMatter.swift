// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON

/// A Markdown file that begins with a mapping between two lines `---`. What is wrong is said with file and line.
struct FrontMatter {
    /// What follows the mapping, without blank lines around it.
    let body: String
    private let fileName: String
    let fields: JSONObject
    private let places: PlacedDocument

    /// Reads the file.
    ///
    /// - Parameter known: The keys that the mapping may have.
    init(_ text: [UInt8], fileName: String, known: [String]) throws(AgentRecordError) {
        guard let parts = Self.split(String(decoding: text, as: UTF8.self)) else {
            throw AgentRecordError("\(fileName):1", "must begin with a front matter between two lines `---`")
        }
        (self.fileName, body) = (fileName, parts.body)
        do throws(FlatDocumentError) {
            places = try PlacedDocument(Array(parts.head.utf8), fileName: fileName)
        } catch {
            let first = error.diagnostics.first
            throw AgentRecordError(
                "\(fileName):\((first?.line ?? 1) + 1)",
                error.diagnostics.map(\.message).joined(separator: "; ")
            )
        }
        guard let fields = places.json.objectValue else {
            throw AgentRecordError("\(fileName):2", "the front matter must be a mapping")
        }
        self.fields = fields
        if let stray = fields.members.first(where: { !known.contains($0.key) }) {
            throw wrong(stray.key, "is none of \(known.joined(separator: ", "))")
        }
    }

    /// An error about the value of a key, or about one within it.
    func wrong(_ keys: String..., rule: String) -> AgentRecordError {
        // The first line of the file is the one before the mapping.
        let line = places.place(of: JSONPointer(tokens: keys)).line + 1
        return AgentRecordError("\(fileName):\(line)", "`\(keys.joined(separator: "."))` \(rule)")
    }

    private func wrong(_ key: String, _ rule: String) -> AgentRecordError { wrong(key, rule: rule) }

    subscript(_ key: String) -> JSONValue? { fields[key] }

    // MARK: Values

    func text(_ key: String, limit: Int = 2000) throws(AgentRecordError) -> String? {
        guard let value = fields[key] else { return nil }
        guard let text = value.stringValue, !text.isEmpty, text.utf8.count <= limit else {
            throw wrong(key, "must be text of at most \(limit) bytes")
        }
        return text
    }

    /// A word of letters in lower case, digits, `_` and `-`.
    func word(_ key: String) throws(AgentRecordError) -> String? {
        guard let value = fields[key] else { return nil }
        guard let word = value.stringValue, Self.isWord(word) else {
            throw wrong(key, "must be letters in lower case, digits, _ and -")
        }
        return word
    }

    func words(_ key: String) throws(AgentRecordError) -> [String] {
        let words = try names(key)
        guard words.allSatisfy(Self.isWord) else {
            throw wrong(key, "must be a list of words of letters in lower case, digits, _ and -")
        }
        return words
    }

    func names(_ key: String) throws(AgentRecordError) -> [String] {
        guard let value = fields[key] else { return [] }
        let names = value.arrayValue?.map(\.stringValue) ?? [nil]
        guard names.count <= 200, names.allSatisfy({ $0?.isEmpty == false }) else {
            throw wrong(key, "must be a list of names")
        }
        return names.compactMap(\.self)
    }

    func number(_ key: String, _ range: ClosedRange<Int64>) throws(AgentRecordError) -> Int? {
        guard let value = fields[key] else { return nil }
        guard let number = value.intValue, range.contains(number) else {
            throw wrong(key, "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return Int(number)
    }

    func flag(_ key: String) throws(AgentRecordError) -> Bool? {
        guard let value = fields[key] else { return nil }
        guard let flag = value.boolValue else { throw wrong(key, "must be true or false") }
        return flag
    }

    func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ key: String,
        _: Choice.Type
    ) throws(AgentRecordError) -> Choice? {
        guard let value = fields[key] else { return nil }
        guard let choice = value.stringValue.flatMap(Choice.init) else {
            throw wrong(key, "must be one of \(Choice.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return choice
    }

    func mapping(_ key: String) throws(AgentRecordError) -> JSONObject {
        guard let value = fields[key] else { return [:] }
        guard let object = value.objectValue else { throw wrong(key, "must be a mapping") }
        return object
    }

    static func isWord(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 64
            && text.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 95 || $0 == 45 }
    }

    /// The text between the first two lines of dashes, and what follows without blank lines around it.
    private static func split(_ text: String) -> (head: String, body: String)? {
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        guard lines.first == "---", let end = lines.dropFirst().firstIndex(of: "---") else { return nil }
        var body = lines[(end + 1)...]
        while body.first?.allSatisfy(\.isWhitespace) == true { body.removeFirst() }
        while body.last?.allSatisfy(\.isWhitespace) == true { body.removeLast() }
        return (lines[1..<end].joined(separator: "\n"), body.joined(separator: "\n"))
    }
}

/// A file of an agent or a skill cannot be read.
public struct AgentRecordError: Error, Sendable, Hashable, CustomStringConvertible {
    /// `FILE:LINE: ` and what is wrong there.
    public let description: String

    init(_ place: String, _ rule: String) {
        description = "\(place): \(rule)"
    }
}
