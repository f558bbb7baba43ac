// Baton
// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
public import JSON
public import Model

/// `fs.write`: writes a file of the workspace as a whole.
public struct FileWrite: Tool {
    /// The tool.
    public init() {}

    /// What the tool is.
    public let definition = ToolDefinition(
        name: "fs.write",
        description: "Writes a text file of the workspace; missing folders are made.",
        inputSchema: Schema.object(
            [
                "path": Schema.text("Relative to the workspace"), "content": Schema.text("The text"),
                "mode": Schema.choice(
                    ["overwrite", "create", "append"],
                    "create refuses to replace a file",
                    default: "overwrite"
                ),
            ],
            required: ["path", "content"]
        ),
        effects: .write,
        isIdempotent: false,
        category: "files"
    )

    /// Writes the file: the new content is there as a whole or not at all.
    public func call(_ arguments: JSONValue, context: ToolContext) async throws(TaskError) -> ToolResult {
        guard context.sandbox.mode != .readOnly else { throw .denied("the profile is read_only") }
        let path = arguments.text("path") ?? ""
        let content = Array((arguments.text("content") ?? "").utf8)
        let mode = arguments.text("mode") ?? "overwrite"
        return try await WorkspaceFolder.run(context) { _ throws(TaskError) in
            try WorkspaceFolder.check(path)
            let parts = path.split(separator: "/").filter { $0 != "." }
            guard let name = parts.last.map(String.init), !path.hasSuffix("/") else {
                throw .argument("path", "names no file")
            }
            let workspace = try WorkspaceFolder(context)
            try workspace.checkWritten(path)
            let parent = try workspace.makeFolder("./" + parts.dropLast().joined(separator: "/"))
            try workspace.checkWritten(name, in: parent, path)
            let target = FileTarget(parent: parent, name: name, path: path)
            let wasThere = try target.write(content, mode: mode)
            return ToolResult(output: [
                "path": .string(path), "bytes": .int(Int64(content.count)), "created": .bool(!wasThere),
            ])
        }
    }
}

/// A file to be written, by the handle of its folder.
private struct FileTarget {
    let parent: Descriptor
    let name: String
    let path: String

    /// Returns whether the file was there before.
    func write(_ content: [UInt8], mode: String) throws(TaskError) -> Bool {
        let old = parent.entry(name)
        if let old, old.kind != .file { throw .denied("\(path) is no plain file") }
        guard mode != "append" else {
            try append(content)
            return old != nil
        }
        guard mode != "create" || old == nil else { throw .failed("\(path) exists already") }
        let temporary = ".\(name.prefix(60)).\(randomName()).tmp"
        do throws(TaskError) {
            try fill(temporary, content)
            let result =
                mode == "create"
                ? baton_rename_exclusive(parent.number, temporary, name)
                : renameat(parent.number, temporary, parent.number, name)
            guard result == 0 else { throw WorkspaceFolder.error(path) }
        } catch {
            unlinkat(parent.number, temporary, 0)
            throw error
        }
        return old != nil
    }

    private func fill(_ temporary: String, _ content: [UInt8]) throws(TaskError) {
        let number = openat(parent.number, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o666)
        guard let file = Descriptor(number) else { throw WorkspaceFolder.error(path) }
        var status = stat()
        if fstatat(parent.number, name, &status, AT_SYMLINK_NOFOLLOW) == 0 { fchmod(number, status.st_mode & 0o777) }
        guard file.writeAll(content), fsync(number) == 0 else { throw WorkspaceFolder.error(path) }
    }

    private func append(_ content: [UInt8]) throws(TaskError) {
        let flags = O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK
        guard let file = Descriptor(openat(parent.number, name, flags, 0o666)) else {
            throw WorkspaceFolder.error(path)
        }
        guard file.writeAll(content), fsync(file.number) == 0 else { throw WorkspaceFolder.error(path) }
    }

    private func randomName() -> String {
        var value: UInt64 = 0
        // Names only have to differ; O_EXCL refuses one that is taken.
        if baton_random(&value, 8) != 0 { value = UInt64(getpid()) }
        return String(value, radix: 36)
    }
}
