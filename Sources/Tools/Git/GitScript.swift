// Baton
// SPDX-License-Identifier: Apache-2.0

import Model

/// Some commands of git, started at once by a shell in the sandbox. Nothing that a repository's configuration names for
/// these commands is started, except filters, which are as confined as everything else here.
struct GitScript {
    /// For `/bin/sh`; values stand in variables, never in the text.
    let text: String
    /// Where it runs, and what it may change.
    let folder: String
    /// What it may change of that folder, when that is not all.
    var writePaths: [String]?
    /// Folders that are seen besides.
    var shown: [String] = []
    /// Another folder that it may change.
    var room: String?
    var values: [String: String] = [:]
    var input: [UInt8]?

    private static let outputLimit = 8 << 20
    private static let memoryBytes = 4 << 30

    /// What it wrote.
    ///
    /// - Parameter what: What it does, for the error `agent.repository`.
    func run(_ context: ToolContext, _ what: String) async throws(TaskError) -> [UInt8] {
        guard ProgramSearch.find("git") != nil else {
            throw TaskError(
                code: "tool.unavailable",
                errorClass: .permanent,
                message: "there is no program git (package git)"
            )
        }
        var limits = ProgramLimits(timeout: context.timeout, outputBytes: Self.outputLimit)
        (limits.memoryBytes, limits.processes) = (Self.memoryBytes, 512)
        let program = Program(
            path: "/bin/sh",
            arguments: ["-c", "set -e\n\(text)"],
            environment: Self.environment.merging(values) { $1 },
            workingDirectory: folder,
            input: input,
            limits: limits
        )
        var settings = context.sandbox
        (settings.mode, settings.isRequired, settings.sharesNetwork) = (.workspace, true, false)
        (settings.writePaths, settings.shownPaths) = (writePaths, shown)
        let outcome = try await Sandbox(settings).run(
            program,
            workspace: folder,
            binds: room.map { [SandboxBind(folder: $0, place: $0)] } ?? [],
            cancellation: context.cancellation
        )
        try outcome.result.checkStop(what, limits)
        guard outcome.result.ending == .exited(0) else {
            throw outcome.result.failure(what, code: "agent.repository")
        }
        return try GitRepository.whole(outcome.result.output, what)
    }

    private static let environment: [String: String] = {
        let settings =
            GitRepository.settings + [
                "core.logAllRefUpdates=false", "gc.auto=0", "maintenance.auto=false", "commit.gpgSign=false",
                "core.autocrlf=false", "advice.detachedHead=false", "advice.addEmbeddedRepo=false",
            ]
        var values = GitRepository.environment
        values["PATH"] = ProgramSearch.defaultPath
        values["GIT_NO_REPLACE_OBJECTS"] = "1"
        values["GIT_CONFIG_COUNT"] = String(settings.count)
        for (index, setting) in settings.enumerated() {
            let parts = setting.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            values["GIT_CONFIG_KEY_\(index)"] = String(parts[0])
            values["GIT_CONFIG_VALUE_\(index)"] = String(parts[1])
        }
        return values
    }()
}
