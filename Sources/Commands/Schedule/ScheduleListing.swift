// Baton
// SPDX-License-Identifier: Apache-2.0

import Engine
import JSON
import Model
import Store

/// `baton schedule list`, `show` and `next`: reads, whoever drives the runs.
enum ScheduleListing {
    static let list: CommandDescription = .init(
        name: "list",
        summary: "List schedules by name",
        examples: [.init(line: "baton schedule list -o jsonl", comment: "one schedule a line, for programs")],
        exits: [.unavailable]
    ) { context throws(CommandFailure) in
        var rows: [ScheduleRow] = []
        if let data = try ReadOnlyData(folder: context.dataFolder) {
            rows = try reading { () throws(StoreError) in try data.store.schedules() }
        }
        if rows.isEmpty, context.console.settings.format == .table {
            context.console.note("no schedules; `baton schedule create` makes one")
            return .ok
        }
        var table = Table([
            .init(title: "SCHEDULE"), .init(title: "WORKFLOW"), .init(title: "WHEN"), .init(title: "NEXT"),
            .init(title: "STARTED", isNumber: true), .init(title: "OPEN", isNumber: true),
            .init(title: "STATUS", paint: .status),
        ])
        var items: [JSONValue] = []
        for row in rows { items.append(add(row, to: &table)) }
        context.console.show(items, table)
        return .ok
    }

    /// One that cannot be read is listed with the reason.
    private static func add(_ row: ScheduleRow, to table: inout Table) -> JSONValue {
        do throws(EngineError) {
            let schedule = try Schedule(row)
            let (definition, state) = (schedule.definition, schedule.state)
            let next = state.isPaused ? nil : schedule.nextFirings(1).first
            table.add([
                definition.name, definition.workflow, ScheduleForms.when(definition), next.map(TimeText.date) ?? "",
                "\(state.started)", "\(state.open.count)", state.isPaused ? "paused" : "active",
            ])
            return .object(ScheduleForms.json(schedule))
        } catch {
            table.add([row.name, "", "", "", "", "", error.message])
            return ["id": .string(row.id.description), "name": .string(row.name), "error": .string(error.message)]
        }
    }

    static let show: CommandDescription = .init(
        name: "show",
        summary: "Show a schedule with its last firings and the runs they started",
        arguments: [ScheduleCommands.schedule],
        examples: [.init(line: "baton schedule show nightly", comment: "by name")],
        exits: [.notFound, .unavailable]
    ) { context throws(CommandFailure) in
        let schedule = try ScheduleLookup.schedule(context)
        context.console.show(ScheduleForms.details(schedule)) { ScheduleForms.text(schedule, context.console) }
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
        exits: [.notFound, .unavailable]
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
        return (try ScheduleLookup.schedule(context).definition.timing, now)
    }
}
