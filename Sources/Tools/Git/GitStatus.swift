// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON
public import Model

/// `git.status`: the state of a working tree.
public struct GitStatus: Tool {
    /// The tool.
    public init() {}

    /// What the tool is.
    public let definition = ToolDefinition(
        name: "git.status",
        description: "The branch and the changed files of a working tree.",
        inputSchema: Schema.object(["repo": GitRepository.repoSchema]),
        effects: .read,
        isIdempotent: true,
        maxOutput: 8 << 20,
        category: "git"
    )

    /// Asks git.
    public func call(_ arguments: JSONValue, context: ToolContext) async throws(TaskError) -> ToolResult {
        let repository = try GitRepository(arguments.text("repo") ?? ".", context, definition)
        let output = try await repository.run(
            [
                "status", "--porcelain=v2", "-z", "--branch", "--untracked-files=all", "--ignore-submodules=all",
                "--no-renames",
            ],
            disablesFilters: true
        )
        return ToolResult(output: Self.status(try GitRepository.whole(output, "status")))
    }

    /// Reads the format of `git status --porcelain=v2 -z`.
    static func status(_ bytes: [UInt8]) -> JSONValue {
        var result: JSONObject = ["branch": .null, "commit": .null]
        var entries: [JSONValue] = []
        for line in GitRepository.fields(bytes) {
            let words = line.split(separator: " ", omittingEmptySubsequences: false)
            switch words.first {
            case "#" where line.hasPrefix("# branch.head ") && !line.hasSuffix("(detached)"):
                result["branch"] = .string(String(line.dropFirst("# branch.head ".count)))
            case "#" where line.hasPrefix("# branch.oid ") && !line.hasSuffix("(initial)"):
                result["commit"] = .string(String(line.dropFirst("# branch.oid ".count)))
            case "1" where words.count >= 9: entries.append(entry(words[1], words[8...], isConflict: false))
            case "u" where words.count >= 11: entries.append(entry(words[1], words[10...], isConflict: true))
            case "?" where words.count >= 2: entries.append(entry("??", words[1...], isConflict: false))
            default: break
            }
        }
        result["clean"] = .bool(entries.isEmpty)
        result["entries"] = .array(entries)
        return .object(result)
    }

    private static func entry(_ states: Substring, _ path: ArraySlice<Substring>, isConflict: Bool) -> JSONValue {
        let names = states.map { letter -> JSONValue in
            switch letter {
            case "M": "modified"
            case "T": "type_changed"
            case "A": "added"
            case "D": "deleted"
            case "U": "unmerged"
            case "?": "untracked"
            default: "unchanged"
            }
        }
        return [
            "path": .string(path.joined(separator: " ")), "index": names.first ?? "unchanged",
            "worktree": names.last ?? "unchanged",
            "conflict": .bool(isConflict),
        ]
    }
}
