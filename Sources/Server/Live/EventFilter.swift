// Baton
// SPDX-License-Identifier: Apache-2.0

internal import HTTPServer
internal import JSON
internal import Model

/// Which events of the feed a client gets.
struct EventFilter: BroadcastFilter {
    /// Of what the client may see at all.
    var visibility: Visibility
    /// Only of these runs; empty for all.
    var runs: Set<RunID> = []
    /// Only of runs in these projects; empty for all.
    var projects: [String] = []
    /// Only of these types, `task.*` for all of an area; empty for all.
    var types: [String] = []

    func wants(_ event: EventEnvelope) -> Bool {
        guard visibility.shows(event.ownership) else { return false }
        guard runs.isEmpty || runs.contains(event.run) else { return false }
        guard projects.isEmpty || event.ownership.project.map(projects.contains) ?? false else { return false }
        return types.isEmpty
            || types.contains { type in
                type.hasSuffix("*") ? event.type.utf8.starts(with: type.utf8.dropLast()) : type == event.type
            }
    }
}
