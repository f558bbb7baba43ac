// Baton
// SPDX-License-Identifier: Apache-2.0

import Agents
import Engine
import Glibc
import Model
import Store
import StoreSQLite
import Tools

/// Checks of what runs need besides the data folder.
struct SystemChecks {
    let settings: Settings
    let context: CommandContext

    func findings() -> [Finding] {
        [
            database(), tools(), sandbox(), agents(),
            program("git", adds: "the tools git.log, git.status and git.diff need it"),
            clock(),
        ]
    }

    private func database() -> Finding {
        guard SQLiteLibrary.findsWords else {
            return Finding(
                check: "sqlite",
                grade: .fail,
                message: "SQLite \(SQLiteLibrary.version) has no FTS5",
                remedy: "use the libsqlite3 of the distribution, or build it with ENABLE_FTS5"
            )
        }
        return Finding(check: "sqlite", grade: .ok, message: "\(SQLiteLibrary.version), with FTS5 for documents")
    }

    private func tools() -> Finding {
        do throws(CommandFailure) {
            let toolbox = try Toolbox(settings, context)
            return Finding(check: "tools", grade: .ok, message: "\(toolbox.tools.names.count) tools")
        } catch {
            return Finding(check: "tools", grade: .fail, message: error.message)
        }
    }

    /// Which programs of others can work as agents; they are needed only by those who name them.
    private func agents() -> Finding {
        do throws(CommandFailure) {
            let agents = try AgentCommands.toolbox(context).agents
            guard agents.problems.isEmpty else {
                return Finding(
                    check: "agents",
                    grade: .warn,
                    message: agents.problems.joined(separator: "; "),
                    remedy:
                        "what the file has is in force; `baton agent edit` takes another text, `baton agent reset` the file"
                )
            }
            let records = agents.roster.all
            let places = records.compactMap { record in
                record.program.map { (record.id, ProgramSearch.find($0.command, in: Toolbox.programPath)) }
            }
            let words = places.map { id, path in path.map { "\(id) (\($0))" } ?? "\(id) (not installed)" }
            let message = "\(records.count) agents; programs: \(words.joined(separator: ", "))"
            return Finding(check: "agents", grade: .ok, message: message)
        } catch {
            return Finding(check: "agents", grade: .fail, message: error.message)
        }
    }

    private func sandbox() -> Finding {
        let sandbox = Sandbox(SandboxSettings(isRequired: settings.requiresSandbox))
        switch AsyncWork({ await sandbox.probe() }).wait() {
        case .available:
            return Finding(check: "sandbox", grade: .ok, message: "programs start confined (bubblewrap); \(bounds)")
        case .unavailable(let reason):
            let isNeeded = settings.requiresSandbox
            return Finding(
                check: "sandbox",
                grade: isNeeded ? .fail : .warn,
                message: reason,
                remedy: isNeeded
                    ? "without it tools that start programs fail; sandbox.require: false runs them unconfined"
                    : "programs run unconfined, as sandbox.require: false says"
            )
        }
    }

    private var bounds: String {
        if settings.usesControlGroups, Sandbox.boundsWholePrograms {
            return "their limits hold for all of their processes together (control groups)"
        }
        return geteuid() == 0
            ? "their limits hold for each process, and as root nothing limits how many they make"
            : "their limits hold for each process"
    }

    private func program(_ name: String, adds: String) -> Finding {
        let folders = (context.environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":")
        guard let path = folders.map({ "\($0)/\(name)" }).first(where: { access($0 as String, X_OK) == 0 }) else {
            return Finding(check: name, grade: .warn, message: "not installed", remedy: adds)
        }
        return Finding(check: name, grade: .ok, message: path)
    }

    /// Timers and deadlines follow the clock, so one that stepped back makes runs wait.
    private func clock() -> Finding {
        let now = SystemClock().wall()
        var newest: Timestamp?
        if let data = try? ReadOnlyData(folder: context.dataFolder) {
            newest = (try? data.store.runs(RunFilter()))?.map { max($0.createdAt, $0.endedAt ?? $0.createdAt) }.max()
        }
        if let newest, newest > now {
            return Finding(
                check: "clock",
                grade: .fail,
                message: "\(now) is before the last event of a run (\(newest))",
                remedy: "set the clock: timers and deadlines follow it"
            )
        }
        return Finding(check: "clock", grade: .ok, message: now.description)
    }
}
