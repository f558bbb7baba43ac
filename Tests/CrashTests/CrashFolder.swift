// Baton
// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
import JSON
import Model

@testable import Tools

/// A folder with a workflow and a data folder; goes away with the value.
final class CrashFolder: Sendable {
    /// The run all processes are about; the client chooses its id, so a start can be repeated.
    static let run = RunID("run_01jd0000000000000000000000")

    /// Its path, which is also in every command of the workflow: it names the processes that belong to it.
    let path: String
    let id: RunID

    /// - Parameter run: Another id than usual.
    init(_ workflow: String, run: RunID? = run) throws {
        var template = Array("/tmp/baton-crash-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template), let path = SandboxMounts.real(String(cString: made)), let id = run
        else {
            throw BatonProcess.Failure(description: "no folder: \(systemError())")
        }
        self.path = path
        self.id = id
        let text = Array(workflow.replacing("FOLDER", with: path).utf8)
        let file = Descriptor(open("\(path)/flow.yaml", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600))
        guard file?.writeAll(text) == true else {
            throw BatonProcess.Failure(description: "no workflow: \(systemError())")
        }
    }

    /// Writes a file beside the workflow.
    func write(_ name: String, _ text: String) throws {
        let file = Descriptor(open("\(path)/\(name)", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600))
        guard file?.writeAll(Array(text.utf8)) == true else {
            throw BatonProcess.Failure(description: "no \(name): \(systemError())")
        }
    }

    deinit {
        _ = system("rm -rf '\(path)'")
    }

    var data: String { "\(path)/data" }
    var workspace: String { "\(data)/workspaces/\(id)" }

    /// A process of the program about this folder.
    func baton(
        _ arguments: [String],
        _ variables: [String: String] = [:],
        user: String = "ann"
    ) -> BatonProcess {
        let environment = [
            "BATON_HOME": data, "PATH": ProgramSearch.defaultPath, "USER": user, "TZ": "UTC",
            // Where there is no sandbox everything else is tested all the same.
            "BATON_SANDBOX_REQUIRE": "false",
        ]
        return BatonProcess(
            arguments: arguments,
            environment: environment.merging(variables) { _, new in new },
            folder: path
        )
    }

    /// The lines that the effects left, by idempotency key.
    var ledger: [String: Int] { counts("ledger") }

    /// How often each line is in a file of the workspace.
    func counts(_ name: String) -> [String: Int] {
        let bytes = Descriptor(open("\(workspace)/\(name)", O_RDONLY | O_CLOEXEC))?.readAll(limit: 1 << 20) ?? []
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
        return Dictionary(lines.map { ($0, 1) }, uniquingKeysWith: +)
    }

    /// Ids of processes that run one of this folder's commands.
    var programs: [pid_t] {
        guard let processes = Descriptor(open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) else { return [] }
        return processes.entryNames().compactMap { name in
            guard let pid = pid_t(name), pid != getpid(),
                let file = Descriptor(open("/proc/\(pid)/cmdline", O_RDONLY | O_CLOEXEC)),
                let text = file.readAll(limit: 1 << 16)
            else { return nil }
            return String(decoding: text, as: UTF8.self).contains(path) ? pid : nil
        }
    }

    /// Waits for the end of every such process; those that are still there after `limit` are returned.
    func awaitPrograms(_ limit: Duration) -> [pid_t] {
        let end = ContinuousClock.now + limit
        while case let left = programs, let first = left.first {
            let milliseconds = (end - .now) / .milliseconds(1)
            guard milliseconds > 0 else { return left }
            // One that ended since cannot be opened.
            guard let process = Descriptor(baton_pidfd_open(first)) else { continue }
            var list = [pollfd(fd: process.number, events: Int16(POLLIN), revents: 0)]
            _ = poll(&list, 1, Int32(milliseconds))
        }
        return []
    }
}
