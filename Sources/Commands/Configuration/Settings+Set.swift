// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import HTTP
import Identity
import JSON
import Providers
import RateLimits
import Rates
import Retention
import Store
import StoreSQLite
import Telemetry

extension Settings {
    /// Takes a value over.
    ///
    /// - Parameter folder: What a relative path is relative to.
    /// - Throws: What the value must be, as the end of a sentence.
    mutating func set(_ key: SettingsKey, _ value: JSONValue, in folder: String) throws(SettingsMismatch) {
        let value = SettingsValue(value)
        switch key {
        case .serverAddress:
            server.address = try value.text("an IP address or a name") { $0.utf8.allSatisfy { $0 > 32 && $0 != 47 } }
        case .serverPort: server.port = try value.number(0...65535)
        case .serverCertificate: server.certificate = try value.path("of a file", in: folder)
        case .serverKey: server.key = try value.path("of a file", in: folder)
        case .serverUnixSocket: server.unixSocket = try value.path("of a socket", in: folder)
        case .serverPublicURL: server.publicURL = try value.url()
        case .serverTrustedProxies:
            server.trustedProxies = try value.list("a list of addresses or ranges") { IPNetwork($0) }
        case .serverOrigins: server.origins = try value.list("a list of origins or *", SettingsValue.origin)
        case .serverBodyLimit: server.bodyLimit = try value.size(1024...(1 << 30))
        case .storeDurability: durability = try value.word()
        case .authOpenRegistration: auth.opensRegistration = try value.flag()
        case .authAccess: auth.accessLifetime = try value.duration(atLeast: .seconds(10))
        case .authRefresh: auth.refreshLifetime = try value.duration(atLeast: .seconds(60))
        case .authLockoutAttempts: auth.lockoutAttempts = try value.number(1...1000)
        case .authLockoutWindow: auth.lockoutWindow = try value.duration(atLeast: .seconds(1))
        case .sandboxRequire: requiresSandbox = try value.flag()
        case .sandboxControlGroups: usesControlGroups = try value.flag()
        case .sandboxNetwork:
            allowedTargets = try value.list("a list of host:port") { AddressPolicy.isEntry($0) ? $0 : nil }
        case .toolsFolder: toolsFolder = try value.path("of a folder", in: folder)
        case .toolsExpose: exposedTools = try value.list("a list of names", SettingsValue.toolPattern)
        case .toolsBlock: blockedTools = try value.list("a list of names", SettingsValue.toolPattern)
        case .toolsCompactAbove: compactAbove = try value.number(0...1000)
        case .agentsFolder: agentsFolder = try value.path("of a folder", in: folder)
        case .skillsFolder: skillsFolder = try value.path("of a folder", in: folder)
        case .mcpServers: try setMCPServers(value, in: folder)
        case .limitsMaxParallel: maxParallel = try value.number(1...1000)
        case .limitsPerProject: perProject = try value.number(1...1000)
        case .limitsPerTool:
            perTool = try value.pairs("a list of TOOL=NUMBER") { Int($0).flatMap { $0 > 0 ? $0 : nil } }
        case .limitsToolRates:
            toolRates = try value.pairs(
                "a list of TOOL=CALLS/SPAN, such as http.request=60/1m",
                SettingsValue.rate
            )
        case .limitsRequests, .limitsBurst, .limitsLogin, .limitsRegister, .limitsExport, .limitsStarts, .limitsSimple,
            .limitsStandard, .limitsHeavy:
            try setRate(key, value)
        case .budgetsAllowUnpriced: allowsUnpriced = try value.flag()
        case .patchesReview:
            guard let review = PatchReview(json: value.json) else {
                throw SettingsMismatch("must be auto, human, or {auto_below: {usd, nodes}}")
            }
            patchReview = review
        case .workersQueues: queues = Set(try value.list("a list of names") { $0.isEmpty ? nil : $0 })
        case .workersLabels:
            let pairs = try value.list("a list of NAME=VALUE", SettingsValue.pair)
            for (name, value) in pairs { labels[name] = value }
        case .providers: try setProviders(value, in: folder)
        case .profiles: try setProfiles(value)
        case .tiersLocal: try setTier(.local, value)
        case .tiersSmall: try setTier(.small, value)
        case .tiersMedium: try setTier(.medium, value)
        case .tiersLarge: try setTier(.large, value)
        case .tiersAllowLower: tiers.allowsLower = try value.flag()
        case .tiersTable: priceTable = try value.path("of a price table", in: folder)
        case .tiersEmbedding:
            embeddingModel = ModelReference(try value.text("PROVIDER/MODEL") { ModelReference($0) != nil })
        case .telemetryLog: telemetry.level = try value.word()
        case .telemetryFormat: telemetry.format = try value.word()
        case .telemetryCollector: telemetry.collector = try value.url()
        case .retentionEndedRuns: retention.endedRuns = try value.duration()
        case .retentionPacking: retention.packing = try value.duration()
        case .retentionHistory: retention.history = try value.duration()
        case .retentionLogs: retention.logs = try value.duration(atLeast: StoreAudit.shortestLogRetention)
        case .retentionSignals: retention.signals = try value.duration()
        case .retentionUsage: retention.usage = try value.duration()
        case .retentionDeadLetters: retention.deadLetters = try value.duration()
        case .auditEnabled: keepsAudit = try value.flag()
        }
    }

    private mutating func setRate(_ key: SettingsKey, _ value: SettingsValue) throws(SettingsMismatch) {
        switch key {
        case .limitsRequests:
            requestRates.requests = try value.rate()
            requestRates.requests?.burst = requestBurst
        case .limitsBurst: requestBurst = try value.number(1...1_000_000)
        case .limitsLogin: requestRates.kinds[.login] = try value.rate()
        case .limitsRegister: requestRates.kinds[.register] = try value.rate()
        case .limitsExport: requestRates.kinds[.export] = try value.rate()
        case .limitsStarts: requestRates.starts = try value.rate()
        case .limitsSimple: requestRates.tiers[.simple] = try value.rate()
        case .limitsStandard: requestRates.tiers[.standard] = try value.rate()
        default: requestRates.tiers[.heavy] = try value.rate()
        }
    }
}
