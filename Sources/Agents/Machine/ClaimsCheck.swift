// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Text

/// Compares what an answer says was done with the calls that were made (spec 8.4).
///
/// It looks at sentences in which the author says "I ran …", "I have written …", or that files were written and tests pass.
/// Plans, questions, conditions and negations are no claims. What it does not understand it lets pass.
struct ClaimsCheck {
    /// A call that succeeded.
    struct Executed: Sendable, Equatable {
        let name: String
        let category: String
        let isRead: Bool
        /// As JSON.
        let arguments: String
    }

    /// What somebody says to have done.
    private enum Deed {
        /// Programs, tests and builds.
        case run
        /// Files and other things that are different now.
        case write
        /// Files that were looked into.
        case read
        /// Something that others see.
        case send

        func isDone(by call: Executed) -> Bool {
            let runsPrograms = call.category == "shell" || call.category == "function"
            switch self {
            case .run: return runsPrograms
            // A program may have done anything.
            case .write: return !call.isRead || runsPrograms
            case .read: return call.isRead || runsPrograms
            case .send: return runsPrograms || call.name == "http.request" || !call.isRead && call.category != "files"
            }
        }
    }

    private static let verbs: [String: Deed] = [
        "ran": .run, "run": .run, "executed": .run, "tested": .run, "built": .run, "compiled": .run,
        "benchmarked": .run,
        "linted": .run, "installed": .run,
        "wrote": .write, "written": .write, "created": .write, "saved": .write, "updated": .write, "edited": .write,
        "modified": .write, "deleted": .write, "removed": .write, "renamed": .write, "moved": .write,
        "replaced": .write,
        "committed": .write, "fixed": .write, "refactored": .write, "implemented": .write,
        "read": .read, "opened": .read, "searched": .read, "inspected": .read,
        "sent": .send, "posted": .send, "published": .send, "deployed": .send, "uploaded": .send, "pushed": .send,
        "notified": .send,
    ]
    private static let things: Set<String> = [
        "file", "files", "test", "tests", "report", "script", "document", "build", "suite", "changes", "code",
        "program",
        "folder", "directory", "patch",
    ]
    private static let helpers: Set<String> = [
        "have", "ve", "has", "had", "was", "were", "been", "already", "just", "also", "then", "successfully", "now",
        "is", "are", "and",
    ]
    /// A sentence with one of these claims nothing.
    private static let denials: Set<String> = [
        "not", "never", "cannot", "can", "could", "would", "should", "will", "may", "might", "must", "if", "unless",
        "didn",
        "haven", "hasn", "don", "couldn", "wasn", "weren", "to", "no", "without", "please",
    ]

    let executed: [Executed]

    /// Sentences of an answer that say what no call has done, as they stand there.
    func unsupported(in text: String) -> [String] {
        Self.sentences(text).filter { sentence in
            guard let deed = Self.deed(in: sentence) else { return false }
            return !isSupported(deed, sentence)
        }
    }

    private func isSupported(_ deed: Deed, _ sentence: String) -> Bool {
        let calls = executed.filter(deed.isDone(by:))
        let paths = Self.paths(in: sentence)
        guard deed == .write || deed == .read, !paths.isEmpty else { return !calls.isEmpty }
        let runsPrograms = calls.contains { $0.category == "shell" || $0.category == "function" }
        return runsPrograms || paths.contains { path in calls.contains { $0.arguments.contains(path) } }
    }

    /// What a sentence says was done.
    private static func deed(in sentence: String) -> Deed? {
        guard !sentence.hasSuffix("?") else { return nil }
        let words = sentence.lowercased().split { !$0.isLetter }.map(String.init)
        if testsPass(words) { return .run }
        for (position, word) in words.enumerated() {
            guard let deed = verbs[word] else { continue }
            let before = words[..<position]
            if isFirstPerson(before) || isPassive(before), !before.contains(where: denials.contains) { return deed }
            // "File written."
            if position > 0, position <= 2, position == words.count - 1, things.contains(words[position - 1]),
                !before.contains(where: denials.contains)
            {
                return deed
            }
        }
        return nil
    }

    /// `I`, `I have just`, `we then`.
    private static func isFirstPerson(_ before: ArraySlice<String>) -> Bool {
        guard let subject = before.last(where: { !helpers.contains($0) }) else { return false }
        return subject == "i" || subject == "we"
    }

    /// `the file was`, `tests have been`.
    private static func isPassive(_ before: ArraySlice<String>) -> Bool {
        guard let last = before.last, ["was", "were", "been"].contains(last),
            let subject = before.last(where: { !helpers.contains($0) })
        else { return false }
        return things.contains(subject)
    }

    /// `all tests pass`, `the tests are green`.
    private static func testsPass(_ words: [String]) -> Bool {
        guard let position = words.firstIndex(where: { $0 == "tests" || $0 == "test" }),
            !words.contains(where: denials.contains)
        else { return false }
        let after = words[(position + 1)...].prefix(3)
        return after.contains { ["pass", "passed", "passes", "green", "succeed", "succeeded"].contains($0) }
    }

    /// Words with a dot and an ending, or a slash, that name files.
    private static func paths(in sentence: String) -> [String] {
        sentence.split { $0.isWhitespace || "`'\"()[],;:!".contains($0) }.map { word in
            var word = String(word)
            while word.hasSuffix(".") { word.removeLast() }
            return word
        }.filter { word in
            guard let dot = word.lastIndex(of: "."), dot != word.startIndex else { return false }
            let ending = word[word.index(after: dot)...]
            return (1...5).contains(ending.count) && ending.allSatisfy { $0.isLetter || $0.isNumber }
                && ending.contains(where: \.isLetter)
        }
    }

    /// Sentences end at a full stop before a space, at other marks, and at the end of a line. Blocks of code are left out.
    private static func sentences(_ text: String) -> [String] {
        var sentences: [String] = []
        var isCode = false
        for line in text.split(whereSeparator: \.isNewline) {
            if line.hasPrefix("```") {
                isCode.toggle()
                continue
            }
            guard !isCode else { continue }
            var current = ""
            var rest = Substring(line)
            while let letter = rest.popFirst() {
                current.append(letter)
                let ends = "!?;".contains(letter) || letter == "." && (rest.first?.isWhitespace ?? true)
                if ends {
                    sentences.append(current)
                    current = ""
                }
            }
            sentences.append(current)
        }
        return sentences.map { $0.trimming }.filter { !$0.isEmpty }
    }
}

extension String {
    fileprivate var trimming: String {
        var text = Substring(self)
        while let first = text.first, first.isWhitespace || "-*#>".contains(first) { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}
