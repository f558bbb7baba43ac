// Baton
// SPDX-License-Identifier: Apache-2.0

import Cryptography
import Glibc
public import JSON
public import Model

/// `fs.read`: reads a file of the workspace.
public struct FileRead: Tool {
    /// The tool.
    public init() {}

    /// What the tool is.
    public let definition = ToolDefinition(
        name: "fs.read",
        description: "Reads a file of the workspace.",
        inputSchema: Schema.object(
            [
                "path": Schema.text("Relative to the workspace"),
                "max_bytes": Schema.integer("More is cut off", 1...(16 << 20), default: 256 << 10),
                "encoding": Schema.choice(["utf8", "base64"], "How the content is returned", default: "utf8"),
            ],
            required: ["path"]
        ),
        effects: .read,
        isIdempotent: true,
        category: "files"
    )

    /// Reads the file.
    public func call(_ arguments: JSONValue, context: ToolContext) async throws(TaskError) -> ToolResult {
        let path = arguments.text("path") ?? ""
        let limit = arguments.integer("max_bytes") ?? 0
        let (bytes, size) = try await WorkspaceFolder.run(context) { _ throws(TaskError) in
            let file = try WorkspaceFolder(context).open(path, O_RDONLY)
            guard let entry = file.entry, entry.kind == .file else { throw .failed("\(path) is no file") }
            guard let bytes = file.readAll(limit: limit) else { throw WorkspaceFolder.error(path) }
            return (bytes, entry.size)
        }
        let isTruncated = Int64(bytes.count) < size
        let encoding = arguments.text("encoding") ?? "utf8"
        return ToolResult(output: [
            "path": .string(path),
            "content": .string(try Self.content(bytes, encoding, path, isTruncated: isTruncated)),
            "encoding": .string(encoding), "size": .int(size), "truncated": .bool(isTruncated),
        ])
    }

    private static func content(
        _ bytes: [UInt8],
        _ encoding: String,
        _ path: String,
        isTruncated: Bool
    ) throws(TaskError) -> String {
        guard encoding == "utf8" else { return base64(bytes) }
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        // The cut may go through a letter, which has at most four bytes.
        for cut in 1...3 where isTruncated && bytes.count > cut {
            if let text = String(validating: bytes.dropLast(cut), as: UTF8.self) { return text }
        }
        throw .failed("\(path) is not UTF-8; read it with encoding base64")
    }
}

/// The text form of bytes (RFC 4648, section 4).
func base64(_ bytes: [UInt8]) -> String { Base64.encode(bytes, .standard, isPadded: true) }
