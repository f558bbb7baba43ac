// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON

/// What the value of a key looks like.
enum SettingsForm: String {
    case flag = "true or false"
    case number
    case text
    case path
    case url = "URL"
    case choice = "word"
    case duration
    case size
    case rate
    case list
    case review = "word or mapping"
    case mapping

    /// The text of a variable as the value a file would have; lists are separated by commas.
    func value(_ text: String) -> JSONValue {
        switch self {
        case .flag, .number, .review, .mapping: (try? JSONValue(parsing: text)) ?? .string(text)
        case .text, .path, .url, .choice, .duration, .size, .rate: .string(text)
        case .list: .array(text.split(separator: ",").map { .string(String($0.trimmingSpaces())) })
        }
    }
}

extension SettingsKey {
    /// The form of the key's value.
    var form: SettingsForm {
        switch self {
        case .authOpenRegistration, .sandboxRequire, .sandboxControlGroups, .auditEnabled, .tiersAllowLower,
            .budgetsAllowUnpriced:
            .flag
        case .serverPort, .authLockoutAttempts, .limitsMaxParallel, .limitsPerProject, .limitsBurst,
            .toolsCompactAbove:
            .number
        case .serverAddress, .tiersEmbedding: .text
        case .serverCertificate, .serverKey, .serverUnixSocket, .toolsFolder, .agentsFolder, .skillsFolder,
            .tiersTable:
            .path
        case .serverPublicURL, .telemetryCollector: .url
        case .storeDurability, .telemetryLog, .telemetryFormat: .choice
        case .authAccess, .authRefresh, .authLockoutWindow, .retentionEndedRuns, .retentionPacking, .retentionHistory,
            .retentionLogs, .retentionSignals, .retentionUsage, .retentionDeadLetters:
            .duration
        case .serverBodyLimit: .size
        case .limitsRequests, .limitsLogin, .limitsRegister, .limitsExport, .limitsStarts, .limitsSimple,
            .limitsStandard, .limitsHeavy:
            .rate
        case .serverTrustedProxies, .serverOrigins, .toolsExpose, .toolsBlock, .sandboxNetwork, .limitsPerTool,
            .limitsToolRates, .workersQueues,
            .workersLabels, .tiersLocal, .tiersSmall, .tiersMedium, .tiersLarge:
            .list
        case .patchesReview: .review
        case .providers, .mcpServers, .profiles: .mapping
        }
    }

    /// What it is for, in one line of Markdown.
    var meaning: String {
        switch self {
        case .serverAddress: "where the server listens: an IP address, or a name that has one"
        case .serverPort: "the port, 0 to 65535; 0 lets the system choose"
        case .serverCertificate: "the certificate in PEM, with those above it; needs `server.tls.key`"
        case .serverKey: "the private key in PEM; needs `server.tls.cert`"
        case .serverUnixSocket: "a Unix socket to listen on besides, for programs of the same user"
        case .serverPublicURL: "how people reach the server, for links; `http` or `https`"
        case .serverTrustedProxies:
            "proxies whose word about the client's address is believed: addresses or ranges such as `10.0.0.0/8`"
        case .serverOrigins: "origins whose pages may call the API, such as `https://a.example`; `*` for all"
        case .serverBodyLimit: "the largest body of a request, 1KiB to 1GiB; what is larger is refused with 413"
        case .storeDurability: "`full` or `relaxed`, which may lose the last moments in a power cut, never in a crash"
        case .authOpenRegistration: "whether everybody may make an account, not only the first"
        case .authAccess: "how long an access token is valid; at least 10s"
        case .authRefresh: "how long a refresh token is valid; at least 1m"
        case .authLockoutAttempts: "failed logins within the window that lock, 1 to 1000"
        case .authLockoutWindow: "the span in which failed logins count, and for which they lock; at least 1s"
        case .sandboxRequire: "without a working sandbox programs do not start"
        case .sandboxControlGroups:
            "limits of memory and processes hold for a program as a whole, where that is possible"
        case .sandboxNetwork: "private `host:port` targets that requests may go to"
        case .toolsFolder: "a folder of function programs"
        case .toolsExpose:
            "tools, `workflow_NAME` and `workstack_NAME` that [MCP clients](mcp.md#baton-as-a-server) are offered; `*` stands for "
                + "any letters"
        case .toolsBlock: "what they are never offered, whatever `tools.expose` says"
        case .toolsCompactAbove:
            "with more tools than that, 0 to 1000, MCP clients get four that find and call the others"
        case .agentsFolder: "a folder of [agents](agents.md#agents), which add to the built-in ones or replace them"
        case .skillsFolder: "a folder of [skills](skills.md), which add to the built-in ones or replace them"
        case .mcpServers:
            "by name: `command`, `args`, `env`, `read`, `folder`, `network`, or `url`, `headers`; `enabled`, `timeout`, `start` "
                + "([MCP servers](mcp.md))"
        case .limitsMaxParallel: "attempts in flight, 1 to 1000"
        case .limitsPerProject: "attempts in flight of one project, 1 to 1000"
        case .limitsPerTool: "`TOOL=NUMBER`: attempts in flight of a tool"
        case .limitsToolRates: "`TOOL=CALLS/SPAN`, such as `http.request=60/1m`: [how often](limits.md#how-often)"
        case .limitsRequests: "requests of one principal"
        case .limitsBurst: "how many of them may come at once after a rest, 1 to 1000000"
        case .limitsLogin: "logins from one address"
        case .limitsRegister: "new accounts from one address"
        case .limitsExport: "exports of one principal"
        case .limitsStarts: "run starts of the whole server"
        case .limitsSimple: "run starts of one user, of workflows without agent nodes"
        case .limitsStandard: "the same with one or two agent nodes"
        case .limitsHeavy: "the same with three or more"
        case .budgetsAllowUnpriced:
            "whether models that have no [price](models.md#prices) are asked; such calls count LLM tokens and no money"
        case .patchesReview:
            "`auto`, `human` or `{auto_below: {usd, nodes}}`: whether people look at [patches](patching.md#reviews)"
        case .workersQueues: "only tasks of these [queues](operations.md#queues-and-labels) are worked on"
        case .workersLabels: "what this machine has, as `NAME=VALUE`, for tasks with `labels`"
        case .telemetryLog: "the least that is logged: `debug`, `info`, `warn` or `error`"
        case .telemetryFormat: "how the log is written: `text` or `json`, one line a record"
        case .telemetryCollector:
            "a collector of [traces](operations.md#traces) that speaks OTLP/HTTP, such as `http://127.0.0.1:4318`"
        case .retentionEndedRuns: "ended runs are [deleted](operations.md#how-long-things-are-kept)"
        case .retentionPacking: "logs of ended runs are packed"
        case .retentionHistory: "events of open runs that a snapshot has taken in are packed"
        case .retentionLogs: "what attempts wrote is removed; at least 1d"
        case .retentionSignals: "signals nobody waited for are dropped"
        case .retentionUsage: "usage records are removed"
        case .providers:
            "by name: `kind`, `base_url`, `key_secret`, `models`, `rate`, `headers`, `idle`, `batch_poll`, `api`, `script` ([models](models.md#providers))"
        case .profiles:
            "by name: what calls of tools are [permitted](profiles.md); `mode`, `tools`, `commands.deny` and others"
        case .tiersLocal: "models of this machine, as `PROVIDER/MODEL`, the preferred first"
        case .tiersSmall: "cheap models"
        case .tiersMedium: "models between"
        case .tiersLarge: "the best models"
        case .tiersAllowLower: "whether a tier without models may fall to a lower one"
        case .tiersEmbedding: "the [model that makes vectors](rag.md#by-meaning) for searches, as `PROVIDER/MODEL`"
        case .tiersTable: "a [price table](models.md#prices) in place of the built-in one"
        case .retentionDeadLetters: "dead letters are removed that nobody did anything about"
        case .auditEnabled: "whether the server writes what people do to the [audit trail](security.md)"
        }
    }
}
