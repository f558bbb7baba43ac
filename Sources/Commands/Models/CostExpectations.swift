// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import Engine
import Model
import Threads

/// What tasks of agents cost in runs before, so that one that costs much more can be stopped.
actor CostExpectations {
    /// With fewer executions nothing is expected.
    private static let least = 5
    /// So long what was read counts.
    private static let freshness = Swift.Duration.seconds(600)

    private let reader: RunReader
    private let thread = SerialThread(named: "baton-history")
    private var known: [String: (history: History, at: ContinuousClock.Instant)] = [:]

    init(_ reader: RunReader) { self.reader = reader }

    /// What nine of ten executions of a node cost at most; `nil` when there were too few, or they cost nothing.
    func expected(_ assignment: Assignment) async -> Money? {
        guard let node = await history(of: assignment).nodes[assignment.node.id], node.executions >= Self.least,
            let spread = node.usd, spread.p90 > 0
        else { return nil }
        return Money(picodollars: Int64((spread.p90 * 1e12).rounded()))
    }

    private func history(of assignment: Assignment) async -> History {
        let (reader, run) = (reader, assignment.run)
        let place = await thread.run { try? reader.workflow(of: run) }
        guard let place = place ?? nil else { return History() }
        let key = "\(place.tenant)/\(place.name)"
        if let entry = known[key], entry.at.duration(to: .now) < Self.freshness { return entry.history }
        // What cannot be read expects nothing; the run finds that out by itself.
        let read = await thread.run { try? reader.history(ofWorkflow: place.name, .everything(of: place.tenant)) }
        let history = (read ?? nil) ?? History()
        known[key] = (history, .now)
        return history
    }
}
