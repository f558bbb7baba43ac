// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import FoundationEssentials
import JSON

/// The documents in `Diagnostics/`, each with a code that it raises or does not.
///
/// A file holds many documents. Each begins with a line `--- # CODE raises` or `--- # CODE clean`, with a note after a
/// colon.
enum DiagnosticTable {
    struct Entry {
        let code: String
        let raises: Bool
        let note: String
        let text: String

        var name: String { "\(code) \(raises ? "raises" : "clean") \(note)" }

        func compile(_ registry: Registry = .full, _ purpose: Compiler.Purpose = .run) -> CompileResult {
            Compiler(registry: registry, purpose: purpose).compile(text: Array(text.utf8), fileName: "a.yaml")
        }
    }

    static func entries() throws -> [Entry] {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Diagnostics")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path(percentEncoded: false))
        return try names.sorted().flatMap { name in
            read(String(decoding: try Data(contentsOf: folder.appending(path: name)), as: UTF8.self))
        }
    }

    private static func read(_ text: String) -> [Entry] {
        var entries: [Entry] = []
        var head: [Substring] = []
        var lines: [Substring] = []
        func finish() {
            guard head.count >= 2 else { return }
            entries.append(
                Entry(
                    code: String(head[0]),
                    raises: head[1].hasPrefix("raises"),
                    note: head.dropFirst(2).joined(separator: " "),
                    text: lines.joined(separator: "\n") + "\n"
                )
            )
        }
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("--- # ") {
                finish()
                head = line.dropFirst(6).split(separator: " ")
                lines = []
            } else {
                lines.append(line)
            }
        }
        finish()
        return entries
    }
}
