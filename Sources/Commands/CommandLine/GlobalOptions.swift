// Baton
// SPDX-License-Identifier: Apache-2.0

/// Options that every command takes, at any place; where they say nothing, they are refused.
enum GlobalOptions {
    /// Those that say which server is asked.
    static let ofServers: Set<String> = ["server", "profile"]

    static let all = [
        OptionDescription(
            name: "data",
            kind: .path("FOLDER"),
            summary: "where runs are kept",
            defaultValue: "$BATON_HOME, else ~/.baton"
        ),
        OptionDescription(
            name: "server",
            kind: .text("URL"),
            summary: "the server to ask instead of a folder here; $BATON_SERVER does the same"
        ),
        OptionDescription(
            name: "profile",
            kind: .text("NAME"),
            summary: "the server and login of that name (`baton login`); $BATON_PROFILE does the same"
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
