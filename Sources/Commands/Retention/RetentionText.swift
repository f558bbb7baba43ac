// Baton
// SPDX-License-Identifier: Apache-2.0

import Catalog
import JSON
import Model
import Retention
import Store

/// How retention is shown.
enum RetentionText {
    static func periods(_ policy: RetentionPolicy) -> JSONValue {
        .object(JSONObject(members: rows(policy).map { .init(key: $0.key, value: .string($0.period.text)) }))
    }

    private static func rows(_ policy: RetentionPolicy) -> [(key: String, period: Duration, what: String)] {
        [
            ("ended_runs", policy.endedRuns, "ended runs are deleted"),
            ("packing", policy.packing, "logs of ended runs are packed"),
            ("history", policy.history, "events of open runs that a snapshot has taken in are packed"),
            ("logs", policy.logs, "what attempts wrote is removed"),
            ("signals", policy.signals, "signals nobody waited for are dropped"),
            ("usage", policy.usage, "usage records are removed"),
            ("dead_letters", policy.deadLetters, "dead letters are removed"),
        ]
    }

    static func json(_ report: RetentionReport) -> JSONObject {
        var result: JSONObject = [
            "deleted_runs": .int(Int64(report.deletedRuns)), "deleted_events": .int(report.deletedEvents),
            "packed_runs": .int(Int64(report.packedRuns)), "packed_events": .int(report.packedEvents),
            "packed_bytes": .int(report.packedBytes), "answers": .int(Int64(report.answers)),
            "signals": .int(Int64(report.signals)), "cache_entries": .int(Int64(report.cacheEntries)),
            "usage_records": .int(Int64(report.usageRecords)), "dead_letters": .int(Int64(report.deadLetters)),
            "notes": .int(Int64(report.notes)), "sessions": .int(Int64(report.sessions)),
        ]
        var kept = JSONObject()
        for keeper in RetentionPolicy.Keeper.allCases {
            kept[keeper.rawValue] = .int(Int64(report.keptRuns[keeper] ?? 0))
        }
        result["kept_runs"] = .object(kept)
        if let blobs = report.blobs {
            result["removed_contents"] = .int(Int64(blobs.removed))
            result["removed_bytes"] = .int(blobs.removedBytes)
        }
        return result
    }

    static func lines(_ report: RetentionReport, isTrial: Bool) -> String {
        func line(_ verb: String, _ count: Int, _ noun: String, _ more: String = "") -> String? {
            guard count > 0 else { return nil }
            return "\(isTrial ? "would be " : "")\(verb): \(count) \(noun)\(more)\n"
        }
        let packed = isTrial ? "" : " with \(report.packedEvents) events, into \(report.packedBytes) bytes"
        let lines = [
            line("deleted", report.deletedRuns, "ended runs", " with \(report.deletedEvents) events"),
            line("packed", report.packedRuns, "logs", packed),
            line("dropped", report.answers, "answers"), line("dropped", report.signals, "signals"),
            line("dropped", report.cacheEntries, "entries of the cache"),
            line("removed", report.usageRecords, "usage records"),
            line("removed", report.deadLetters, "dead letters"),
            line("removed", report.notes, "notes of agents"),
            line("deleted", report.sessions, "sessions of agents"),
            report.blobs.flatMap { line("removed", $0.removed, "contents", " (\($0.removedBytes) bytes)") },
        ].compactMap(\.self)
        return lines.isEmpty ? "nothing is due\n" : lines.joined()
    }

    static func status(_ policy: RetentionPolicy, _ report: RetentionReport, _ kept: [KeptRun]) -> String {
        var text = ""
        for (key, period, what) in rows(policy) {
            text += "after \(TextWidth.pad(period.text, to: 6)) \(what) (retention.\(key))\n"
        }
        text += "\n" + lines(report, isTrial: true)
        for run in kept { text += "\(run.run.id) \(run.run.workflow): stays, \(run.reason)\n" }
        return text
    }
}
