// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Measuring

/// A load and what its rounds gave.
struct Row {
    /// What a rate counts.
    enum Unit: String {
        case steps, runs, items
        /// Starts come at a fixed rate; only their latency says something.
        case starts
    }

    /// The same word as in the programs of the peers.
    let id: String
    let name: String
    let goal: String
    let unit: Unit
    /// Units a run.
    let size: Int
    let inFlight: Int
    /// Measured only when named.
    var onDemand = false
    let run: () async -> Figures
    var ratios: [Double] = []
    var figures: [Figures] = []

    static let heading =
        "load                     steps/s   ratio (min–max)      goal         run p50    run p99   CPU us/step  B/step"
        + "  kept/step  commits  in commit"

    func line() -> String {
        let steps = Double(figures.reduce(0) { $0 + $1.steps })
        let times = figures.flatMap(\.latencies)
        func perStep(_ value: (Figures) -> Double) -> Double { figures.reduce(0) { $0 + value($1) } / steps }
        return [
            name.padded(22),
            pad(text(figures.map(\.stepsPerSecond).median, 0), 9),
            pad(text(ratios.median, 2), 7),
            "(\(text(ratios.min() ?? 0, 2))–\(text(ratios.max() ?? 0, 2)))".padded(14),
            goal.padded(12),
            pad(text(times.median, 2), 7) + " ms",
            pad(text(times.percentile(0.99), 2), 7) + " ms",
            pad(text(perStep(\.cpu) * 1e6, 1), 9),
            pad(text(perStep(\.bytes), 0), 9),
            pad(text(perStep(\.kept), 0), 9),
            pad(String(figures.map(\.commits).sorted()[figures.count / 2]), 8),
            pad(text(perStep(\.committing) / perStep(\.seconds) * 100, 0) + " %", 8),
        ].joined(separator: " ")
    }

    /// One round for a machine.
    func json(_ figures: Figures, raw: Double, _ flushes: [Double]) -> String {
        let units = Double(unit == .steps ? figures.steps : size * figures.runs)
        let rated = unit != .starts
        let line: JSONValue = [
            "peer": "baton", "settings": "full",
            "durability": "each step flushed before the next (WAL, synchronous=FULL)",
            "load": .string(id), "unit": .string(unit.rawValue), "n": .int(Int64(size)),
            "runs": .int(Int64(figures.runs)), "steps": .int(Int64(figures.steps)),
            "in_flight": rated ? .int(Int64(inFlight)) : nil,
            "seconds": .double(figures.seconds),
            "per_second": rated ? .double(units / figures.seconds) : nil,
            "ms_per_step": rated ? .double(figures.seconds / Double(figures.steps) * 1000) : nil,
            "p50_ms": .double(figures.latencies.median), "p99_ms": .double(figures.latencies.percentile(0.99)),
            "cpu_seconds": .double(figures.cpu), "written_bytes": .double(figures.bytes),
            "kept_bytes": .double(figures.kept),
            "raw_per_second": .double(raw), "raw_p50_ms": .double(flushes.median),
            "raw_p99_ms": .double(flushes.percentile(0.99)),
        ]
        return line.text
    }
}

extension String {
    func padded(_ width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
