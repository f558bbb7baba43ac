// Baton
// SPDX-License-Identifier: Apache-2.0

/// A key of `config.yaml` (spec 10.7).
enum SettingsKey: String, CaseIterable {
    case serverAddress = "server.address"
    case serverPort = "server.port"
    case serverCertificate = "server.tls.cert"
    case serverKey = "server.tls.key"
    case serverUnixSocket = "server.unix_socket"
    case serverPublicURL = "server.public_url"
    case serverTrustedProxies = "server.trusted_proxies"
    case serverOrigins = "server.cors.origins"
    case serverBodyLimit = "server.body_limit"
    case storeDurability = "store.durability"
    case authOpenRegistration = "auth.open_registration"
    case authAccess = "auth.access_ttl"
    case authRefresh = "auth.refresh_ttl"
    case authLockoutAttempts = "auth.lockout.attempts"
    case authLockoutWindow = "auth.lockout.window"
    case sandboxRequire = "sandbox.require"
    case sandboxControlGroups = "sandbox.control_groups"
    case sandboxNetwork = "sandbox.network"
    case toolsFolder = "tools.dir"
    case toolsExpose = "tools.expose"
    case toolsBlock = "tools.block"
    case toolsCompactAbove = "tools.compact_above"
    case agentsFolder = "agents.dir"
    case skillsFolder = "skills.dir"
    case mcpServers = "mcp.servers"
    case limitsMaxParallel = "limits.max_parallel"
    case limitsPerProject = "limits.per_project"
    case limitsPerTool = "limits.per_tool"
    case limitsToolRates = "limits.rate.tools"
    case limitsRequests = "limits.rate.requests"
    case limitsBurst = "limits.rate.burst"
    case limitsLogin = "limits.rate.login"
    case limitsRegister = "limits.rate.register"
    case limitsExport = "limits.rate.export"
    case limitsStarts = "limits.rate.starts"
    case limitsSimple = "limits.rate.simple"
    case limitsStandard = "limits.rate.standard"
    case limitsHeavy = "limits.rate.heavy"
    case budgetsAllowUnpriced = "budgets.allow_unpriced"
    case patchesReview = "patches.review"
    case workersQueues = "workers.queues"
    case workersLabels = "workers.labels"
    case telemetryLog = "telemetry.log"
    case telemetryFormat = "telemetry.format"
    case telemetryCollector = "telemetry.otlp.endpoint"
    case retentionEndedRuns = "retention.ended_runs"
    case retentionPacking = "retention.packing"
    case retentionHistory = "retention.history"
    case retentionLogs = "retention.logs"
    case retentionSignals = "retention.signals"
    case retentionUsage = "retention.usage"
    case retentionDeadLetters = "retention.dead_letters"
    case auditEnabled = "audit.enabled"
    case providers
    case profiles
    case tiersLocal = "tiers.local"
    case tiersSmall = "tiers.small"
    case tiersMedium = "tiers.medium"
    case tiersLarge = "tiers.large"
    case tiersAllowLower = "tiers.allow_lower"
    case tiersTable = "tiers.table"
    case tiersEmbedding = "tiers.embedding"

    /// `BATON_SECTION_KEY`.
    var variable: String {
        "BATON_" + rawValue.uppercased().map { $0 == "." ? "_" : String($0) }.joined()
    }

    /// The first words of such variables: one that begins so and is no key is a mistake.
    static var variablePrefixes: Set<String> {
        Set(allCases.map { "BATON_\($0.rawValue.prefix { $0 != "." }.uppercased())_" })
    }
}
