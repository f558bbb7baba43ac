// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON
public import Model

/// `git.diff`: what differs between two revisions, or a revision and the working tree.
public struct GitDiff: Tool {
    /// The tool.
    public init() {}

    /// What the tool is.
    public let definition = ToolDefinition(
        name: "git.diff",
        description: "The differences between a revision and another one or the working tree.",
        inputSchema: Schema.object([
            "repo": GitRepository.repoSchema, "paths": GitRepository.pathsSchema,
            "base": Schema.text("The old revision", default: "HEAD"),
            "target": Schema.text("The new one; without it the working tree"),
            "context_lines": Schema.integer("Unchanged lines around a change", 0...100, default: 3),
        ]),
        effects: .read,
        isIdempotent: true,
        category: "git"
    )

    /// Compares.
    public func call(_ arguments: JSONValue, context: ToolContext) async throws(TaskError) -> ToolResult {
        let repository = try GitRepository(arguments.text("repo") ?? ".", context, definition)
        let base = try GitRepository.revision("base", arguments) ?? "HEAD"
        let revisions = [base] + [try GitRepository.revision("target", arguments)].compactMap { $0 }
        let common = ["--no-ext-diff", "--no-textconv", "--no-renames", "--ignore-submodules=all"]
        let end = ["--end-of-options"] + revisions + ["--"] + arguments.texts("paths")
        let counts = try await repository.run(["diff", "--numstat", "-z"] + common + end, disablesFilters: true)
        let text = try await repository.run(
            ["diff", "--no-color", "--unified=\(arguments.integer("context_lines") ?? 3)"] + common + end,
            disablesFilters: true
        )
        return ToolResult(output: [
            "text": .string(text.text), "files": .array(Self.files(try GitRepository.whole(counts, "diff"))),
            "truncated": .bool(text.isTruncated),
        ])
    }

    /// Reads `added TAB removed TAB path NUL`; binary files have `-` for numbers.
    static func files(_ bytes: [UInt8]) -> [JSONValue] {
        GitRepository.fields(bytes).compactMap { line in
            let parts = line.split(separator: "\t", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { return nil }
            let numbers = parts[..<2].map { Int64($0).map { JSONValue.int($0) } ?? .null }
            return ["path": .string(String(parts[2])), "added": numbers[0], "removed": numbers[1]]
        }
    }
}
