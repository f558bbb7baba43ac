// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON
public import Model

/// `git.log`: the commits of a repository.
public struct GitLog: Tool {
    /// The tool.
    public init() {}

    /// What the tool is.
    public let definition = ToolDefinition(
        name: "git.log",
        description: "Lists commits, newest first.",
        inputSchema: Schema.object([
            "repo": GitRepository.repoSchema, "paths": GitRepository.pathsSchema,
            "limit": Schema.integer("The largest number of commits", 1...10_000, default: 50),
            "since": Schema.text("A date such as 2026-01-31 or 2.weeks"),
            "revision": Schema.text("Where to begin", default: "HEAD"),
            "files": Schema.flag("Also list the files of each commit"),
        ]),
        effects: .read,
        isIdempotent: true,
        maxOutput: 8 << 20,
        category: "git"
    )

    /// Lists the commits.
    public func call(_ arguments: JSONValue, context: ToolContext) async throws(TaskError) -> ToolResult {
        let repository = try GitRepository(arguments.text("repo") ?? ".", context, definition)
        let withFiles = arguments.flag("files")
        var options = ["log", "-z", "--no-show-signature", "--format=%x00%H%x00%an%x00%ae%x00%aI%x00%s"]
        options += ["--max-count=\(arguments.integer("limit") ?? 50)", "--no-ext-diff", "--no-textconv"]
        if withFiles { options += ["--name-only", "--no-renames"] }
        if let since = arguments.text("since") { options.append("--since=\(since)") }
        let revision = try GitRepository.revision("revision", arguments) ?? "HEAD"
        let output = try await repository.run(
            options + ["--end-of-options", revision, "--"] + arguments.texts("paths")
        )
        return ToolResult(output: .array(Self.commits(try GitRepository.whole(output, "log"), withFiles: withFiles)))
    }

    /// Each commit is an empty field, five fields, and the names of its files, which are never empty.
    static func commits(_ bytes: [UInt8], withFiles: Bool) -> [JSONValue] {
        let fields = GitRepository.fields(bytes)
        var commits: [JSONValue] = []
        var index = 0
        while index + 5 < fields.count {
            let names = ["hash", "author", "email", "date", "subject"]
            var commit = JSONObject(
                members: zip(names, fields[(index + 1)...]).map { .init(key: $0, value: .string($1)) }
            )
            index += 6
            var files: [JSONValue] = []
            while index < fields.count, !fields[index].isEmpty {
                let name = fields[index].drop { $0 == "\n" }
                if !name.isEmpty { files.append(.string(String(name))) }
                index += 1
            }
            if withFiles { commit["files"] = .array(files) }
            commits.append(.object(commit))
        }
        return commits
    }
}
