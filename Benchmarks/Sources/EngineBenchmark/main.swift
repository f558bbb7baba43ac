// Baton
// SPDX-License-Identifier: Apache-2.0

// Durable steps against bare SQLite commits of the same disk, in interleaved rounds. A step is one task completed and
// the next one leased; every step is flushed before the next starts.
//
//     EngineBenchmark [ROUNDS] [LOAD ...] [--json]
//
// LOAD is an id (chain, one, many, …) or a part of a name. With --json each load of each round is one line of JSON.

import Definition
import Glibc
import JSON
import Measuring

let words = CommandLine.arguments.dropFirst().filter { $0 != "--json" }[...]
let asJSON = CommandLine.arguments.contains("--json")
let asked = words.first.flatMap { Int($0) }
let rounds = asked ?? 5
let wanted = asked == nil ? words : words.dropFirst()
let root = (getenv("BENCH_DIR").map { String(cString: $0) } ?? "/var/tmp") + "/baton-bench-\(getpid())"

mkdir(root, 0o700)
defer { system("rm -rf '\(root)'") }
let raw = RawCommits(root + "/raw.db")
let load = try Load(root + "/data", slots: 20_000)
let pooled = try Load(root + "/pooled", slots: 20_000, Nothing(isImmediate: false))
let observed = try Load(root + "/observed", slots: 20_000, isObserved: true)
let stopwatch = Stopwatch()
let starts = try Load(root + "/starts", slots: 20_000, stopwatch)
let workers = [load, pooled, observed, starts].map { load in Task { await load.engine.run() } }
let (forty, three, single) = (try chain(40), try chain(3), try chain(1))
let (wide, middle, narrow) = (try fan(10_000), try fan(1_000), try fan(200))

func threes(_ id: String, _ inFlight: Int, goal: String, count: Int) -> Row {
    Row(id: id, name: "3 steps, \(inFlight) in flight", goal: goal, unit: .runs, size: 1, inFlight: inFlight) {
        await load.measure(three, steps: 3, count: count, inFlight: inFlight)
    }
}

var rows = [
    Row(id: "chain", name: "chain of 40, one run", goal: "0.6", unit: .steps, size: 40, inFlight: 1) {
        await load.measure(forty, steps: 40, count: 50, inFlight: 1)
    },
    Row(id: "pooled", name: "the same, steps on the pool", goal: "-", unit: .steps, size: 40, inFlight: 1) {
        await pooled.measure(forty, steps: 40, count: 50, inFlight: 1)
    },
    threes("one", 1, goal: "-", count: 400),
    threes("many", 64, goal: "3.5", count: 8_000),
    threes("most", 512, goal: "-", count: 20_000),
    Row(id: "fan10000", name: "fan-out 10,000 + join", goal: "<10 commits", unit: .items, size: 10_000, inFlight: 1) {
        await load.measure(wide, steps: 10_001, count: 1, inFlight: 1)
    },
    Row(id: "fan1000", name: "fan-out 1,000 + join", goal: "-", unit: .items, size: 1_000, inFlight: 1, onDemand: true)
    {
        await load.measure(middle, steps: 1_001, count: 10, inFlight: 1)
    },
    Row(id: "fan200", name: "fan-out 200 + join", goal: "-", unit: .items, size: 200, inFlight: 1, onDemand: true) {
        await load.measure(narrow, steps: 201, count: 50, inFlight: 1)
    },
    Row(
        id: "observed",
        name: "chain of 40 with metrics and traces",
        goal: "-",
        unit: .steps,
        size: 40,
        inFlight: 1,
        onDemand: true
    ) {
        await observed.measure(forty, steps: 40, count: 50, inFlight: 1)
    },
    Row(
        id: "crowd",
        name: "3 steps, 64 in flight, with metrics and traces",
        goal: "-",
        unit: .runs,
        size: 1,
        inFlight: 64,
        onDemand: true
    ) {
        await observed.measure(three, steps: 3, count: 8_000, inFlight: 64)
    },
    Row(
        id: "starts",
        name: "start to first step",
        goal: "p50 3 ms",
        unit: .starts,
        size: 1,
        inFlight: 1,
        onDemand: true
    ) {
        await starts.measureStarts(single, count: 100, gap: 50, stopwatch)
    },
].filter { row in
    wanted.isEmpty ? !row.onDemand : wanted.contains { $0 == row.id || row.name.contains($0) }
}
guard rounds > 0, !rows.isEmpty else {
    let usage = "EngineBenchmark [ROUNDS] [LOAD ...] [--json]: no round, or no load of that name\n"
    write(STDERR_FILENO, usage, usage.utf8.count)
    system("rm -rf '\(root)'")
    exit(2)
}
var raws: [Double] = []
var flushes: [Double] = []
_ = await load.measure(three, steps: 3, count: 200, inFlight: 8)
_ = await pooled.measure(three, steps: 3, count: 200, inFlight: 8)
_ = await observed.measure(three, steps: 3, count: 200, inFlight: 8)
_ = await starts.measure(single, steps: 1, count: 50, inFlight: 1)

for _ in 0..<rounds {
    for index in rows.indices {
        var around: [Double] = []
        let before = raw.measure(1500, &around)
        let figures = await rows[index].run()
        let after = raw.measure(1500, &around)
        let limit = (before + after) / 2
        rows[index].ratios.append(figures.stepsPerSecond / limit)
        rows[index].figures.append(figures)
        raws += [before, after]
        flushes += around
        if asJSON { print(rows[index].json(figures, raw: limit, around)) }
    }
}

if !asJSON {
    print("durability full; \(rounds) interleaved rounds, medians; raw = one 300-byte row a commit, flushed")
    print(
        "raw commits/s \(text(raws.median, 0)) (\(text(raws.min() ?? 0, 0))–\(text(raws.max() ?? 0, 0))), "
            + "p50 \(text(flushes.median, 2)) ms, p99 \(text(flushes.percentile(0.99), 2)) ms"
    )
    print("\n" + Row.heading)
    for row in rows { print(row.line()) }
}
for (load, worker) in zip([load, pooled, observed, starts], workers) {
    await load.engine.stop(grace: .zero)
    await worker.value
}
