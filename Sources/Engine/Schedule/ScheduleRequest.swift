// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Model
internal import Store

/// What other threads ask of the loop about schedules.
enum ScheduleRequest: Sendable {
    case create(ScheduleDefinition, Reply<Schedule>)
    /// A pause, the end of one, a backfill or a change.
    case command(ScheduleID, ScheduleCommand, Reply<Schedule>)
    case trigger(ScheduleID, OverlapPolicy?, Reply<TriggeredRun>)
    case delete(ScheduleID, Reply<Void>)
    /// Fire them from now on; answers with those that cannot be read.
    case run(Reply<[EngineError]>)

    func refuse(_ error: EngineError) {
        switch self {
        case .create(_, let reply), .command(_, _, let reply): reply(.failure(error))
        case .delete(_, let reply): reply(.failure(error))
        case .trigger(_, _, let reply): reply(.failure(error))
        case .run(let reply): reply(.failure(error))
        }
    }
}
