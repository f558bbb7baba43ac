// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Testing

@testable import Commands

@Suite struct BudgetCommandTests {
    private static let manifest = """
        {"name": "ask", "command": ["cat"], "input_schema": {"type": "object"}, "cost_usd": "0.40", "effects": "read"}
        """
    private static let flow = """
        workflow: flow
        budget: {usd: 9}
        nodes:
          - {id: one, type: tool, config: {tool: ask, args: {n: 1}}}
          - {id: two, type: tool, depends_on: [one], config: {tool: ask, args: {n: 2}}}
        """

    @Test func `a run without money ends with 7, says what is missing, and goes on when it has more`() throws {
        let program = try Program()
        _ = try program.shell("mkdir -p tools data")
        try program.write("tools/ask.json", Self.manifest)
        try program.write("data/config.yaml", "tools: {dir: ../tools}\nsandbox: {require: false}\n")
        try program.write("flow.yaml", Self.flow)
        let started = try program.baton("run flow.yaml --budget 0.50")
        #expect(started.exit == 7, "\(started.output)\(started.errors)")
        #expect(started.output.contains("baton budget set run:run_"), "\(started.output)")
        let explained = try program.baton("run explain last")
        #expect(explained.output.contains("needs 0.4 USD") && explained.output.contains("0.1 USD left of 0.5 USD"))
        let shown = try program.baton("budget show -o json").json
        #expect(shown.arrayValue?.count == 5, "\(shown)")
        #expect(try program.baton("budget set run:last 1").output.hasSuffix(": 1 USD\n"))
        #expect(try program.baton("run resume last").exit == 0)
        let summary = try program.baton("usage summary -o json").json
        let total = summary["total"]
        #expect(total?["calls"] == 2 && total?["unknown"] == 0 && total?["llm_tokens"] == 0 && total?["usd"] == "0.8")
        let byTask = try program.baton("usage summary --by task --by purpose --run last -o json").json["items"]?
            .arrayValue
        let names = (byTask ?? []).map { "\($0["task"]?.stringValue ?? "") \($0["purpose"]?.stringValue ?? "") " }
        #expect(names == ["one execution ", "two execution "], "\(names)")
        #expect(try program.baton("usage summary --from 2999-01-01").output.contains("total"))
        #expect(try program.baton("usage daily --days 1 --run last").output.contains("0.8"))
        #expect(try program.baton("budget show month").output.contains("50 USD"))
        #expect(try program.baton("budget set run:last 2").exit == 4)
    }

    @Test func `what is no budget is refused`() throws {
        let program = try Program()
        for (words, exit) in [
            ("budget set day much", Int32(2)), ("budget set sideways 1", 2), ("budget set api_key:k 1", 3),
            ("budget set run:last 1", 3), ("budget show project:x", 3), ("budget set task:x/y 1", 3),
            ("budget set day 20", 0), ("budget show day", 0), ("usage summary", 0), ("budget set agent:analyst 1", 0),
            ("budget set user:ann 1", 0), ("usage summary --by color", 2), ("usage summary --by api_key", 0),
            ("usage summary --api-key k", 2), ("usage summary --from monday", 2),
            ("usage daily --from 2026-01-01 --to 2026-02-01T00:00:00Z", 0),
        ] {
            let result = try program.baton(words)
            #expect(result.exit == exit, "\(words): \(result.errors)")
        }
    }
}
