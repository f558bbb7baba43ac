// Baton
// SPDX-License-Identifier: Apache-2.0

/// A key of `config.yaml` (spec 10.7).
enum SettingsKey: String, CaseIterable {
    case storeDurability = "store.durability"
    case sandboxRequire = "sandbox.require"
    case sandboxNetwork = "sandbox.network"
    case toolsFolder = "tools.dir"
    case limitsMaxParallel = "limits.max_parallel"
    case patchesReview = "patches.review"
    case limitsPerProject = "limits.per_project"
    case limitsPerTool = "limits.per_tool"
    case limitsToolRates = "limits.rate.tools"
    case workersQueues = "workers.queues"
    case workersLabels = "workers.labels"
    case retentionEndedRuns = "retention.ended_runs"
    case retentionPacking = "retention.packing"
    case retentionHistory = "retention.history"
    case retentionLogs = "retention.logs"
    case retentionSignals = "retention.signals"
    case retentionUsage = "retention.usage"

    /// `BATON_SECTION_KEY`.
    var variable: String {
        "BATON_" + rawValue.uppercased().map { $0 == "." ? "_" : String($0) }.joined()
    }

    /// The first words of such variables: one that begins so and is no key is a mistake.
    static var variablePrefixes: Set<String> {
        Set(allCases.map { "BATON_\($0.rawValue.prefix { $0 != "." }.uppercased())_" })
    }
}
