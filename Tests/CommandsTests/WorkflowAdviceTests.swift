// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Testing

@testable import Commands

/// `workflow optimise`, `workflow estimate` and `run --dry-run` of the real program.
@Suite struct WorkflowAdviceTests {
    private static let yaml = """
        workflow: w
        inputs: {n: {type: integer}}
        nodes:
          - {id: a, type: transform, config: {expr: "inputs.n + 1"}, when: "1 < 2"}
          - {id: b, type: wait, depends_on: [a], config: {for: 90s}}
          - {id: c, type: tool, depends_on: [a, b], config: {tool: fs.read, args: {path: "f${ inputs.n }-${ nodes.a.output }"}}}
        """

    @Test func `suggestions can be listed, applied and written`() throws {
        let program = try Program()
        try program.write("w.yaml", Self.yaml)
        let listed = try program.baton("workflow optimise w.yaml -o json")
        #expect(listed.exit == 0, "\(listed.errors)")
        #expect(listed.json["suggestions"]?.arrayValue?.compactMap { $0["id"]?.stringValue } == ["H701", "H702"])
        #expect(listed.json["applied"]?[1]?["count"] == 1)
        let applied = try program.baton("workflow optimise w.yaml --apply")
        #expect(applied.output.contains("when: true"), "\(applied.output)")
        #expect(applied.errors.contains("applied H702"))
        #expect(try program.baton("workflow optimise w.yaml --apply --out w.yaml").exit == 0)
        let again = try program.baton("workflow optimise w.yaml -o json")
        #expect(again.json["suggestions"] == [])
        #expect(try program.baton("workflow optimise w.yaml --all").exit == 2)
        #expect(try program.baton("workflow optimise nofile.yaml").exit == 3)
    }

    @Test func `an estimate names its basis and the longest way`() throws {
        let program = try Program()
        try program.write("w.yaml", Self.yaml)
        let result = try program.baton("workflow estimate w.yaml -i n=1 -o json")
        #expect(result.exit == 0, "\(result.errors)")
        #expect(result.json["critical_path"] == ["a", "b", "c"])
        #expect(result.json["minutes"]?["low"] == 1.5)
        #expect(result.json["usd"] == ["low": 0.0, "likely": 0.0, "high": 0.0])
        #expect(try program.baton("workflow estimate w.yaml").output.contains("critical path: a → b → c"))
        #expect(try program.baton("workflow estimate w.yaml -i x=1").exit == 2)
    }

    @Test func `an estimate rests on the runs before, and prompts are shown`() throws {
        let program = try Program()
        _ = try program.shell("mkdir -p data")
        try program.write("answers.yaml", "rules: [{reply: {text: fine}, usage: {input: 400, output: 100}}]")
        try program.write(
            "data/config.yaml",
            "sandbox: {require: false}\nproviders: {fake: {kind: scripted, models: [m], script: ../answers.yaml}}\n"
        )
        try program.write(
            "w.yaml",
            "workflow: w\nnodes: [{id: a, type: agent, config: {agent: analyst, tools: [], prompt: Look.}}]\n"
        )
        let before = try program.baton("workflow estimate w.yaml -o json")
        #expect(
            before.json["by_node"]?[0]?["basis"] == "assumed" && before.json["usd"]?["high"] == 0.0,
            "\(before.output)"
        )
        #expect(try program.baton("run w.yaml").exit == 0)
        let after = try program.baton("workflow estimate w.yaml -o json")
        #expect(after.json["by_node"]?[0]?["basis"] == "history" && after.json["llm_tokens"]?["likely"] == 500)
        let shown = try program.baton("task prompt last a -o json")
        let prompt = shown.json["prompt"]
        #expect(prompt?["exact"] == true && prompt?["model"] == "fake/m", "\(shown.output)\(shown.errors)")
        #expect(prompt?["request"]?["messages"]?[0]?["parts"]?[0]?["text"] == "Look.")
        let text = try program.baton("task prompt last a").output
        #expect(text.contains("as it was sent") && text.contains("[answer]\nfine"), "\(text)")
        #expect(try program.baton("task prompt last a --call 2").exit == 3)
        #expect(try program.baton("task prompt last b").exit == 3)
        #expect(try program.baton("usage summary --by agent -o json").json["total"]?["simulated"] == 1)
    }

    @Test func `a dry run shows what a run would do and leaves nothing behind`() throws {
        let program = try Program()
        try program.write("w.yaml", Self.yaml)
        let text = try program.baton("run w.yaml -i n=4 --dry-run")
        #expect(text.exit == 0, "\(text.errors)")
        #expect(text.output.contains("path: f4-<nodes.a.output>"), "\(text.output)")
        let json = try program.baton("run start w.yaml -i n=4 --dry-run -o json")
        #expect(json.json["permissions"] == ["tool fs.read (read)"])
        #expect(json.json["waves"]?[0]?[0]?["config"] == 5)
        #expect(try program.baton("run w.yaml --dry-run").exit == 2, "an input is missing")
        #expect(try program.shell("ls data").exit != 0, "nothing was written")
    }
}
