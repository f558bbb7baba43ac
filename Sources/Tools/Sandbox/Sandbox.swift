// Baton
// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
public import Model
import Synchronization
public import Threads

/// Starts programs in namespaces of their own by bubblewrap.
///
/// A confined program has no network, sees the file system read-only except its workspace, has a private `/tmp` and
/// home, no capabilities, a filter on system calls, and dies with us.
public struct Sandbox: Sendable {
    /// Whether confined programs can be started here.
    public enum Availability: Sendable, Equatable {
        /// They can.
        case available
        /// They cannot; the reason says what is missing.
        case unavailable(reason: String)
    }

    /// What a confined program left behind.
    public struct Outcome: Sendable {
        /// How it ended and what it wrote.
        public let result: ProgramResult
        /// False only when ``SandboxSettings/isRequired`` is false and there is no sandbox.
        public let isSandboxed: Bool
    }

    private static let probes = Mutex<[String: Availability]>([:])

    private let settings: SandboxSettings

    /// A sandbox with these settings; starts nothing.
    public init(_ settings: SandboxSettings = SandboxSettings()) {
        self.settings = settings
    }

    /// Tries the launcher with an empty program, once per process and launcher.
    public func probe() async -> Availability {
        let launcher = settings.launcher ?? "bwrap"
        if let known = Self.probes.withLock({ $0[launcher] }) { return known }
        let found = await tryLauncher(launcher)
        Self.probes.withLock { $0[launcher] = found }
        return found
    }

    /// Whether limits hold for all processes of a program together: control groups can be made here. Looks once, and
    /// may move this process into a group of its own for it.
    public static var boundsWholePrograms: Bool { !ControlGroupPlace.usable.isEmpty }

    /// Runs a program with `workspace` as the place it may change.
    ///
    /// - Parameters:
    ///   - program: Its `environment` is added to the permitted variables; `workingDirectory` must be seen inside.
    ///   - workspace: An absolute path of an existing folder.
    ///   - readPaths: More paths to see read-only; ones in the data folder are refused (`tool.denied`).
    ///   - binds: Folders of ours that it may change, and where it sees them.
    /// - Throws: `sandbox.failed`, `tool.unavailable` or `tool.denied`. A timeout is in the result.
    public func run(
        _ program: Program,
        workspace: String,
        readPaths: [String] = [],
        binds: [SandboxBind] = [],
        cancellation: CancellationSignal? = nil
    ) async throws(TaskError) -> Outcome {
        var program = program
        program.environment = environment.merging(program.environment) { _, new in new }
        guard ProgramSearch.find(program.path) != nil else { throw Self.missing(program.path) }
        switch await probe() {
        case .available: return try await runConfined(program, workspace, readPaths, binds, cancellation)
        case .unavailable(let reason):
            // Ports and binds are there only inside.
            guard !settings.isRequired, program.ports.isEmpty, binds.isEmpty else { throw Self.failed(reason) }
            let result = try await Self.start(program, cancellation)
            return Outcome(result: result, isSandboxed: false)
        }
    }

    private func runConfined(
        _ program: Program,
        _ workspace: String,
        _ readPaths: [String],
        _ binds: [SandboxBind],
        _ cancellation: CancellationSignal?
    ) async throws(TaskError) -> Outcome {
        let mounts = try SandboxMounts(workspace: workspace, settings, readPaths: readPaths, binds: binds)
        let result = try await Self.start(try confined(program, mounts), cancellation)
        // bubblewrap reports the end of what it started; without a report nothing was started.
        guard result.stopReason == nil, result.ending == .exited(1), !result.report.text.contains("\"exit-code\"")
        else {
            return Outcome(result: result, isSandboxed: true)
        }
        let message = result.errors.lastText(500)
        if message.contains("bwrap: execvp") { throw Self.missing(program.path) }
        throw Self.failed(message)
    }

    private func confined(_ program: Program, _ mounts: SandboxMounts) throws(TaskError) -> Program {
        let inner: Program
        do throws(ProgramError) {
            inner = try program.wrappedInLimits(countsProcesses: true)
        } catch {
            throw Self.error(error)
        }
        guard let launcher = ProgramSearch.find(settings.launcher ?? "bwrap") else {
            throw Self.failed("bwrap has gone")
        }
        guard let filter = Descriptor(baton_seccomp_filter()) else {
            throw Self.failed("no filter for system calls: \(systemError())")
        }
        var outer = inner
        outer.path = launcher
        outer.environment["HOME"] = mounts.home
        outer.environment["TMPDIR"] = "/tmp"
        outer.workingDirectory = "/"
        outer.descriptors = [filter]
        outer.writesReport = true
        var descriptors = ["--seccomp", "3"]
        if settings.usesControlGroups, !ControlGroupPlace.usable.isEmpty {
            outer.group = ControlGroup.make(program.limits, in: ControlGroupPlace.usable)
            guard outer.group != nil else { throw Self.failed("no control group: \(systemError())") }
        }
        if !program.ports.isEmpty || outer.group != nil {
            guard let gate = Descriptor.pipe() else { throw Self.failed("no pipe: \(systemError())") }
            outer.descriptors.append(gate.reader)
            outer.gate = gate.writer
            descriptors += ["--block-fd", "4"]
        }
        descriptors += ["--json-status-fd", String(3 + outer.descriptors.count)]
        // The network is the one thing of the isolation that may be given back.
        let network = settings.sharesNetwork ? ["--share-net"] : []
        outer.arguments =
            Self.isolation + network + mounts.arguments
            + ["--chdir", SandboxMounts.real(program.workingDirectory) ?? program.workingDirectory]
            + descriptors + ["--", inner.path] + inner.arguments
        return outer
    }

    /// The ids are those of nobody inside; outside it stays our own user, so the workspace stays accessible.
    static let isolation = [
        "--unshare-user", "--uid", "65534", "--gid", "65534", "--unshare-pid", "--unshare-ipc", "--unshare-uts",
        "--unshare-net", "--unshare-cgroup-try", "--cap-drop", "ALL", "--die-with-parent", "--new-session",
    ]

    private var environment: [String: String] {
        var values = ["PATH": ProgramSearch.defaultPath, "LANG": "C.UTF-8"]
        for name in settings.environmentNames {
            if let value = getenv(name) { values[name] = String(cString: value) }
        }
        return values
    }

    private func tryLauncher(_ launcher: String) async -> Availability {
        guard let path = ProgramSearch.find(launcher) else {
            return .unavailable(reason: "\(launcher) is not installed (package bubblewrap)")
        }
        guard let filter = Descriptor(baton_seccomp_filter()) else {
            return .unavailable(reason: "no filter for system calls: \(systemError())")
        }
        var program = Program(
            path: path,
            arguments: Self.isolation + SandboxMounts.system + ["--tmpfs", "/tmp"]
                + ["--seccomp", "3", "--json-status-fd", "4", "--", "/bin/true"],
            limits: ProgramLimits(timeout: .seconds(10), outputBytes: 4096)
        )
        program.descriptors = [filter]
        program.writesReport = true
        do {
            let result = try await program.run()
            if result.ending == .exited(0) { return .available }
            let reason = result.stopReason == nil ? result.errors.lastText(500) : "\(launcher) did not answer in 10 s"
            return .unavailable(reason: reason.isEmpty ? "\(launcher) ended with \(result.exitCode)" : reason)
        } catch {
            return .unavailable(reason: error.description)
        }
    }

    private static func start(_ program: Program, _ cancellation: CancellationSignal?) async throws(TaskError)
        -> ProgramResult
    {
        do throws(ProgramError) {
            return try await program.run(cancellation: cancellation)
        } catch {
            throw Self.error(error)
        }
    }

    static func error(_ error: ProgramError) -> TaskError {
        switch error.code {
        case .notFound: TaskError(code: "tool.unavailable", errorClass: .permanent, message: error.description)
        case .notStarted: TaskError(code: "tool.failed", errorClass: .transient, message: error.description)
        case .cancelled: .cancelled
        }
    }

    private static func missing(_ path: String) -> TaskError {
        TaskError(
            code: "tool.unavailable",
            errorClass: .permanent,
            message: "the program \(path) is not there or may not be run"
        )
    }

    private static func failed(_ reason: String) -> TaskError {
        let trimmed = reason.split(whereSeparator: \.isNewline).joined(separator: "; ")
        return TaskError(
            code: "sandbox.failed",
            errorClass: .permanent,
            message: "the sandbox cannot start: \(trimmed). Install bubblewrap and permit user namespaces "
                + "(sysctl kernel.unprivileged_userns_clone=1, or a profile of AppArmor), or set sandbox.require to false"
        )
    }
}

extension TaskError {
    /// The attempt was cancelled; whoever cancelled decides what comes of it.
    public static var cancelled: TaskError {
        TaskError(code: "cancelled", errorClass: .permanent, message: "the attempt was cancelled")
    }
}
