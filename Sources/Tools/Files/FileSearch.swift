// Baton
// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
public import JSON
public import Model

/// `fs.search`: finds lines with a text in the files of the workspace.
public struct FileSearch: Tool {
    /// Larger files are left out.
    private static let fileByteLimit = 4 << 20
    /// Longer lines are cut.
    private static let lineByteLimit = 500

    /// The tool.
    public init() {}

    /// What the tool is.
    public let definition = ToolDefinition(
        name: "fs.search",
        description: "Finds lines that contain a plain text; leaves out .git and binary files.",
        inputSchema: Schema.object(
            [
                "pattern": [
                    "type": "string", "minLength": 1, "maxLength": 1000, "description": "Plain text within one line",
                ],
                "path": Schema.text("A file or folder, relative to the workspace", default: "."),
                "glob": Schema.text("Only files like *.swift"), "ignore_case": Schema.flag("a is A, for ASCII letters"),
                "limit": Schema.integer("The largest number of lines", 1...10_000, default: 100),
            ],
            required: ["pattern"]
        ),
        effects: .read,
        isIdempotent: true,
        category: "files"
    )

    /// Searches.
    public func call(_ arguments: JSONValue, context: ToolContext) async throws(TaskError) -> ToolResult {
        let path = arguments.text("path") ?? "."
        let search = LineSearch(
            pattern: arguments.text("pattern") ?? "",
            ignoresCase: arguments.flag("ignore_case"),
            limit: arguments.integer("limit") ?? 100
        )
        let found = try await WorkspaceFolder.run(context) { deadline throws(TaskError) in
            var found = LineSearch.Found()
            let workspace = try WorkspaceFolder(context)
            let start = try workspace.open(path, O_RDONLY)
            if start.entry?.kind == .file {
                Self.search(start, path, search, &found)
                return found
            }
            let walk = FileWalk(
                pattern: arguments.text("glob").map { PathPattern($0) },
                isRecursive: true,
                deadline: deadline,
                skippedFolders: [".git"],
                hiddenPaths: workspace.hiddenPaths
            )
            try walk.go(through: start, path: path) { path, entry, folder throws(TaskError) in
                guard entry.kind == .file, entry.size <= Self.fileByteLimit else { return true }
                try deadline.check()
                let number = baton_open_beneath(folder.number, entry.name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0, 0)
                if let file = Descriptor(number), file.entry?.kind == .file { Self.search(file, path, search, &found) }
                return !found.isFull
            }
            return found
        }
        return ToolResult(output: [
            "matches": .array(found.matches), "files": .int(Int64(found.fileCount)), "truncated": .bool(found.isFull),
        ])
    }

    private static func search(
        _ file: Descriptor,
        _ path: String,
        _ search: LineSearch,
        _ found: inout LineSearch.Found
    ) {
        guard let bytes = file.readAll(limit: fileByteLimit), !bytes.prefix(8192).contains(0) else { return }
        search.search(bytes, path, lineByteLimit: lineByteLimit, &found)
    }
}

/// Finds a text in lines of bytes.
private struct LineSearch: Sendable {
    struct Found: Sendable {
        var matches: [JSONValue] = []
        var fileCount = 0
        var isFull = false
    }

    private let needle: [UInt8]
    private let ignoresCase: Bool
    private let limit: Int

    init(pattern: String, ignoresCase: Bool, limit: Int) {
        needle = ignoresCase ? pattern.utf8.map(Self.lowered) : Array(pattern.utf8)
        self.ignoresCase = ignoresCase
        self.limit = limit
    }

    func search(_ bytes: [UInt8], _ path: String, lineByteLimit: Int, _ found: inout Found) {
        let before = found.matches.count
        for (index, line) in bytes.split(separator: 10, omittingEmptySubsequences: false).enumerated() {
            guard let column = position(in: line) else { continue }
            guard found.matches.count < limit else {
                found.isFull = true
                break
            }
            let shown = line.prefix(lineByteLimit)
            found.matches.append([
                "path": .string(path), "line": .int(Int64(index + 1)), "column": .int(Int64(column + 1)),
                "text": .string(String(decoding: shown.last == 13 ? shown.dropLast() : shown, as: UTF8.self)),
            ])
        }
        if found.matches.count > before { found.fileCount += 1 }
    }

    private func position(in line: ArraySlice<UInt8>) -> Int? {
        guard line.count >= needle.count, let first = needle.first else { return nil }
        for start in line.startIndex...(line.endIndex - needle.count) where folded(line[start]) == first {
            if zip(line[start...], needle).allSatisfy({ folded($0) == $1 }) { return start - line.startIndex }
        }
        return nil
    }

    private func folded(_ byte: UInt8) -> UInt8 { ignoresCase ? Self.lowered(byte) : byte }

    private static func lowered(_ byte: UInt8) -> UInt8 { byte >= 65 && byte <= 90 ? byte + 32 : byte }
}
