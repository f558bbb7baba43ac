// Baton
// SPDX-License-Identifier: Apache-2.0

// What agents cost beside their models: models answer from a script at once, tools give back what they are given, every step is
// flushed before it is used. Goals: a step at most 3 ms on average, 300 steps/s with 64 runs, a store at most three times the size
// of the transcript, and never more spent than a budget allows.
//
//     AgentBenchmark [ROUNDS]

import Definition
import Glibc
import JSON
import Measuring

let rounds = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 5
let root = (getenv("BENCH_DIR").map { String(cString: $0) } ?? "/var/tmp") + "/baton-agents-\(getpid())"

mkdir(root, 0o700)
defer { system("rm -rf '\(root)'") }

/// A chain of rounds: each answer asks for one call, and the last one ends the task.
func rounds(_ count: Int) -> String {
    let calls = (1...count).map { round in
        "  - {match: {nth: \(round)}, reply: {tool_calls: [{name: echo, arguments: {n: \(round)}}]}}\n"
    }
    return "rules:\n" + calls.joined() + "  - {reply: {text: done}}\n"
}

print("agent steps, scripted models, each step flushed; medians of \(rounds) rounds (smallest–largest)")
do {
    let world = try AgentLoad(root + "/one", script: rounds(100))
    let work = Task { await world.engine.run() }
    var means: [Double] = []
    for _ in 0..<rounds {
        let begin = seconds()
        await world.run(maxRounds: 150)
        // 100 calls of tools and 101 of models.
        means.append((seconds() - begin) * 1000 / 201)
    }
    print("one run:       \(range(means, 2)) ms a step")
    await world.engine.stop(grace: .zero)
    await work.value
}
do {
    let world = try AgentLoad(root + "/many", script: rounds(10))
    let work = Task { await world.engine.run() }
    var rates: [Double] = []
    for _ in 0..<rounds {
        let begin = seconds()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<64 { group.addTask { for _ in 0..<5 { await world.run(maxRounds: 20) } } }
        }
        rates.append(64 * 5 * 21 / (seconds() - begin))
    }
    print("64 runs:       \(range(rates, 0)) steps/s")
    await world.engine.stop(grace: .zero)
    await work.value
}
do {
    var ratios: [Double] = []
    for round in 0..<rounds {
        let path = root + "/long\(round)"
        let world = try AgentLoad(path, script: rounds(99), padding: 1000)
        let work = Task { await world.engine.run() }
        await world.run(maxRounds: 100)
        let before = world.usedBytes
        await world.run(maxRounds: 100)
        let kept = world.usedBytes - before
        ratios.append(Double(kept) / Double(world.transcriptBytes))
        if round == 0 { print("100 turns:     \(world.transcriptBytes) bytes of transcript, \(kept) bytes kept") }
        await world.engine.stop(grace: .zero)
        await work.value
    }
    print("               \(range(ratios, 2)) bytes kept for each")
}
do {
    var (most, calls) = (0.0, [Double]())
    for round in 0..<50 {
        let path = root + "/budget\(round)"
        let world = try AgentLoad(
            path,
            script: "rules: [{reply: {text: done}, usage: {input: 100, output: 1000}}]\n",
            paid: true
        )
        let work = Task { await world.engine.run() }
        let (spent, count) = await world.spend(calls: 1000, budgetFor: 400)
        most = max(most, spent)
        calls.append(Double(count))
        await world.engine.stop(grace: .zero)
        await work.value
        system("rm -rf '\(path)'")
    }
    print(
        "1,000 calls at once, a budget for 400, 50 runs: \(range(calls, 0)) calls, at most \(text(most * 100, 2)) % of the budget spent"
    )
}

func range(_ values: [Double], _ digits: Int) -> String {
    "\(text(values.median, digits)) (\(text(values.min() ?? 0, digits))–\(text(values.max() ?? 0, digits)))"
}
