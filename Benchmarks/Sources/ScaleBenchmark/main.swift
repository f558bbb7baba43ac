// Baton
// SPDX-License-Identifier: Apache-2.0

// Whether something gets slower or larger with what there is: each load in a process and a data folder of its own.
//
//     ScaleBenchmark [LOAD ...]

import Glibc
import Measuring

let scales: [Scale] = [
    Scale("relaxed", "chain of 40, durability relaxed", goal: "≤ 0.10 ms a step", relaxedChain),
    Scale("map", "map of 10,000 items", goal: "≥ 30,000 items/s on a quiet disk") { try await map($0, 10_000) },
    Scale("million", "map of 1,000,000 items", goal: "≤ 256 MiB") { try await map($0, 1_000_000) },
    Scale("waiting", "100,000 waiting runs", goal: "idle; ≤ 150 MiB; timers ≤ 50 ms late at p99", waiting),
    Scale("resume", "run of 1,000,000 events, read back", goal: "≤ 50 ms", resume),
    Scale("fork", "fork of a run of 100,000 events", goal: "≤ 20 ms and ≤ 4 KiB", fork),
    Scale("restart", "restart with 10,000 runs in flight", goal: "first dispatch ≤ 2 s", restart),
    Scale("open", "open an empty data folder", goal: "≤ 200 ms, ≤ 40 MiB", open),
]

let words = Array(CommandLine.arguments.dropFirst())
if words.count >= 3, words[0] == "--in" {
    // A part of a load that has to be a process of its own.
    if words[1] == "restart-prepare" { await hangUntilKilled(words[2]) }
    guard let scale = scales.first(where: { $0.id == words[1] }) else { exit(2) }
    do {
        print("\(scale.name): \(try await scale.run(words[2]))  [goal: \(scale.goal)]")
        exit(0)
    } catch {
        print("\(scale.name): \(error)")
        exit(1)
    }
}
for scale in scales where words.isEmpty || words.contains(scale.id) {
    let folder =
        (getenv("BENCH_DIR").map { String(cString: $0) } ?? "/var/tmp") + "/baton-scale-\(getpid())-\(scale.id)"
    mkdir(folder, 0o700)
    fflush(nil)
    system("'\(CommandLine.arguments[0])' --in \(scale.id) '\(folder)'; rm -rf '\(folder)'")
}
