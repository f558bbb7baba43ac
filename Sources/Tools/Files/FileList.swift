// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
public import JSON
public import Model

/// `fs.list`: lists a folder of the workspace.
public struct FileList: Tool {
    /// The tool.
    public init() {}

    /// What the tool is.
    public let definition = ToolDefinition(
        name: "fs.list",
        description: "Lists a folder of the workspace, sorted by name.",
        inputSchema: Schema.object([
            "path": Schema.text("Relative to the workspace", default: "."), "recursive": Schema.flag("Go into folders"),
            "glob": Schema.text("Such as *.swift or src/**/*.c"),
            "limit": Schema.integer("The largest number of entries", 1...10_000, default: 1000),
        ]),
        effects: .read,
        isIdempotent: true,
        category: "files"
    )

    /// Lists the folder.
    public func call(_ arguments: JSONValue, context: ToolContext) async throws(TaskError) -> ToolResult {
        let path = arguments.text("path") ?? "."
        let limit = arguments.integer("limit") ?? 1000
        let (entries, isWhole) = try await WorkspaceFolder.run(context) { deadline throws(TaskError) in
            let workspace = try WorkspaceFolder(context)
            let folder = try workspace.open(path, O_RDONLY | O_DIRECTORY)
            let walk = FileWalk(
                pattern: arguments.text("glob").map { PathPattern($0) },
                isRecursive: arguments.flag("recursive"),
                deadline: deadline,
                hiddenPaths: workspace.hiddenPaths
            )
            var entries: [JSONValue] = []
            let isWhole = try walk.go(through: folder, path: path) { path, entry, _ in
                guard entries.count < limit else { return false }
                entries.append([
                    "path": .string(path), "type": .string(entry.kind.rawValue), "size": .int(entry.size),
                    "modified": .string(Timestamp(milliseconds: entry.modifiedMilliseconds).description),
                ])
                return true
            }
            return (entries, isWhole)
        }
        return ToolResult(output: ["entries": .array(entries), "truncated": .bool(!isWhole)])
    }
}
