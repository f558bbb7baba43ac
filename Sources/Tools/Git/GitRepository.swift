// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import JSON
import Model
import Threads

/// Runs `git` on a repository that is not trusted: read-only, and without anything the repository's own configuration
/// would start.
struct GitRepository {
    private let folder: String
    private let readPaths: [String]
    private let context: ToolContext
    private let limits: ProgramLimits

    /// `repo` is an absolute path, or one relative to the workspace.
    init(_ repo: String, _ context: ToolContext, _ definition: ToolDefinition) throws(TaskError) {
        self.context = context
        limits = context.limits(for: definition)
        if repo.hasPrefix("/") {
            guard let real = SandboxMounts.real(repo) else { throw .failed("there is no folder \(repo)") }
            folder = real
            readPaths = [real] + Self.linkedFolders(of: real)
        } else {
            folder = try WorkspaceFolder(context).path(of: repo)
            readPaths = Self.linkedFolders(of: folder)
        }
    }

    /// Runs a command and returns its output; a failure of git is `tool.failed`.
    func run(_ arguments: [String], disablesFilters: Bool = false) async throws(TaskError) -> CapturedOutput {
        let filters = disablesFilters ? try await filterOverrides() : []
        let result = try await start(filters + arguments)
        guard result.ending == .exited(0) else { throw result.failure("git \(arguments.first ?? "")") }
        return result.output
    }

    /// Overrides for the programs that `.gitattributes` could make git start on files of the working tree.
    private func filterOverrides() async throws(TaskError) -> [String] {
        let result = try await start([
            "config", "--name-only", "-z", "--get-regexp", #"^filter\..*\.(clean|smudge|process|required)$"#,
        ])
        // Exit code 1 means that there is none.
        guard result.exitCode <= 1 else { throw result.failure("git config") }
        let names = result.output.bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
        return names.flatMap { ["-c", $0.hasSuffix(".required") ? "\($0)=false" : "\($0)="] }
    }

    private func start(_ arguments: [String]) async throws(TaskError) -> ProgramResult {
        guard let git = ProgramSearch.find("git") else {
            throw TaskError(
                code: "tool.unavailable",
                errorClass: .permanent,
                message: "there is no program git (package git)"
            )
        }
        let program = Program(
            path: git,
            arguments: Self.options + arguments,
            environment: Self.environment,
            workingDirectory: folder,
            limits: limits
        )
        var settings = context.sandbox
        settings.mode = .readOnly
        let outcome = try await Sandbox(settings).run(
            program,
            workspace: context.workspace,
            readPaths: readPaths,
            cancellation: context.cancellation
        )
        try outcome.result.checkStop("git", limits)
        return outcome.result
    }

    /// What its own configuration may not say.
    static let settings = [
        "safe.directory=*", "core.fsmonitor=false", "core.hooksPath=/dev/null", "core.pager=cat", "core.editor=false",
        "core.sshCommand=false", "core.askPass=false", "core.attributesFile=/dev/null", "core.untrackedCache=false",
        "core.quotePath=false", "diff.external=", "credential.helper=", "gpg.program=false", "log.showSignature=false",
        "protocol.allow=never", "color.ui=false", "diff.trustExitCode=false", "submodule.recurse=false",
    ]

    private static let options = ["--no-pager", "--no-optional-locks"] + settings.flatMap { ["-c", $0] }

    static let environment = [
        "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_LAZY_FETCH": "1", "GIT_ATTR_NOSYSTEM": "1", "LC_ALL": "C.UTF-8",
    ]

    /// The folders of the main repository, if this is a working tree linked to one. They are believed only when the
    /// main repository names this working tree, because the file here could have been written by anyone.
    static func linkedFolders(of folder: String) -> [String] {
        guard let text = firstLine("\(folder)/.git"), text.hasPrefix("gitdir: ") else { return [] }
        let link = String(text.dropFirst("gitdir: ".count))
        guard let folderOfTree = SandboxMounts.real(link.hasPrefix("/") ? link : "\(folder)/\(link)"),
            let back = firstLine("\(folderOfTree)/gitdir"), SandboxMounts.real(back) == "\(folder)/.git",
            let common = firstLine("\(folderOfTree)/commondir"),
            let main = SandboxMounts.real(common.hasPrefix("/") ? common : "\(folderOfTree)/\(common)")
        else { return [] }
        return [folderOfTree, main]
    }

    private static func firstLine(_ path: String) -> String? {
        guard let file = Descriptor(open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)),
            file.entry?.kind == .file,
            let bytes = file.readAll(limit: 4096)
        else { return nil }
        return String(decoding: bytes.prefix { $0 != 10 }, as: UTF8.self)
    }

    /// A revision that git cannot take for an option.
    static func revision(_ name: String, _ arguments: JSONValue) throws(TaskError) -> String? {
        guard let text = arguments.text(name) else { return nil }
        guard !text.isEmpty, !text.hasPrefix("-"), text.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7f }) else {
            throw .argument(name, "is no revision")
        }
        return text
    }

    /// The fields that NUL bytes separate.
    static func fields(_ bytes: [UInt8]) -> [String] {
        bytes.split(separator: 0, omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Its lines, without their ends.
    static func lines(_ bytes: [UInt8]) -> [String] {
        bytes.split(separator: 10).map { String(decoding: $0, as: UTF8.self) }
    }

    /// What was cut off in the middle cannot be read as fields.
    static func whole(_ output: CapturedOutput, _ what: String) throws(TaskError) -> [UInt8] {
        guard !output.isTruncated else {
            throw .failed(
                "the answer of git \(what) has \(output.totalBytes) bytes, more than \(output.byteLimit); ask for less"
            )
        }
        return output.bytes
    }

    /// The arguments every git tool has.
    static let repoSchema = Schema.text("The repository: an absolute path, or one beneath the workspace", default: ".")
    /// Paths inside the repository.
    static let pathsSchema = Schema.texts("Only these paths of the repository")
}
