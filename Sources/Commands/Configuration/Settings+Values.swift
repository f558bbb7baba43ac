// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import HTTP
import Identity
import JSON
import Model
import Providers
import RateLimits
import Rates
import Retention
import StoreSQLite
import Telemetry

extension Settings {
    /// The value of a key, as a file would have it; `null` when there is none.
    func value(of key: SettingsKey) -> JSONValue {
        switch key {
        case .serverAddress: .string(server.address)
        case .serverPort: .int(Int64(server.port))
        case .serverCertificate: text(server.certificate)
        case .serverKey: text(server.key)
        case .serverUnixSocket: text(server.unixSocket)
        case .serverPublicURL: text(server.publicURL)
        case .serverTrustedProxies: list(server.trustedProxies.map(\.description))
        case .serverOrigins: list(server.origins)
        case .serverBodyLimit: .string(SettingsValue.text(bytes: server.bodyLimit))
        case .storeDurability: .string(durability.rawValue)
        case .authOpenRegistration: .bool(auth.opensRegistration)
        case .authAccess: .string(auth.accessLifetime.text)
        case .authRefresh: .string(auth.refreshLifetime.text)
        case .authLockoutAttempts: .int(Int64(auth.lockoutAttempts))
        case .authLockoutWindow: .string(auth.lockoutWindow.text)
        case .sandboxRequire: .bool(requiresSandbox)
        case .sandboxControlGroups: .bool(usesControlGroups)
        case .sandboxNetwork: list(allowedTargets)
        case .toolsFolder: text(toolsFolder)
        case .toolsExpose: list(exposedTools)
        case .toolsBlock: list(blockedTools)
        case .toolsCompactAbove: .int(Int64(compactAbove))
        case .agentsFolder: text(agentsFolder)
        case .skillsFolder: text(skillsFolder)
        case .mcpServers: mcpServersValue
        case .limitsMaxParallel: .int(Int64(maxParallel))
        case .limitsPerProject: perProject.map { .int(Int64($0)) } ?? .null
        case .limitsPerTool: list(perTool.map { "\($0.key)=\($0.value)" }.sorted())
        case .limitsToolRates: list(toolRates.map { "\($0.key)=\(SettingsValue.text($0.value))" }.sorted())
        case .limitsRequests: rate(requestRates.requests)
        case .limitsBurst: .int(Int64(requestBurst))
        case .limitsLogin: rate(requestRates.kinds[.login])
        case .limitsRegister: rate(requestRates.kinds[.register])
        case .limitsExport: rate(requestRates.kinds[.export])
        case .limitsStarts: rate(requestRates.starts)
        case .limitsSimple: rate(requestRates.tiers[.simple])
        case .limitsStandard: rate(requestRates.tiers[.standard])
        case .limitsHeavy: rate(requestRates.tiers[.heavy])
        case .budgetsAllowUnpriced: .bool(allowsUnpriced)
        case .patchesReview: review
        case .workersQueues: queues.map { list($0.sorted()) } ?? .null
        case .workersLabels: list(labels.map { "\($0.key)=\($0.value)" }.sorted())
        case .telemetryLog: .string(telemetry.level.rawValue)
        case .telemetryFormat: .string(telemetry.format.rawValue)
        case .telemetryCollector: text(telemetry.collector)
        case .retentionEndedRuns: .string(retention.endedRuns.text)
        case .retentionPacking: .string(retention.packing.text)
        case .retentionHistory: .string(retention.history.text)
        case .retentionLogs: .string(retention.logs.text)
        case .retentionSignals: .string(retention.signals.text)
        case .retentionUsage: .string(retention.usage.text)
        case .retentionDeadLetters: .string(retention.deadLetters.text)
        case .auditEnabled: .bool(keepsAudit)
        case .providers: providersValue
        case .profiles: profilesValue
        case .tiersLocal: tierValue(.local)
        case .tiersSmall: tierValue(.small)
        case .tiersMedium: tierValue(.medium)
        case .tiersLarge: tierValue(.large)
        case .tiersAllowLower: .bool(tiers.allowsLower)
        case .tiersTable: text(priceTable)
        case .tiersEmbedding: text(embeddingModel?.description)
        }
    }

    private var review: JSONValue {
        switch patchReview {
        case .auto: return "auto"
        case .human: return "human"
        case .autoBelow(let usd, let nodes):
            var bounds = JSONObject()
            bounds["usd"] = usd.map(JSONValue.double)
            bounds["nodes"] = nodes.map { .int(Int64($0)) }
            return ["auto_below": .object(bounds)]
        }
    }

    private func text(_ value: String?) -> JSONValue { value.map(JSONValue.string) ?? .null }
    private func list(_ values: [String]) -> JSONValue { .array(values.map(JSONValue.string)) }
    private func rate(_ rate: Rate?) -> JSONValue { .string(SettingsValue.text(rate)) }
}
