// Baton
// SPDX-License-Identifier: Apache-2.0

import Agents
import Definition
import JSON
import Synchronization
import Telemetry
import Threads
import Tools

/// Takes over what changed in the files of a server while it works (spec 10.7): agents, skills, profiles, prices, and the level
/// of the log. All of it is read before any of it is taken; what cannot be read is told, and what was in force stays.
///
/// Attempts go on with what they began with.
final class ServerReload: Sendable {
    /// Between two looks at the files.
    private static let pause = Duration.seconds(2)

    private struct State {
        /// As they are in force.
        var settings: Settings
        var origins: SettingsReader.Origins
        /// As the files have it, whatever somebody asked for since.
        var level: LogLevel
        var parts: LiveParts
        /// What was told last, so that it is told once.
        var failure: String?
        var waiting: [SettingsKey] = []
    }

    /// Reads the settings.
    private let source: @Sendable () throws(CommandFailure) -> (settings: Settings, origins: SettingsReader.Origins)
    private let files: WatchedFiles
    private let agents: AgentRegistry
    private let profiles: ToolProfiles
    private let models: AgentModels
    private let log: Log
    private let state: Mutex<State>
    private let thread = SerialThread(named: "baton-reload")

    /// - Parameters:
    ///   - settings: What the server was started with.
    ///   - files: Looked at before they were read.
    init(
        _ context: CommandContext,
        _ settings: Settings,
        _ origins: SettingsReader.Origins,
        _ files: WatchedFiles,
        _ local: LocalEngine,
        _ log: Log
    ) throws(CommandFailure) {
        let (folder, environment, directory) = (context.dataFolder, context.environment, context.currentDirectory)
        source = { () throws(CommandFailure) in
            try SettingsReader.readWithOrigins(folder, environment, in: directory)
        }
        (self.files, self.log) = (files, log)
        (agents, profiles, models) = (local.agents, local.toolbox.profiles, local.models)
        let parts = try LiveParts(settings)
        state = Mutex(State(settings: settings, origins: origins, level: settings.telemetry.level, parts: parts))
    }

    /// Looks at the files until it is cancelled.
    func run() async {
        while (try? await Task.sleep(for: Self.pause)) != nil { await reload(isAsked: false) }
    }

    /// Reads the files when they changed, or because somebody asked.
    func reload(isAsked: Bool) async {
        await thread.run { [self] in
            guard files.look(isAsked: isAsked) else { return }
            do throws(CommandFailure) {
                try read(isAsked)
            } catch {
                tell(error, isAsked)
            }
        }
    }

    // MARK: What is in force

    /// All settings, as the API has them.
    var shown: JSONValue {
        let (settings, origins) = state.withLock { ($0.settings, $0.origins) }
        return .array(
            SettingsKey.allCases.map {
                SettingsCommands.Row(key: $0, settings: settings, origin: origins[$0] ?? .default).json
            }
        )
    }

    /// What agents are estimated with.
    var estimates: Definition.PriceTable { state.withLock { $0.parts.estimates } }

    /// Somebody asked for another level of the log; it holds until a file says another one.
    func set(_ level: LogLevel) {
        state.withLock { state in
            state.settings.telemetry.level = level
            state.origins[.telemetryLog] = .request
        }
        log.level = level
    }

    // MARK: Reading

    private func read(_ isAsked: Bool) throws(CommandFailure) {
        let (read, origins) = try source()
        files.follow(read)
        var (next, old) = state.withLock { ($0.settings, $0) }
        (next.agentsFolder, next.skillsFolder) = (read.agentsFolder, read.skillsFolder)
        (next.profiles, next.priceTable) = (read.profiles, read.priceTable)
        let parts = try LiveParts(next)
        var changes = old.parts.difference(to: parts)
        if read.telemetry.level != old.level {
            next.telemetry.level = read.telemetry.level
            changes.append((SettingsKey.telemetryLog.rawValue, .string(read.telemetry.level.rawValue)))
        }
        for key in LiveParts.keys { old.origins[key] = origins[key] }
        let new = State(
            settings: next,
            origins: old.origins,
            level: read.telemetry.level,
            parts: parts,
            waiting: SettingsKey.allCases.filter { key in
                // An option of the command line hides what the files say.
                if case .option? = old.origins[key] { return false }
                return !LiveParts.keys.contains(key) && read.value(of: key) != next.value(of: key)
            }
        )
        take(new, level: read.telemetry.level == old.level ? nil : read.telemetry.level)
        tell(changes, new.waiting == old.waiting ? [] : new.waiting, isAsked)
    }

    /// - Parameter level: That of the log, when the files have another one than before.
    private func take(_ new: State, level: LogLevel?) {
        agents.replace(new.parts.roster, skills: new.parts.skills)
        profiles.replace(Array(new.parts.profiles.values))
        let (models, prices) = (models, new.parts.prices)
        AsyncWork { await models.take(prices) }.wait()
        if let level { log.level = level }
        state.withLock { state in
            let asked = (state.settings.telemetry.level, state.origins[.telemetryLog])
            state = new
            if level == nil { (state.settings.telemetry.level, state.origins[.telemetryLog]) = asked }
        }
    }

    // MARK: Telling

    private func tell(_ changes: [(key: String, value: JSONValue)], _ waiting: [SettingsKey], _ isAsked: Bool) {
        let what = JSONObject(members: changes.map { .init(key: $0.key, value: $0.value) })
        if !changes.isEmpty {
            log.record(.info, "reloaded", ["changes": .object(what)])
        } else if isAsked {
            log.record(.info, "reloaded: nothing has changed")
        }
        guard !waiting.isEmpty else { return }
        let keys = waiting.map { JSONValue.string($0.rawValue) }
        log.record(.warn, "settings have changed that hold from the next start on", ["settings": .array(keys)])
    }

    private func tell(_ error: CommandFailure, _ isAsked: Bool) {
        let isNew = state.withLock { state in
            defer { state.failure = error.message }
            return state.failure != error.message
        }
        guard isNew || isAsked else { return }
        log.record(.error, "not reloaded, what was in force stays: \(error.message)")
    }
}
