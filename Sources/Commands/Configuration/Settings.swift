// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import Identity
import Model
import Providers
import RateLimits
import Rates
import Retention
import StoreSQLite
import Tools

/// What `config.yaml` and the environment set; the environment wins.
struct Settings: Equatable {
    var server = ServerSettings()
    var durability = Durability.full
    /// Accounts and logins.
    var auth = IdentitySettings()
    var requiresSandbox = true
    var usesControlGroups = true
    /// `host:port` of private targets that requests may go to.
    var allowedTargets: [String] = []
    /// A folder of function programs; an absolute path.
    var toolsFolder: String?
    /// A folder of agents; an absolute path.
    var agentsFolder: String?
    /// A folder of skills; an absolute path.
    var skillsFolder: String?
    /// Tools, workflows and workstacks that clients of the Model Context Protocol are offered, and those they never are.
    var exposedTools: [String] = []
    var blockedTools: [String] = []
    /// With more tools than that, four that find the others take their place.
    var compactAbove = 20
    /// Servers whose tools can be called, by name.
    var mcpServers: [String: MCPServerDraft] = [:]
    /// Attempts in flight.
    var maxParallel = 64
    /// Attempts in flight of one project; `nil` for no limit of its own.
    var perProject: Int?
    /// Attempts in flight by tool.
    var perTool: [String: Int] = [:]
    /// How often tools are called.
    var toolRates: [String: Rate] = [:]
    /// How often the server may be asked.
    var requestRates = RateLimitSettings()
    /// How many requests of a principal may come at once; part of the rate of requests, whichever of both is set first.
    var requestBurst = 100 {
        didSet { requestRates.requests?.burst = requestBurst }
    }
    /// Models whose price nobody knows are asked all the same.
    var allowsUnpriced = false
    /// Who looks at patches that nodes of runs make.
    var patchReview = PatchReview.auto
    /// Queues whose tasks are worked on; `nil` for all.
    var queues: Set<String>?
    /// What this machine has, for tasks that ask for it.
    var labels: [String: String] = [:]
    var telemetry = TelemetrySettings()
    /// How long things are kept.
    var retention = RetentionPolicy()
    /// Whether the server keeps an audit trail.
    var keepsAudit = true
    /// Services that answer as models, by name.
    var providers: [String: ProviderSettings] = [:]
    /// Their models by cost.
    var tiers = TierTable()
    /// What calls of tools may be permitted, by name.
    var profiles = Dictionary(uniqueKeysWithValues: ToolProfile.presets.map { ($0.name, $0) })
    /// A price table in place of the built-in one; an absolute path.
    var priceTable: String?
    /// Makes vectors for searches.
    var embeddingModel: ModelReference?

    /// What is wrong with the values together; `nil` for nothing.
    var contradiction: (key: SettingsKey, rule: String)? {
        switch (server.certificate, server.key) {
        case (.some, nil): (.serverCertificate, "needs `server.tls.key` as well")
        case (nil, .some): (.serverKey, "needs `server.tls.cert` as well")
        default: modelContradiction ?? mcpContradiction
        }
    }
}

/// What a value would have to be.
struct SettingsMismatch: Error {
    let rule: String

    init(_ rule: String) {
        self.rule = rule
    }
}
