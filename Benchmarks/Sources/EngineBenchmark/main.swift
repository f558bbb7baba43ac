// Baton
// SPDX-License-Identifier: Apache-2.0

// Durable steps against bare SQLite commits of the same disk, in interleaved rounds. A step is one task completed and
// the next one leased; every step is flushed before the next starts.

import Definition
import Glibc
import JSON

let rounds = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 5
/// Only loads whose name holds this.
let wanted = CommandLine.arguments.dropFirst(2).first ?? ""
let root = (getenv("BENCH_DIR").map { String(cString: $0) } ?? "/var/tmp") + "/baton-bench-\(getpid())"

func compile(_ yaml: String) throws -> Graph {
    let registry = Registry(tools: [try Registry.Tool(name: "noop", input: ["type": "object"])])
    let result = Compiler(registry: registry).compile(text: Array(yaml.utf8), fileName: "benchmark")
    guard let graph = result.graph else { preconditionFailure("\(result.diagnostics)") }
    return graph
}

func chain(_ count: Int) throws -> Graph {
    let nodes = (0..<count).map { index in
        let source = index == 0 ? "" : ", depends_on: [n\(index - 1)]"
        return "  - {id: n\(index), type: tool, config: {tool: noop}\(source)}\n"
    }
    return try compile("workflow: chain\nnodes:\n" + nodes.joined())
}

func fan(_ count: Int) throws -> Graph {
    let nodes = (0..<count).map { "  - {id: n\($0), type: tool, config: {tool: noop}}\n" }
    let edges = (0..<count).map { "  - {from: n\($0), to: all}\n" }
    return try compile(
        "workflow: fan\nnodes:\n" + nodes.joined() + "  - {id: all, type: join}\nedges:\n" + edges.joined()
    )
}

struct Row {
    let name: String
    let goal: String
    var ratios: [Double] = []
    var figures: [Figures] = []
}

mkdir(root, 0o700)
defer { system("rm -rf '\(root)'") }
let raw = RawCommits(root + "/raw.db")
let load = try Load(root + "/data", slots: 20_000)
let worker = Task { await load.engine.run() }
let (forty, three, wide) = (try chain(40), try chain(3), try fan(10_000))
var rows = [
    Row(name: "chain of 40, one run", goal: "0.6"), Row(name: "3 steps, 1 in flight", goal: "-"),
    Row(name: "3 steps, 64 in flight", goal: "3.5"), Row(name: "3 steps, 512 in flight", goal: "-"),
    Row(name: "fan-out 10,000 + join", goal: "<10 commits"),
]
var raws: [Double] = []
var latencies: [Double] = []
_ = await load.measure(three, steps: 3, count: 200, inFlight: 8)

for _ in 0..<rounds {
    for index in rows.indices where wanted.isEmpty || rows[index].name.contains(wanted) {
        let before = raw.measure(1500, &latencies)
        let figures =
            switch index {
            case 0: await load.measure(forty, steps: 40, count: 50, inFlight: 1)
            case 1: await load.measure(three, steps: 3, count: 400, inFlight: 1)
            case 2: await load.measure(three, steps: 3, count: 8_000, inFlight: 64)
            case 3: await load.measure(three, steps: 3, count: 20_000, inFlight: 512)
            default: await load.measure(wide, steps: 10_001, count: 1, inFlight: 1)
            }
        let after = raw.measure(1500, &latencies)
        rows[index].ratios.append(figures.stepsPerSecond / ((before + after) / 2))
        rows[index].figures.append(figures)
        raws += [before, after]
    }
}

print("durability full; \(rounds) interleaved rounds, medians; raw = one 300-byte row a commit, flushed")
print(
    "raw commits/s \(text(raws.median, 0)) (\(text(raws.min() ?? 0, 0))–\(text(raws.max() ?? 0, 0))), "
        + "p50 \(text(latencies.median, 2)) ms, p99 \(text(latencies.percentile(0.99), 2)) ms"
)
print("")
print(
    "load                     steps/s   ratio (min–max)      goal         run p50    run p99   CPU us/step  B/step  commits  in commit"
)
for row in rows where !row.figures.isEmpty {
    let all = row.figures
    let steps = Double(all.reduce(0) { $0 + $1.steps })
    let times = all.flatMap(\.latencies)
    print(
        row.name.padded(22),
        pad(text(all.map(\.stepsPerSecond).median, 0), 9),
        pad(text(row.ratios.median, 2), 7),
        "(\(text(row.ratios.min() ?? 0, 2))–\(text(row.ratios.max() ?? 0, 2)))".padded(14),
        row.goal.padded(12),
        pad(text(times.median, 2), 7) + " ms",
        pad(text(times.percentile(0.99), 2), 7) + " ms",
        pad(text(all.reduce(0) { $0 + $1.cpu } / steps * 1e6, 1), 9),
        pad(text(all.reduce(0) { $0 + $1.bytes } / steps, 0), 9),
        pad(String(all.map(\.commits).sorted()[all.count / 2]), 8),
        pad(text(all.reduce(0) { $0 + $1.committing } / all.reduce(0) { $0 + $1.seconds } * 100, 0) + " %", 8)
    )
}
await load.engine.stop(grace: .zero)
await worker.value

extension String {
    func padded(_ width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
