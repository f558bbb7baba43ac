// Baton
// SPDX-License-Identifier: Apache-2.0

import Engine
import JSON
import Model
import Server
import Store

/// What schedules did since somebody last looked, from their rows.
struct ScheduleNews {
    /// Something that a schedule did.
    enum Item {
        case fired(ScheduleState.Start)
        case skipped(ScheduleState.Skip)
        case failed(ScheduleState.Failure)
    }

    private var known: [ScheduleID: (bytes: [UInt8], state: ScheduleState?)] = [:]

    /// Takes the rows as old news.
    init(_ rows: [ScheduleRow]) {
        for row in rows { known[row.id] = (row.state, try? ScheduleState(row)) }
    }

    /// What is new, in the order in which it happened. A schedule remembers its last ten starts and omissions.
    mutating func take(_ rows: [ScheduleRow]) -> [(name: String, item: Item)] {
        var news: [(at: Timestamp, name: String, item: Item)] = []
        for row in rows where known[row.id]?.bytes != row.state {
            let state = try? ScheduleState(row)
            let before = known.updateValue((row.state, state), forKey: row.id)?.state
            guard let state else { continue }
            for start in state.recent where before?.recent.contains(start) != true {
                news.append((start.at, row.name, .fired(start)))
            }
            for skip in state.recentSkips where before?.recentSkips.contains(skip) != true {
                news.append((skip.at, row.name, .skipped(skip)))
            }
            if let failure = state.lastFailure, failure != before?.lastFailure {
                news.append((failure.at, row.name, .failed(failure)))
            }
        }
        return news.sorted { $0.at < $1.at }.map { ($0.name, $0.item) }
    }
}

extension ScheduleNews.Item {
    /// `12:00:01 schedule.fired nightly run_… for 2026-01-31 12:00:00`.
    func text(_ name: String) -> String {
        switch self {
        case .fired(let start):
            let what = start.firing.origin == .timing ? "for" : "\(start.firing.origin.rawValue) of"
            let firing = "\(what) \(TimeText.date(start.firing.time))"
            return "\(TimeText.clock(start.at)) schedule.fired \(name) \(start.run) \(firing)"
        case .skipped(let skip):
            let first = TimeText.date(skip.skip.times.lowerBound)
            return "\(TimeText.clock(skip.at)) schedule.skipped \(name) \(first) (\(ScheduleForms.reason(skip.skip)))"
        case .failed(let failure):
            return "\(TimeText.clock(failure.at)) schedule.failed \(name) \(TextWidth.oneLine(failure.message))"
        }
    }

    /// `{type, schedule, at, …}`.
    func json(_ name: String) -> JSONValue {
        let (type, data): (String, JSONValue) =
            switch self {
            case .fired(let start): ("schedule.fired", Schedule.json(start))
            case .skipped(let skip): ("schedule.skipped", Schedule.json(skip))
            case .failed(let failure):
                ("schedule.failed", ["at": .string(failure.at.description), "message": .string(failure.message)])
            }
        var result: JSONObject = ["type": .string(type), "schedule": .string(name)]
        for member in data.objectValue?.members ?? [] { result[member.key] = member.value }
        return .object(result)
    }
}
