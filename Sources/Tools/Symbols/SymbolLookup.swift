// Baton
// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
public import JSON
public import Model

/// `lookup.symbol`: finds where a name is defined in the source files of the workspace.
public struct SymbolLookup: Tool {
    /// Larger files are left out.
    private static let fileByteLimit = 1 << 20
    /// So much is read at most.
    private static let byteLimit = 256 << 20
    private static let skippedFolders: Set<String> = [
        ".git", ".build", "node_modules", "target", "dist", ".venv", "__pycache__",
    ]

    /// The tool.
    public init() {}

    /// What the tool is.
    public let definition = ToolDefinition(
        name: "lookup.symbol",
        description: "Finds the lines that define a function, type or variable of that name in the source files of the "
            + "workspace, by how definitions look in each language.",
        inputSchema: Schema.object(
            [
                "name": [
                    "type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[^\\s().,:;{}\\[\\]<>\"'/]+$",
                    "description": "The whole name, without what qualifies it",
                ],
                "path": Schema.text("A file or folder, relative to the workspace", default: "."),
                "glob": Schema.text("Only files like *.swift"),
                "limit": Schema.integer("The largest number of definitions", 1...500, default: 50),
            ],
            required: ["name"]
        ),
        effects: .read,
        isIdempotent: true,
        category: "files"
    )

    private struct Found: Sendable {
        let limit: Int
        var definitions: [JSONValue] = []
        var files = 0
        var bytes = 0
        var isFull = false

        mutating func add(_ all: [SymbolFinder.Definition], _ path: String, _ language: String) {
            for definition in all {
                guard definitions.count < limit else {
                    isFull = true
                    return
                }
                definitions.append([
                    "path": .string(path), "line": .int(Int64(definition.line)), "kind": .string(definition.kind),
                    "language": .string(language), "text": .string(definition.text),
                ])
            }
        }
    }

    /// Looks.
    public func call(_ arguments: JSONValue, context: ToolContext) async throws(TaskError) -> ToolResult {
        let path = arguments.text("path") ?? "."
        let finder = SymbolFinder(arguments.text("name") ?? "")
        let limit = arguments.integer("limit") ?? 50
        let found = try await WorkspaceFolder.run(context) { deadline throws(TaskError) in
            var found = Found(limit: limit)
            let workspace = try WorkspaceFolder(context)
            let start = try workspace.open(path, O_RDONLY)
            if start.entry?.kind == .file {
                Self.look(into: start, path, finder, &found)
                return found
            }
            let walk = FileWalk(
                pattern: arguments.text("glob").map { PathPattern($0) },
                isRecursive: true,
                deadline: deadline,
                skippedFolders: Self.skippedFolders,
                hiddenPaths: workspace.hiddenPaths
            )
            try walk.go(through: start, path: path) { path, entry, folder throws(TaskError) in
                guard entry.kind == .file, entry.size <= Self.fileByteLimit, SymbolLanguage.of(path) != nil else {
                    return true
                }
                try deadline.check()
                let number = baton_open_beneath(folder.number, entry.name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0, 0)
                if let file = Descriptor(number), file.entry?.kind == .file {
                    Self.look(into: file, path, finder, &found)
                }
                if found.bytes > Self.byteLimit { found.isFull = true }
                return !found.isFull
            }
            return found
        }
        return ToolResult(output: [
            "definitions": .array(found.definitions), "files": .int(Int64(found.files)),
            "truncated": .bool(found.isFull),
        ])
    }

    private static func look(into file: Descriptor, _ path: String, _ finder: SymbolFinder, _ found: inout Found) {
        guard let language = SymbolLanguage.of(path), let bytes = file.readAll(limit: fileByteLimit),
            !bytes.prefix(8192).contains(0)
        else { return }
        found.files += 1
        found.bytes += bytes.count
        found.add(finder.definitions(in: bytes, language), path, language.name)
    }
}
