// Baton
// SPDX-License-Identifier: Apache-2.0

import Engine
import Model
import Store

/// Finds the schedule that a person names.
struct ScheduleLookup {
    /// The row of the schedule with that name or id, as it is stored now.
    static func row(_ context: CommandContext) throws(CommandFailure) -> ScheduleRow {
        let word = context.invocation.word("SCHEDULE")
        guard let data = try ReadOnlyData(folder: context.dataFolder) else { throw missing(word, []) }
        let row = try reading { () throws(StoreError) -> ScheduleRow? in
            if let id = ScheduleID(word), let row = try data.store.schedule(id) { return row }
            return try data.store.schedule(named: word)
        }
        guard let row else {
            let names = try reading { () throws(StoreError) in try data.store.schedules() }.map(\.name)
            throw missing(word, names)
        }
        return row
    }

    /// The same, read.
    static func schedule(_ context: CommandContext) throws(CommandFailure) -> Schedule {
        let row = try row(context)
        return try engineCall { () throws(EngineError) in try Schedule(row) }
    }

    static func missing(_ word: String, _ names: [String]) -> CommandFailure {
        let guess = NearestName.find(word, among: names).map { "did you mean `\($0)`?" }
        return .notFound("there is no schedule `\(word)`", hint: guess ?? "`baton schedule list` shows what there is")
    }
}
