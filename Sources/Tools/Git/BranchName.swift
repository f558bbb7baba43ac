// Baton
// SPDX-License-Identifier: Apache-2.0

/// The branches of tasks, and which of them takes new commits.
enum BranchName {
    /// A branch of the repository as a task finds it.
    struct Found: Equatable {
        let name: String
        let commit: String
        /// It is checked out somewhere.
        let isHeld: Bool
        /// The new commits come after its own.
        let isBehind: Bool
        /// It has the new commits.
        let isAhead: Bool
    }

    /// Where commits go.
    enum Choice: Equatable {
        /// There they are already.
        case has(String)
        /// A new branch, or one that moves on from a commit.
        case move(String, from: String?)
    }

    /// So many names are tried.
    static let tries = 20

    /// `baton/RUN/NODE`, in loops and maps `baton/RUN/NODE/PLACE`; `.2` at its end for a task that is done again.
    ///
    /// - Parameter key: The idempotency key of the task, `RUN/NODE/…#2`.
    static func branch(of key: String) -> String {
        let halves = key.split(separator: "#", maxSplits: 1)
        let parts = (halves.first ?? "").split(separator: "/").map(safe)
        let again = halves.count > 1 ? ".\(safe(halves[1]))" : ""
        return (["baton"] + parts).joined(separator: "/") + again
    }

    /// What git takes for one part of a name: letters, digits, `-`, `_`, and single dots between them.
    private static func safe(_ text: Substring) -> String {
        let words = text.split { !($0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_")) }
        let name = words.joined(separator: ".")
        return name.isEmpty ? "_" : name.hasSuffix(".lock") ? "\(name)_" : name
    }

    /// A name beside that of the task, for when that is taken.
    static func other(_ branch: String, _ number: Int) -> String { "\(branch).other\(number)" }

    /// A branch only moves on: no commit that was in one ever goes, and none that is checked out changes.
    static func choose(_ branch: String, commit: String, among found: [Found]) -> Choice? {
        let known = Dictionary(found.map { ($0.name, $0) }) { first, _ in first }
        for number in 0..<tries {
            let name = number == 0 ? branch : other(branch, number)
            guard let there = known[name] else { return .move(name, from: nil) }
            if there.commit == commit || there.isAhead { return .has(name) }
            if there.isBehind, !there.isHeld { return .move(name, from: there.commit) }
        }
        return nil
    }

    /// Reads lines of name, commit, and `yes` or `no` for held, behind and ahead.
    static func found(_ bytes: [UInt8]) -> [Found] {
        bytes.split(separator: 10).compactMap { line in
            let words = String(decoding: line, as: UTF8.self).split(separator: " ").map(String.init)
            guard words.count == 5, words[0].hasPrefix("refs/heads/") else { return nil }
            return Found(
                name: String(words[0].dropFirst("refs/heads/".count)),
                commit: words[1],
                isHeld: words[2] == "yes",
                isBehind: words[3] == "yes",
                isAhead: words[4] == "yes"
            )
        }
    }

    /// The message of a commit: one line, and where it comes from.
    static func message(_ title: String, isFinished: Bool, key: String) -> String {
        let parts = key.split(separator: "/", maxSplits: 1)
        let run = parts.first.map(String.init) ?? ""
        let task = parts.count > 1 ? String(parts[1]) : ""
        return
            "\(isFinished ? "" : "Unfinished: ")\(line(title, or: "Work of \(task)"))\n\nBaton-Run: \(run)\nBaton-Task: \(task)\n"
    }

    private static func line(_ text: String, or other: String) -> String {
        for line in text.split(whereSeparator: \.isNewline) {
            let words = line.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7f ? " " : Character($0) }
            let whole = String(words).split(separator: " ").joined(separator: " ")
            guard !whole.isEmpty else { continue }
            return whole.count <= 72 ? whole : "\(whole.prefix(71))…"
        }
        return other
    }
}
