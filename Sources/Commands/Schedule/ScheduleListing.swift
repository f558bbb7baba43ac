// Baton
// SPDX-License-Identifier: Apache-2.0

import Engine
import JSON
import Model
import Server
import Store

/// `baton schedule list`, `show` and `next`: reads, whoever drives the runs.
enum ScheduleListing {
    static let list: CommandDescription = .init(
        name: "list",
        summary: "List schedules by name",
        examples: [.init(line: "baton schedule list -o jsonl", comment: "one schedule a line, for programs")],
        exits: [.unavailable],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let schedules = try schedules(context)
        if schedules.isEmpty, context.console.settings.format == .table {
            context.console.note("no schedules; `baton schedule create` makes one")
            return .ok
        }
        var table = Table([
            .init(title: "SCHEDULE"), .init(title: "WORKFLOW"), .init(title: "WHEN"), .init(title: "NEXT"),
            .init(title: "STARTED", isNumber: true), .init(title: "OPEN", isNumber: true),
            .init(title: "STATUS", paint: .status),
        ])
        for schedule in schedules {
            guard schedule["error"] == nil else {
                let error = schedule["error"]?.stringValue ?? ""
                table.add([schedule["name"]?.stringValue ?? "", "", "", "", "", "", error])
                continue
            }
            let open = schedule["open_runs"]?.arrayValue?.count ?? 0
            table.add([
                schedule["name"]?.stringValue ?? "", schedule["workflow"]?.stringValue ?? "",
                ScheduleForms.when(schedule), RunDetails.date(schedule["next_fire_at"]),
                schedule["started"]?.text ?? "", "\(open)", schedule["status"]?.stringValue ?? "",
            ])
        }
        context.console.show(schedules, table)
        return .ok
    }

    private static func schedules(_ context: CommandContext) throws(CommandFailure) -> [JSONValue] {
        if let server = try context.server() { return try server.items("/v1/schedules") }
        guard let data = try ReadOnlyData(folder: context.dataFolder) else { return [] }
        return try reading { () throws(StoreError) in try data.store.schedules() }.map(json)
    }

    /// One that cannot be read is listed with the reason.
    private static func json(_ row: ScheduleRow) -> JSONValue {
        do throws(EngineError) {
            return .object(try Schedule(row).json)
        } catch {
            return ["id": .string(row.id.description), "name": .string(row.name), "error": .string(error.message)]
        }
    }

    static let show: CommandDescription = .init(
        name: "show",
        summary: "Show a schedule with its last firings and the runs they started",
        arguments: [ScheduleCommands.schedule],
        examples: [.init(line: "baton schedule show nightly", comment: "by name")],
        exits: [.notFound, .unavailable],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let schedule: JSONValue
        if let server = try context.server() {
            schedule = try server.schedule(context.invocation.word("SCHEDULE"))
        } else {
            schedule = try ScheduleLookup.schedule(context).details
        }
        context.console.show(schedule) { ScheduleForms.text(schedule, context.console) }
        return .ok
    }

    static let next: CommandDescription = .init(
        name: "next",
        summary: "Show the coming firings of a schedule, or of a cron expression",
        arguments: [.init(name: "SCHEDULE", summary: "name or id of a schedule", count: .optional)],
        options: [
            ScheduleCommands.cron, ScheduleCommands.every, ScheduleCommands.zone,
            OptionDescription(
                name: "count",
                kind: .number("N", 1...1000),
                summary: "how many",
                defaultValue: "5"
            ),
        ],
        examples: [
            .init(line: "baton schedule next nightly", comment: "of a schedule"),
            .init(
                line: "baton schedule next --cron \"30 2 * * *\" --zone Europe/Berlin --count 400",
                comment: "of an expression, over both changes of the clock"
            ),
        ],
        exits: [.notFound, .unavailable],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let (timing, now) = try timing(context)
        let times = timing.firings(after: now, context.invocation.number("count") ?? 5)
        var table = Table([.init(title: "TIME"), .init(title: "UTC", paint: .dim), .init(title: "IN", isNumber: true)])
        for time in times { table.add([TimeText.date(time), time.description, TimeText.span(time - now)]) }
        if times.isEmpty { context.console.note("there are none") }
        context.console.show(times.map { .string($0.description) }, table)
        return .ok
    }

    private static func timing(_ context: CommandContext) throws(CommandFailure) -> (ScheduleTiming, Timestamp) {
        let now = SystemClock().wall()
        guard !context.invocation.word("SCHEDULE").isEmpty else { return (try context.timing(anchor: now), now) }
        guard ["cron", "every", "zone"].allSatisfy({ context.invocation.text($0) == nil }) else {
            throw .usage("a schedule has its times already", hint: "leave out SCHEDULE, or --cron, --every and --zone")
        }
        guard let server = try context.server() else {
            return (try ScheduleLookup.schedule(context).definition.timing, now)
        }
        let schedule = try server.schedule(context.invocation.word("SCHEDULE"))
        let anchor = RunDetails.time(schedule["created_at"]) ?? now
        do throws(ScheduleTimingError) {
            let (when, zone) = (schedule["when"]?.stringValue ?? "", schedule["zone"]?.stringValue ?? "UTC")
            return (try ScheduleTiming(when, zone: zone, anchor: anchor), now)
        } catch {
            throw .invalid(error.message)
        }
    }
}
