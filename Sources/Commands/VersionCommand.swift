// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON

/// `baton version`: opens nothing.
enum VersionCommand {
    /// The `format_version` of compiled graphs.
    static let graphFormat = 2
    /// The format of events in the log.
    static let eventFormat = 1

    static let command: CommandDescription = .init(
        name: "version",
        summary: "Show the version of the program and of what it stores",
        examples: [.init(line: "baton version -o json", comment: "for programs")]
    ) { context throws(CommandFailure) in
        let json: JSONValue = [
            "version": .string(Baton.version), "graph_format": .int(Int64(graphFormat)),
            "event_format": .int(Int64(eventFormat)),
        ]
        context.console.show(json) {
            "baton \(Baton.version) (graph format \(graphFormat), event format \(eventFormat))\n"
        }
        return .ok
    }
}
