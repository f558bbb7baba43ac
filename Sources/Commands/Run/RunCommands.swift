// Baton
// SPDX-License-Identifier: Apache-2.0

/// `baton run …`.
enum RunCommands {
    static let group: CommandDescription = .init(
        name: "run",
        summary: "Start, watch and control runs",
        discussion: "`baton run FILE` is short for `baton run start FILE --follow`.\n"
            + "RUN is the id of a run, the beginning of one, or `last`. Reading commands work while another process\n"
            + "drives runs; the others need the data folder for themselves.",
        examples: [
            .init(line: "baton run order.yaml --input limit=500", comment: "start a run and watch it"),
            .init(line: "baton run explain last", comment: "ask why the newest run is where it is"),
        ],
        children: [
            RunStart.command, RunListing.list, RunListing.get, RunEvents.events, RunEvents.logs, RunListing.explain,
            RunControl.cancel, RunControl.terminate, RunControl.pause, RunControl.resume, BulkCommands.runs,
            RunRollback.command,
            RunAgain.retry, RunAgain.fork, RunAgain.rerun, RunComparison.replay, RunComparison.diff,
        ] + PatchCommands.all,
        fallback: "start"
    )

    static let run = ArgumentDescription(name: "RUN", summary: "id of a run, the beginning of one, or `last`")

    static func follow(default isOn: Bool) -> OptionDescription {
        OptionDescription(name: "follow", kind: .toggle(default: isOn), summary: "show progress while the run goes on")
    }
}
