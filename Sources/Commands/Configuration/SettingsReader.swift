// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON

/// Where a value comes from.
enum SettingsOrigin: Equatable {
    /// The program.
    case `default`
    /// A line of a file: `PATH:LINE`.
    case file(String)
    /// A variable of the environment.
    case environment(String)
    /// An option of the command line.
    case option(String)
    /// Somebody who asked for it while the program works.
    case request

    var kind: String {
        switch self {
        case .default: "default"
        case .file: "file"
        case .environment: "environment"
        case .option: "option"
        case .request: "request"
        }
    }

    var detail: String? {
        switch self {
        case .default, .request: nil
        case .file(let place): place
        case .environment(let name), .option(let name): name
        }
    }
}

/// Reads the settings of a data folder; whatever is wrong stops the command.
enum SettingsReader {
    typealias Origins = [SettingsKey: SettingsOrigin]

    static func read(_ context: CommandContext) throws(CommandFailure) -> Settings {
        try readWithOrigins(context).settings
    }

    static func readWithOrigins(
        _ context: CommandContext
    ) throws(CommandFailure) -> (settings: Settings, origins: Origins) {
        try readWithOrigins(context.dataFolder, context.environment, in: context.currentDirectory)
    }

    /// - Parameters:
    ///   - folder: The data folder.
    ///   - directory: Where relative paths of variables begin.
    static func readWithOrigins(
        _ folder: String,
        _ environment: [String: String],
        in directory: String
    ) throws(CommandFailure) -> (settings: Settings, origins: Origins) {
        var (settings, origins) = (Settings(), Origins())
        let path = folder + "/config.yaml"
        if let text = try TextFile.read(path, ifThere: true) { origins = try apply(text, path, to: &settings) }
        origins.merge(try apply(environment, directory, to: &settings)) { $1 }
        if let wrong = settings.contradiction {
            let place = origins[wrong.key]?.detail.map { "\($0): " } ?? ""
            throw CommandFailure(.usage, "config.invalid", "\(place)`\(wrong.key.rawValue)` \(wrong.rule)")
        }
        return (settings, origins)
    }

    /// Keys whose values are fields by the names of what they belong to.
    private static let named: [SettingsKey] = [.providers, .profiles]

    /// - Parameter path: For messages; relative paths inside are relative to its folder.
    @discardableResult
    static func apply(_ text: [UInt8], _ path: String, to settings: inout Settings) throws(CommandFailure) -> Origins {
        let entries: [FlatDocument.Entry]
        do throws(FlatDocumentError) {
            entries = try FlatDocument(text, fileName: path).entries
        } catch {
            let lines = error.diagnostics.map { $0.text(fileName: path) }
            throw CommandFailure(.usage, "config.invalid", lines.joined(separator: "\n"))
        }
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        var origins = Origins()
        for entry in entries {
            let name = entry.keys.joined(separator: ".")
            let place = "\(path):\(entry.line):\(entry.column)"
            if entry.keys.count >= 3, let key = Self.named.first(where: { $0.rawValue == entry.keys[0] }) {
                let field = entry.keys[2...].joined(separator: ".")
                let value: JSONValue = .object([entry.keys[1]: .object([field: entry.value])])
                try set(key, value, "\(place): `\(name)`", folder, &settings)
                if origins[key] == nil { origins[key] = .file("\(path):\(entry.line)") }
                continue
            }
            if entry.keys.count == 4, entry.keys[0...1].joined(separator: ".") == SettingsKey.mcpServers.rawValue {
                let value: JSONValue = .object([entry.keys[2]: .object([entry.keys[3]: entry.value])])
                try set(.mcpServers, value, "\(place): `\(name)`", folder, &settings)
                if origins[.mcpServers] == nil { origins[.mcpServers] = .file("\(path):\(entry.line)") }
                continue
            }
            guard let key = SettingsKey(rawValue: name) else {
                throw unknown(name, place, among: SettingsKey.allCases.map(\.rawValue))
            }
            try set(key, entry.value, "\(place): `\(name)`", folder, &settings)
            origins[key] = .file("\(path):\(entry.line)")
        }
        return origins
    }

    @discardableResult
    static func apply(
        _ environment: [String: String],
        _ folder: String,
        to settings: inout Settings
    ) throws(CommandFailure) -> Origins {
        let keys = Dictionary(SettingsKey.allCases.map { ($0.variable, $0) }) { first, _ in first }
        var origins = Origins()
        for (name, text) in environment.sorted(by: { $0.key < $1.key }) {
            if let key = keys[name] {
                try set(key, key.form.value(text), "the variable \(name)", folder, &settings)
                origins[key] = .environment(name)
            } else if SettingsKey.variablePrefixes.contains(where: { name.hasPrefix($0) }) {
                throw unknown(name, "the environment", among: keys.keys.sorted())
            }
        }
        return origins
    }

    private static func set(
        _ key: SettingsKey,
        _ value: JSONValue,
        _ place: String,
        _ folder: String,
        _ settings: inout Settings
    ) throws(CommandFailure) {
        do throws(SettingsMismatch) {
            try settings.set(key, value, in: folder)
        } catch {
            throw CommandFailure(.usage, "config.invalid", "\(place) \(error.rule), not \(value.text)")
        }
    }

    private static func unknown(_ name: String, _ place: String, among known: [String]) -> CommandFailure {
        let guess = NearestName.find(name, among: known).map { "did you mean `\($0)`?" }
        return CommandFailure(
            .usage,
            "config.invalid",
            "\(place): there is no setting `\(name)`",
            hint: guess ?? "settings are: \(known.joined(separator: ", "))"
        )
    }
}

extension Substring {
    /// Without spaces and tabs at both ends.
    func trimmingSpaces() -> Substring {
        var rest = self
        while let first = rest.first, first == " " || first == "\t" { rest.removeFirst() }
        while let last = rest.last, last == " " || last == "\t" { rest.removeLast() }
        return rest
    }
}
