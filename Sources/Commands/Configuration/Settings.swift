// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import HTTP
import JSON
import Model
import Retention
import Store
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
    /// Who looks at patches that nodes of runs make.
    var patchReview = PatchReview.auto
    /// How long things are kept.
    var retention = RetentionPolicy()

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
        case .patchesReview:
            guard let review = PatchReview(json: value) else {
                throw SettingsMismatch("must be auto, human, or {auto_below: {usd, nodes}}")
            }
            patchReview = review
        case .retentionEndedRuns: retention.endedRuns = try duration(value)
        case .retentionPacking: retention.packing = try duration(value)
        case .retentionHistory: retention.history = try duration(value)
        case .retentionLogs: retention.logs = try duration(value, atLeast: StoreAudit.shortestLogRetention)
        case .retentionSignals: retention.signals = try duration(value)
        case .retentionUsage: retention.usage = try duration(value)
        }
    }

    private func duration(_ value: JSONValue, atLeast least: Duration = .zero) throws(SettingsMismatch) -> Duration {
        guard let duration = value.stringValue.flatMap(Duration.init(text:)), duration >= least else {
            let bound = least > .zero ? " of at least \(least.text)" : ""
            throw SettingsMismatch("must be a duration\(bound), such as 30d or 12h")
        }
        return duration
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
