// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// How a file was when somebody looked.
struct FileLook: Equatable {
    private let number, device: UInt64
    private let size: Int
    /// The time of the last change, as the system has it.
    private let modified: [UInt8]

    /// `nil` when there is no such file.
    init?(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        (number, device, size) = (UInt64(status.st_ino), UInt64(status.st_dev), Int(status.st_size))
        modified = withUnsafeBytes(of: status.st_mtim) { Array($0) }
    }
}

/// Tells when files have changed and are whole again: only what two looks in a row see is believed, because whoever looks
/// while a file is written sees a part of it.
struct FileChanges {
    typealias Look = [String: FileLook]

    private var taken: Look
    private var last: Look

    /// - Parameter look: The files as they are in force.
    init(_ look: Look) {
        (taken, last) = (look, look)
    }

    /// Looks again.
    ///
    /// - Returns: The files have changed since they were taken, but not since the last look; they count as taken then.
    mutating func see(_ look: Look) -> Bool {
        defer { last = look }
        guard look != taken, look == last else { return false }
        taken = look
        return true
    }

    /// The files are taken as they are.
    mutating func take(_ look: Look) { (taken, last) = (look, look) }
}

/// The files that a server takes over while it works: `config.yaml`, and those that it names.
final class WatchedFiles: Sendable {
    private let config: String
    /// How it was before anything was read.
    private let start: FileLook?
    private let state: Mutex<(changes: FileChanges, settings: Settings)>

    /// Looks at `config.yaml`, which is read afterwards.
    init(_ context: CommandContext) {
        config = context.dataFolder + "/config.yaml"
        start = FileLook(config)
        state = Mutex((FileChanges([:]), Settings()))
    }

    /// Looks at the files that these settings name, which are read afterwards; at the start.
    func watch(_ settings: Settings) {
        var look = Self.look(Self.paths(settings))
        look[config] = start
        state.withLock { $0 = (FileChanges(look), settings) }
    }

    /// Other files are looked at from now on.
    func follow(_ settings: Settings) { state.withLock { $0.settings = settings } }

    /// Looks at all files; blocks.
    ///
    /// - Parameter isAsked: They are taken as they are.
    /// - Returns: They are to be read.
    func look(isAsked: Bool) -> Bool {
        let settings = state.withLock { $0.settings }
        let look = Self.look([config] + Self.paths(settings))
        return state.withLock { state in
            guard isAsked else { return state.changes.see(look) }
            state.changes.take(look)
            return true
        }
    }

    private static func look(_ paths: [String]) -> FileChanges.Look {
        paths.reduce(into: [:]) { look, path in look[path] = FileLook(path) }
    }

    private static func paths(_ settings: Settings) -> [String] {
        let agents = settings.agentsFolder.map { (try? AgentFiles.paths($0)) ?? [] } ?? []
        let skills = settings.skillsFolder.map { (try? AgentFiles.skillPaths($0)) ?? [] } ?? []
        return agents + skills + [settings.priceTable].compactMap(\.self)
    }
}
