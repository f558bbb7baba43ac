// Baton
// SPDX-License-Identifier: Apache-2.0

import Engine
import Model

/// `baton schedule …`.
enum ScheduleCommands {
    static let group: CommandDescription = .init(
        name: "schedule",
        summary: "Start runs by the calendar or again and again",
        discussion: """
            A schedule starts runs of a published workflow: by a cron expression in a time zone, or after equal spans. Each firing
            starts one run, whatever crashes in between. Schedules fire while `baton schedule run` works on the data folder; what was
            due while nothing ran is caught up within --catch-up. SCHEDULE is a name or an id.
            """,
        examples: [
            .init(
                line: "baton schedule create nightly report --cron \"0 2 * * *\" --zone Europe/Berlin",
                comment: "every night at two"
            ),
            .init(line: "baton schedule run", comment: "fire them, and drive what they start, until Ctrl-C"),
        ],
        children: [
            ScheduleCreate.command, ScheduleListing.list, ScheduleListing.show, ScheduleListing.next,
            ScheduleControl.pause, ScheduleControl.resume, ScheduleControl.trigger, ScheduleControl.backfill,
            ScheduleControl.delete, ScheduleRun.command,
        ]
    )

    static let schedule = ArgumentDescription(name: "SCHEDULE", summary: "name or id of a schedule")

    static let cron = OptionDescription(
        name: "cron",
        kind: .text("TEXT"),
        summary: "minute hour day month weekday, such as \"30 9 * * MON-FRI\", or @daily and the like"
    )
    static let every = OptionDescription(
        name: "every",
        kind: .text("SPAN"),
        summary: "the time from one firing to the next, such as 10m"
    )
    static let zone = OptionDescription(
        name: "zone",
        kind: .text("ZONE"),
        summary: "the time zone of --cron, such as Europe/Berlin (default: UTC)"
    )

    static func overlap(_ summary: String) -> OptionDescription {
        OptionDescription(
            name: "overlap",
            kind: .choice("POLICY", OverlapPolicy.allCases.map(\.rawValue)),
            summary: summary
        )
    }
}

extension CommandContext {
    /// What `--cron`, `--every` and `--zone` say.
    ///
    /// - Parameter anchor: Where spans are counted from.
    func timing(anchor: Timestamp) throws(CommandFailure) -> ScheduleTiming {
        let zone = invocation.text("zone")
        let text: String
        switch (invocation.text("cron"), invocation.text("every")) {
        case (let cron?, nil): text = cron
        case (nil, let span?):
            guard zone == nil else {
                throw .usage("--zone says nothing of --every", hint: "leave it out, or use --cron")
            }
            text = "@every \(span)"
        default:
            throw .usage("a schedule needs either --cron or --every", hint: "for example --cron \"0 2 * * *\"")
        }
        do throws(ScheduleTimingError) {
            return try ScheduleTiming(text, zone: zone ?? "UTC", anchor: anchor)
        } catch {
            throw .invalid(error.message)
        }
    }

    /// The duration that an option holds.
    func span(_ option: String) throws(CommandFailure) -> Duration? {
        guard let text = invocation.text(option) else { return nil }
        guard let span = Duration(text: text) else {
            throw .usage("--\(option) cannot be `\(text)`", hint: "write a duration such as 30s, 10m or 1h30m")
        }
        return span
    }

    /// The point in time that an option holds.
    func time(_ option: String) throws(CommandFailure) -> Timestamp? {
        guard let text = invocation.text(option) else { return nil }
        guard let time = Timestamp(rfc3339: text) else {
            throw .usage(
                "--\(option) cannot be `\(text)`",
                hint: "write a time such as 2026-01-31T09:30:00Z or 2026-01-31T09:30:00+01:00"
            )
        }
        return time
    }
}
