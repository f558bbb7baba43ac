// Baton
// SPDX-License-Identifier: Apache-2.0

import HTTP
import JSON
import StoreSQLite

/// What `config.yaml` and the environment set; the environment wins.
struct Settings: Equatable {
    var durability = Durability.full
    var requiresSandbox = true
    /// `host:port` of private targets that requests may go to.
    var allowedTargets: [String] = []
    /// A folder of function programs; an absolute path.
    var toolsFolder: String?
    /// Attempts in flight.
    var maxParallel = 64

    /// Takes a value over.
    ///
    /// - Parameter folder: What a relative path is relative to.
    /// - Throws: What the value must be, as the end of a sentence.
    mutating func set(_ key: SettingsKey, _ value: JSONValue, in folder: String) throws(SettingsMismatch) {
        switch key {
        case .storeDurability:
            guard let durability = value.stringValue.flatMap(Durability.init) else {
                throw SettingsMismatch("must be full or relaxed")
            }
            self.durability = durability
        case .sandboxRequire:
            guard let isRequired = value.boolValue else { throw SettingsMismatch("must be true or false") }
            requiresSandbox = isRequired
        case .sandboxNetwork: allowedTargets = try targets(value)
        case .toolsFolder:
            guard let path = value.stringValue, !path.isEmpty else {
                throw SettingsMismatch("must be the path of a folder")
            }
            toolsFolder = path.hasPrefix("/") ? path : "\(folder)/\(path)"
        case .limitsMaxParallel:
            guard let number = value.intValue, (1...1000).contains(number) else {
                throw SettingsMismatch("must be a whole number from 1 to 1000")
            }
            maxParallel = Int(number)
        }
    }

    private func targets(_ value: JSONValue) throws(SettingsMismatch) -> [String] {
        guard let items = value.arrayValue else { throw SettingsMismatch("must be a list of host:port") }
        var result: [String] = []
        for item in items {
            guard let target = item.stringValue, AddressPolicy.isEntry(target) else {
                throw SettingsMismatch("must be a list of host:port; \(item.text) is not one")
            }
            result.append(target)
        }
        return result
    }
}

/// What a value would have to be.
struct SettingsMismatch: Error {
    let rule: String

    init(_ rule: String) {
        self.rule = rule
    }
}
