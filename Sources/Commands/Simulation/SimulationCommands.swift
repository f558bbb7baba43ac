// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Model
import Simulation

/// `baton sim …`: the engine in a simulated world, for those who work on it or doubt it.
enum SimulationCommands {
    static let group: CommandDescription = .init(
        name: "sim",
        summary: "Run the engine in a simulated world of crashes, delays, full disks and wrong clocks",
        discussion: "What is simulated and what must hold is in docs/simulation.md.",
        examples: [.init(line: "baton sim run --cases 1..1000", comment: "a thousand cases with all faults")],
        isHidden: true,
        children: [run]
    )

    private static let run: CommandDescription = .init(
        name: "run",
        summary: "Run simulated cases, and show the smallest form of one that breaks a rule",
        discussion: "A case is a number; the same number gives the same case, on every machine.",
        options: [
            OptionDescription(
                name: "scenario",
                kind: .choice("SCENARIO", Scenario.allCases.map(\.rawValue)),
                summary: "which faults there are",
                defaultValue: Scenario.all.rawValue
            ),
            OptionDescription(name: "case", kind: .number("N", 0...Int.max), summary: "one case"),
            OptionDescription(name: "cases", kind: .text("A..B"), summary: "all cases from A to B"),
        ],
        examples: [
            .init(line: "baton sim run --scenario crash --case 17", comment: "repeat a case"),
            .init(line: "baton sim run --scenario all --cases 1..10000", comment: "look for new ones"),
        ],
        exits: [.runFailed],
        action: run
    )

    private static func run(_ context: CommandContext) throws(CommandFailure) -> ExitCode {
        let name = context.invocation.text("scenario") ?? Scenario.all.rawValue
        guard let scenario = Scenario(rawValue: name) else { throw .invalid("there is no scenario `\(name)`") }
        let cases = try cases(context.invocation)
        var totals = SimulationTotals()
        let clock = ContinuousClock()
        let began = clock.now
        for number in cases {
            totals.run(SimulationCase(scenario, number))
            if let failure = totals.failures.last {
                context.console.write(text(of: failure.plan, failure.violation))
                break
            }
        }
        show(totals, clock.now - began, context.console)
        return totals.failures.isEmpty ? .ok : .runFailed
    }

    private static func cases(_ invocation: Invocation) throws(CommandFailure) -> ClosedRange<UInt64> {
        switch (invocation.text("case"), invocation.text("cases")) {
        case (let one?, nil):
            guard let number = UInt64(one) else { throw .invalid("--case \(one) is no number") }
            return number...number
        case (nil, let text?):
            let bounds = text.split(separator: "..", omittingEmptySubsequences: false).map { UInt64($0) }
            guard bounds.count == 2, let first = bounds[0], let last = bounds[1], first <= last else {
                throw .invalid("--cases \(TextWidth.cut(text, to: 40)) is no range of numbers such as 1..1000")
            }
            return first...last
        case (nil, nil): return 1...200
        case (_?, _?): throw .invalid("--case and --cases cannot be given together")
        }
    }

    private static func text(of plan: SimulationCase, _ violation: Violation) -> String {
        var lines = ["\(plan): \(violation)"]
        if let small = plan.shrunk(), let smallest = small.report.violation {
            lines.append("smallest form that fails: \(smallest)")
            lines += small.remarks.map { "  \($0)" }
            lines += small.faults.map { "  fault at \($0)" }
            lines += small.operations.map { "  operation at \($0)" }
            lines.append("what happens in it (step, time, what):")
            lines += small.trace.suffix(80).map { "  \($0)" }
        }
        lines.append("repeat it with: baton sim run \(plan)")
        return lines.joined(separator: "\n") + "\n"
    }

    private static func show(_ totals: SimulationTotals, _ real: Duration, _ console: Console) {
        let ratio = totals.elapsed / max(1, real.milliseconds)
        let value: JSONValue = [
            "cases": .int(Int64(totals.cases)), "failures": .int(Int64(totals.failures.count)),
            "runs": .int(Int64(totals.runs)), "restarts": .int(Int64(totals.restarts)),
            "transitions": .int(Int64(totals.transitions)), "virtual_ms": .int(totals.elapsed),
            "real_ms": .int(real.milliseconds), "ratio": .int(ratio),
        ]
        console.show(value) {
            let result = totals.failures.isEmpty ? "every rule held" : "a rule was broken"
            return "\(totals.cases) cases, \(result): \(totals.runs) runs, \(totals.transitions) transitions, "
                + "\(totals.restarts) restarts\n"
                + "virtual time \(Duration.milliseconds(totals.elapsed).text), real time \(real.text), "
                + "\(ratio) times as fast\n"
        }
    }
}
