// Baton
// SPDX-License-Identifier: Apache-2.0

import Model

/// `baton run …`.
enum RunCommands {
    static let group: CommandDescription = .init(
        name: "run",
        summary: "Start, watch and control runs",
        discussion: "`baton run FILE` is short for `baton run start FILE --follow`.\n"
            + "RUN is the id of a run, the beginning of one, or `last`. Reading commands work while another process\n"
            + "drives runs; the others need the data folder for themselves, or ask the server that has it.",
        examples: [
            .init(line: "baton run order.yaml --input limit=500", comment: "start a run and watch it"),
            .init(line: "baton run explain last", comment: "ask why the newest run is where it is"),
        ],
        children: [
            RunStart.command, RunListing.list, RunListing.get, RunEvents.watch, RunEvents.events, RunEvents.logs,
            RunListing.explain,
            RunControl.cancel, RunControl.terminate, RunControl.pause, RunControl.resume, BulkCommands.runs,
            RunRollback.command,
            RunAgain.retry, RunAgain.fork, RunAgain.rerun, RunComparison.replay, RunComparison.diff,
            RunDeletion.delete,
        ] + PatchCommands.all,
        fallback: "start"
    )

    static let run = ArgumentDescription(name: "RUN", summary: "id of a run, the beginning of one, or `last`")

    /// For what a server drives.
    static let wait = OptionDescription(
        name: "wait",
        kind: .toggle(default: true),
        summary: "with a server: only start it, and leave the run to the server"
    )

    /// How long the end is waited for.
    static let timeout = OptionDescription(
        name: "timeout",
        kind: .text("SPAN"),
        summary: "wait no longer than that, such as 30s or 5m, for the run (exit code 5)"
    )

    /// For everything that waits for the end of a run.
    static let waiting = [wait, timeout]

    /// When waiting for the end of a run is to stop.
    static func deadline(_ context: CommandContext) throws(CommandFailure) -> ContinuousClock.Instant? {
        guard let text = context.invocation.text("timeout") else { return nil }
        guard let span = Duration(text: text), span > .zero else {
            throw .usage("`\(text)` is no span of time", hint: "write a number and a unit, such as 30s, 5m or 2h")
        }
        return ContinuousClock.now + span
    }

    /// How long that is, at least one millisecond.
    static func milliseconds(until deadline: ContinuousClock.Instant?) -> Int64 {
        deadline.map { max(1, ContinuousClock.now.duration(to: $0).milliseconds + 1) } ?? .max
    }

    /// Whether the end of the run is waited for.
    static func waits(_ context: CommandContext) -> Bool {
        context.invocation.options["wait"] == nil || context.invocation.isOn("wait")
    }

    /// Refuses `--no-wait` where nobody else would drive the run.
    static func checkDriven(_ context: CommandContext) throws(CommandFailure) {
        guard !waits(context) else { return }
        throw .usage(
            "--no-wait leaves a run to a server, and none is named or runs on \(context.dataFolder)",
            hint: "name one with --server URL, or start one: baton server"
        )
    }

    static func follow(default isOn: Bool) -> OptionDescription {
        OptionDescription(name: "follow", kind: .toggle(default: isOn), summary: "show progress while the run goes on")
    }
}
