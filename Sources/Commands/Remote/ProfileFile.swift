// Baton
// SPDX-License-Identifier: Apache-2.0

import BatonClient
import Cryptography
import Definition
import Glibc
import JSON
import Model

/// A server by a short name, and the login there.
struct Profile: Equatable {
    var server: ServerAddress
    /// Who is logged in.
    var email: String?
    var tokens: LoginTokens?
}

/// What the file holds.
struct Profiles: Equatable {
    var entries: [String: Profile] = [:]
    /// The one that is meant when nothing else is said.
    var current: String?

    var names: [String] { entries.keys.sorted() }

    /// The profile of a server, the one that is meant by default if there are several.
    func name(of server: ServerAddress) -> String? {
        let found = names.filter { entries[$0]?.server == server }
        return found.first { $0 == current } ?? found.first
    }
}

/// `profiles.yaml` beside the usual data folder's files: for its owner alone, and replaced as a whole.
struct ProfileFile: Sendable {
    let path: String

    init(_ context: CommandContext) { path = context.homeFolder + "/profiles.yaml" }

    init(path: String) { self.path = path }

    /// - Throws: `config.invalid` for a file that others may read or that holds something else.
    func read() throws(CommandFailure) -> Profiles {
        // Also when what should be the folder is none: those who need the folder say so.
        guard access(path, F_OK) == 0 else { return Profiles() }
        let bytes: [UInt8]?
        do throws(KeyError) {
            bytes = try PrivateFile.read(path)
        } catch {
            throw CommandFailure(.usage, "config.invalid", error.message)
        }
        guard let bytes else { return Profiles() }
        let entries: [FlatDocument.Entry]
        do throws(FlatDocumentError) {
            entries = try FlatDocument(bytes, fileName: path).entries
        } catch {
            let lines = error.diagnostics.map { $0.text(fileName: path) }
            throw CommandFailure(.usage, "config.invalid", lines.joined(separator: "\n"))
        }
        return try profiles(entries)
    }

    /// Changes the file while no other process does.
    @discardableResult
    func change<Value>(_ body: (inout Profiles) throws(CommandFailure) -> Value) throws(CommandFailure) -> Value {
        let lock = try Lock(beside: path)
        defer { lock.release() }
        return try changeLocked(body)
    }

    /// The same for who holds the lock already.
    @discardableResult
    func changeLocked<Value>(_ body: (inout Profiles) throws(CommandFailure) -> Value) throws(CommandFailure) -> Value {
        let before = try read()
        var profiles = before
        let value = try body(&profiles)
        if profiles != before { try write(profiles) }
        return value
    }

    private func write(_ profiles: Profiles) throws(CommandFailure) {
        var entries: JSONObject = [:]
        for name in profiles.names {
            guard let profile = profiles.entries[name] else { continue }
            var entry: JSONObject = ["server": .string(profile.server.text)]
            entry["email"] = profile.email.map(JSONValue.string)
            if let tokens = profile.tokens {
                entry["access_token"] = .string(tokens.access)
                entry["expires_at"] = .string(tokens.expiresAt.description)
                entry["refresh_token"] = .string(tokens.refresh)
            }
            entries[name] = .object(entry)
        }
        var root: JSONObject = ["profiles": .object(entries)]
        root["current"] = profiles.current.map(JSONValue.string)
        let text =
            "# Servers and logins of the command line. Keep it to yourself.\n" + YAMLWriter.text(of: .object(root))
        do throws(KeyError) {
            try PrivateFile.replace(path, Array(text.utf8))
        } catch {
            throw CommandFailure(.unavailable, "store.unavailable", error.message)
        }
    }

    private func profiles(_ entries: [FlatDocument.Entry]) throws(CommandFailure) -> Profiles {
        var result = Profiles()
        var fields: [String: [String: String]] = [:]
        for entry in entries {
            let place = "\(path):\(entry.line):\(entry.column)"
            switch (entry.keys.first, entry.keys.count, entry.value.stringValue) {
            case ("current", 1, let text?): result.current = text
            case ("profiles", 3, let text?) where Self.fields.contains(entry.keys[2]):
                fields[entry.keys[1], default: [:]][entry.keys[2]] = text
            case ("profiles", 1, _) where entry.value.objectValue?.isEmpty == true: break
            default:
                throw CommandFailure(
                    .usage,
                    "config.invalid",
                    "\(place): `\(entry.keys.joined(separator: "."))` is nothing that stands in this file"
                )
            }
        }
        for (name, fields) in fields { result.entries[name] = try profile(name, fields) }
        return result
    }

    private static let fields: Set<String> = ["server", "email", "access_token", "expires_at", "refresh_token"]

    private func profile(_ name: String, _ fields: [String: String]) throws(CommandFailure) -> Profile {
        guard let text = fields["server"], let server = try? ServerAddress(text) else {
            throw CommandFailure(.usage, "config.invalid", "\(path): the profile `\(name)` has no address of a server")
        }
        var profile = Profile(server: server, email: fields["email"])
        if let access = fields["access_token"], let refresh = fields["refresh_token"],
            let end = fields["expires_at"].flatMap({ Timestamp(rfc3339: $0) })
        {
            profile.tokens = LoginTokens(access: access, expiresAt: end, refresh: refresh)
        }
        return profile
    }
}

extension ProfileFile {
    /// Held while the file is changed; it falls with the process.
    struct Lock {
        private let descriptor: Int32

        /// Waits for others.
        init(beside path: String) throws(CommandFailure) {
            let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
            try Self.makeFolder(folder)
            let descriptor = open("\(path).lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else { throw Self.failure(path, errno) }
            while flock(descriptor, LOCK_EX) != 0 {
                guard errno == EINTR else {
                    let number = errno
                    close(descriptor)
                    throw Self.failure(path, number)
                }
            }
            self.descriptor = descriptor
        }

        func release() {
            flock(descriptor, LOCK_UN)
            close(descriptor)
        }

        private static func makeFolder(_ path: String) throws(CommandFailure) {
            if mkdir(path, 0o700) == 0 || errno == EEXIST { return }
            guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex else {
                throw failure(path, errno)
            }
            try makeFolder(String(path[..<slash]))
            guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw failure(path, errno) }
        }

        private static func failure(_ path: String, _ number: Int32) -> CommandFailure {
            CommandFailure(.unavailable, "store.unavailable", "\(path): \(String(cString: strerror(number)))")
        }
    }
}
