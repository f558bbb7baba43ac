// Baton
// SPDX-License-Identifier: Apache-2.0

/// Options that every command takes, at any place.
enum GlobalOptions {
    static let all = [
        OptionDescription(
            name: "data",
            kind: .path("FOLDER"),
            summary: "where runs are kept",
            defaultValue: "$BATON_HOME, else ~/.baton"
        ),
        OptionDescription(
            name: "output",
            kind: .choice("FORMAT", OutputFormat.allCases.map(\.rawValue)),
            summary: "how results are written",
            short: "o",
            defaultValue: "table"
        ),
        OptionDescription(
            name: "quiet",
            kind: .flag,
            summary: "no progress and no notes, only results and errors",
            short: "q"
        ),
        OptionDescription(
            name: "no-color",
            kind: .flag,
            summary: "no colours, even on a terminal",
            aliases: ["no-colour"]
        ),
    ]
}
