// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON

/// Reads the settings of a data folder; whatever is wrong stops the command.
enum SettingsReader {
    static func read(_ context: CommandContext) throws(CommandFailure) -> Settings {
        var settings = Settings()
        let path = context.dataFolder + "/config.yaml"
        if let text = try TextFile.read(path, ifThere: true) { try apply(text, path, to: &settings) }
        try apply(context.environment, context.currentDirectory, to: &settings)
        return settings
    }

    /// - Parameter path: For messages; relative paths inside are relative to its folder.
    static func apply(_ text: [UInt8], _ path: String, to settings: inout Settings) throws(CommandFailure) {
        let entries: [FlatDocument.Entry]
        do throws(FlatDocumentError) {
            entries = try FlatDocument(text, fileName: path).entries
        } catch {
            let lines = error.diagnostics.map { $0.text(fileName: path) }
            throw CommandFailure(.usage, "config.invalid", lines.joined(separator: "\n"))
        }
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        for entry in entries {
            let name = entry.keys.joined(separator: ".")
            let place = "\(path):\(entry.line):\(entry.column)"
            guard let key = SettingsKey(rawValue: name) else {
                throw unknown(name, place, among: SettingsKey.allCases.map(\.rawValue))
            }
            try set(key, entry.value, "\(place): `\(name)`", folder, &settings)
        }
    }

    static func apply(
        _ environment: [String: String],
        _ folder: String,
        to settings: inout Settings
    ) throws(CommandFailure) {
        let keys = Dictionary(SettingsKey.allCases.map { ($0.variable, $0) }) { first, _ in first }
        for (name, text) in environment.sorted(by: { $0.key < $1.key }) {
            if let key = keys[name] {
                try set(key, value(text, key), "the variable \(name)", folder, &settings)
            } else if SettingsKey.variablePrefixes.contains(where: { name.hasPrefix($0) }) {
                throw unknown(name, "the environment", among: keys.keys.sorted())
            }
        }
    }

    /// The text of a variable as the value a file would have; lists are separated by commas.
    private static func value(_ text: String, _ key: SettingsKey) -> JSONValue {
        switch key {
        case .storeDurability, .toolsFolder, .retentionEndedRuns, .retentionPacking, .retentionHistory, .retentionLogs,
            .retentionSignals, .retentionUsage:
            .string(text)
        case .sandboxRequire, .limitsMaxParallel, .limitsPerProject, .patchesReview:
            (try? JSONValue(parsing: text)) ?? .string(text)
        case .sandboxNetwork, .limitsPerTool, .limitsToolRates, .workersQueues, .workersLabels:
            .array(text.split(separator: ",").map { .string(String($0.trimmingSpaces())) })
        }
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
