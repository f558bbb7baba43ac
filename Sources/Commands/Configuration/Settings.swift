// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import Engine
import HTTP
import JSON
import Model
import Rates
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
    /// Attempts in flight of one project; `nil` for no limit of its own.
    var perProject: Int?
    /// Attempts in flight by tool.
    var perTool: [String: Int] = [:]
    /// How often tools are called.
    var toolRates: [String: Rate] = [:]
    /// Queues whose tasks are worked on; `nil` for all.
    var queues: Set<String>?
    /// What this machine has, for tasks that ask for it.
    var labels: [String: String] = [:]
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
        case .limitsPerProject:
            guard let number = value.intValue, (1...1000).contains(number) else {
                throw SettingsMismatch("must be a whole number from 1 to 1000")
            }
            perProject = Int(number)
        case .limitsPerTool:
            perTool = try pairs(value, "a list of TOOL=NUMBER") { Int($0).flatMap { $0 > 0 ? $0 : nil } }
        case .limitsToolRates:
            toolRates = try pairs(value, "a list of TOOL=CALLS/SPAN, such as http.request=60/1m", rate)
        case .workersQueues: queues = Set(try names(value))
        case .workersLabels:
            for pair in try names(value) {
                guard let sign = pair.firstIndex(of: "="), sign > pair.startIndex else {
                    throw SettingsMismatch("must be a list of NAME=VALUE; \(pair) is not one")
                }
                labels[String(pair[..<sign])] = String(pair[pair.index(after: sign)...])
            }
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

    /// `TOOL=VALUE` by tool.
    private func pairs<Part>(
        _ value: JSONValue,
        _ rule: String,
        _ read: (String) -> Part?
    ) throws(SettingsMismatch) -> [String: Part] {
        guard let items = value.arrayValue else { throw SettingsMismatch("must be \(rule)") }
        var result: [String: Part] = [:]
        for item in items {
            let words = item.stringValue?.split(separator: "=", maxSplits: 1) ?? []
            guard words.count == 2, let part = read(String(words[1]).trimmed) else {
                throw SettingsMismatch("must be \(rule); \(item.text) is not one")
            }
            result[String(words[0]).trimmed] = part
        }
        return result
    }

    /// `60/1m`.
    private func rate(_ text: String) -> Rate? {
        let words = text.split(separator: "/", maxSplits: 1)
        guard words.count == 2, let units = Int(words[0]), (1...1_000_000).contains(units),
            let span = Duration(text: String(words[1])), span >= .milliseconds(1)
        else { return nil }
        return Rate(units: units, period: span)
    }

    private func names(_ value: JSONValue) throws(SettingsMismatch) -> [String] {
        guard let items = value.arrayValue, items.allSatisfy({ $0.stringValue?.isEmpty == false }) else {
            throw SettingsMismatch("must be a list of names")
        }
        return items.compactMap(\.stringValue)
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

extension String {
    fileprivate var trimmed: String { String(Substring(self).trimmingSpaces()) }
}

/// What a value would have to be.
struct SettingsMismatch: Error {
    let rule: String

    init(_ rule: String) {
        self.rule = rule
    }
}
