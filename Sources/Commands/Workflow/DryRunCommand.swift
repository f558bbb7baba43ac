// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON
import Tools

/// `baton run start --dry-run`: what a run would do; no call, no charge, no write.
enum DryRunCommand {
    static let option = OptionDescription(
        name: "dry-run",
        kind: .flag,
        summary: "only show what the run would do and ask for; starts nothing"
    )

    static func show(_ graph: Graph, _ inputs: JSONObject, _ toolbox: Toolbox, _ console: Console) -> ExitCode {
        let effects = Dictionary(
            toolbox.tools.definitions.map { ($0.name, $0.effects.rawValue) },
            uniquingKeysWith: { first, _ in first }
        )
        let run = DryRun(graph, inputs: inputs) { effects[$0] }
        console.show(run.json) { run.text }
        return .ok
    }
}
