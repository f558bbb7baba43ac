// Baton
// SPDX-License-Identifier: Apache-2.0

import Engine
import JSON
import Measuring
import Model
import Store

/// Reads a run of a million events back, as whoever takes it over does: a reader that knows nothing yet.
func resume(_ folder: String) async throws -> String {
    try await withLongRun(folder, items: 250_000) { load, _, row in
        var times: [Double] = []
        for _ in 0..<5 {
            let begin = seconds()
            _ = try RunReader(store: load.store, blobs: load.blobs).state(ofRun: row.key)
            times.append((seconds() - begin) * 1000)
        }
        let span = "\(text(times.median)) ms (\(text(times.min() ?? 0))–\(text(times.max() ?? 0)))"
        return "\(span), \(row.lastSequence) events"
    }
}

func fork(_ folder: String) async throws -> String {
    try await withLongRun(folder, items: 25_000) { load, id, row in
        var times: [Double] = []
        let before = keptBytes(folder + "/baton.db")
        for _ in 0..<9 {
            let begin = seconds()
            _ = try await load.engine.derive(DeriveRequest(id, .fork(at: nil), actor: "benchmark"))
            times.append((seconds() - begin) * 1000)
        }
        let bytes = (keptBytes(folder + "/baton.db") - before) / 9
        return "\(text(times.median)) ms (\(text(times.min() ?? 0))–\(text(times.max() ?? 0))), "
            + "\(text(bytes / 1024)) KiB, \(row.lastSequence) events"
    }
}

/// Calls `body` with a run that has a long history and waits.
private func withLongRun(
    _ folder: String,
    items: Int,
    _ body: (Load, RunID, RunRow) async throws -> String
) async throws -> String {
    let load = try Load(folder, slots: 2000, durability: .relaxed)
    let work = Task { await load.engine.run() }
    let rest = "  - {id: rest, type: wait, depends_on: [all], config: {for: 10h}}"
    let run = try await load.engine.start(try mapRequest(items, load, then: rest))
    var row = try load.store.run(run.id)
    // It also waits for a moment while the items are read.
    while row?.status != .waiting || (row?.lastSequence ?? 0) < items {
        try await Task.sleep(for: .milliseconds(50))
        row = try load.store.run(run.id)
    }
    guard let row else { return "the run is gone" }
    let answer = try await body(load, run.id, row)
    await load.engine.stop(grace: .zero)
    await work.value
    return answer
}
