// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import Definition
import JSON
import Model
import Testing

@Suite struct WorkstackTests {
    private func compile(_ text: String, _ registry: Registry = .sample) -> CompileResult {
        Compiler(registry: registry).compile(text: Array(text.utf8), fileName: "a.yaml")
    }

    /// `ID after IDS` for each node.
    private func order(_ graph: Graph) -> [String] {
        graph.nodes.map { node in
            let sources = node.incoming.map { graph.nodes[graph.edges[$0].from].id }
            return sources.isEmpty ? node.id : "\(node.id) after \(sources.joined(separator: " "))"
        }
    }

    private static let call = "tools: [{tool: echo, args: {text: a}}]"

    @Test
    func `phases follow each other as the document says`() throws {
        let phases = ["a", "b", "c", "d"]
        let cases: [(name: String, head: String, extra: [String: String], expected: [String])] = [
            ("in sequence", "", [:], ["a_echo", "b_echo after a_echo", "c_echo after b_echo", "d_echo after c_echo"]),
            ("as a graph", "order: graph", [:], ["a_echo", "b_echo", "c_echo", "d_echo"]),
            (
                "together", "parallel_phases: [b, c]", [:],
                ["a_echo", "b_echo after a_echo", "c_echo after a_echo", "d_echo after b_echo c_echo"]
            ),
            (
                "at once", "", ["c": "depends_on: []"],
                ["a_echo", "b_echo after a_echo", "c_echo", "d_echo after c_echo"]
            ),
            (
                "named", "order: graph", ["b": "depends_on: [d]", "d": "depends_on: [a, c]"],
                ["a_echo", "b_echo after d_echo", "c_echo", "d_echo after a_echo c_echo"]
            ),
        ]
        for (name, head, extra, expected) in cases {
            let list = phases.map { "- {id: \($0), \(Self.call)\(extra[$0].map { ", \($0)" } ?? "")}" }
            let text = (["workstack: w", head, "phases:"] + list).joined(separator: "\n")
            let result = compile(text)
            #expect(result.diagnostics.isEmpty, "\(name): \(result.diagnostics)")
            #expect(try order(#require(result.graph)) == expected, "\(name)")
        }
    }

    @Test
    func `tools come before agents, and agents work by their strategy`() throws {
        let cases = [
            (
                "sequential",
                ["p_echo", "p_echo_2 after p_echo", "p_x after p_echo_2", "p_y after p_x", "q_x after p_y"]
            ),
            (
                "parallel",
                ["p_echo", "p_echo_2 after p_echo", "p_x after p_echo_2", "p_y after p_echo_2", "q_x after p_x p_y"]
            ),
            ("vote", ["p_echo", "p_echo_2 after p_echo", "p_vote after p_echo_2", "q_x after p_vote"]),
        ]
        for (strategy, expected) in cases {
            let text = """
                workstack: w
                budget: {usd: 1}
                phases:
                  - id: p
                    agents: [x, y]
                    strategy: \(strategy)
                    operation: build
                    arguments: {n: 1}
                    tools: [{tool: echo, args: {text: a}, retries: 2, timeout: 3m}, {tool: echo, args: {text: b}}]
                  - {id: q, agents: [x]}
                """
            let graph = try #require(compile(text).graph, "\(strategy)")
            #expect(order(graph) == expected, "\(strategy)")
            #expect(graph.nodes[0].retry.maxAttempts == 3 && graph.nodes[0].timeout == .seconds(180))
            #expect(graph.nodes.dropLast().allSatisfy { $0.phase == "p" })
            let config = graph.json["nodes"]?[2]?["config"]
            #expect(config?["operation"] == "build" && config?["arguments"] == ["n": 1], "\(strategy)")
            if strategy == "vote" { #expect(config?["agents"] == ["x", "y"] && config?["strategy"] == "vote") }
            guard strategy == "sequential" else { continue }
            let second = graph.json["nodes"]?[3]?["config"]?["arguments"]
            #expect(second == ["n": 1, "previous_result": "${ nodes.p_x.output }"])
        }
        let short = "workstack: w\nbudget: {usd: 1}\nphases: [{id: p, agents: [x, y], parallel: true}]"
        #expect(try order(#require(compile(short).graph)) == ["p_x", "p_y"])
    }

    @Test
    func `a condition is asked at every node, and a failure that is borne ends its phase`() throws {
        let text = """
            workstack: w
            inputs: {go: {type: boolean, default: true}}
            timeout: 10m
            phases:
              - {id: a, tools: [{tool: echo, args: {text: a}, store_as: found}]}
              - id: b-1
                condition: a.success && inputs.go
                continue_on_failure: true
                timeout: 1m
                rollback: [{tool: notify.send, args: {to: "${found}", text: "${run.start_commit}"}}]
                tools: [{tool: echo, args: {text: "${found}"}}, {tool: echo, args: {text: b}}]
                agents: [x]
              - {id: c, condition: "${go}", tools: [{tool: echo, args: {text: c}}]}
            """
        let graph = try #require(compile(text).graph)
        #expect(graph.deadline == .seconds(600) && graph.failurePolicy == .drain)
        let condition = "phases.a.success && inputs.go"
        #expect(
            graph.nodes.map { $0.when?.source } == [
                nil, condition, "(\(condition)) && nodes[\"b-1_echo\"].status == \"completed\"",
                "(\(condition)) && nodes[\"b-1_echo_2\"].status == \"completed\"",
                "!(default(inputs.go, null) in [null, false, \"\", [], {}])",
            ]
        )
        #expect(graph.nodes.map(\.continueOnFailure) == [false, true, true, true, false])
        #expect(graph.phases.map(\.id) == ["a", "b-1", "c"])
        let phase = graph.phases[1]
        #expect(
            phase.continueOnFailure && phase.timeout == .seconds(60) && phase.rollback.map(\.tool) == ["notify.send"]
        )
        #expect(phase.rollback[0].arguments.source == ["to": "${ vars.found }", "text": "${run.start_commit}"])
        #expect(
            graph.outputs.source == [
                "a": "${ nodes.a_echo.output }", "b-1": "${ nodes[\"b-1_x\"].output }", "c": "${ nodes.c_echo.output }",
            ]
        )
    }

    @Test
    func `older spellings mean the same graph`() throws {
        let text = """
            workstack: w
            inputs: {a: {type: string}}
            timeout: 60s
            outputs: {x: "${ inputs.a }"}
            budget: {usd: 1}
            phases: [{id: p, agents: [x], operation: o, arguments: {b: 1}}]
            """
        let older = text.replacing("inputs: {a", with: "variables: {a").replacing("operation", with: "agent_operation")
            .replacing("arguments", with: "agent_arguments").replacing("timeout: 60s", with: "timeout_secs: 60")
        let result = compile(older)
        #expect(result.diagnostics.map(\.code) == Array(repeating: .alias, count: 4))
        let graph = try #require(compile(text).graph)
        let (new, old) = (graph.json, try #require(result.graph).json)
        #expect(
            new["nodes"] == old["nodes"] && new["inputs"] == old["inputs"] && new["deadline_ms"] == old["deadline_ms"]
        )
        #expect(graph.outputs.source == ["x": "${ inputs.a }"])
    }

    @Test
    func `ids stay valid and are given once`() throws {
        let long = String(repeating: "n", count: 64)
        let text = """
            workstack: w
            budget: {usd: 1}
            phases:
              - {id: a_b, agents: [c]}
              - {id: a, agents: [b_c]}
              - {id: \(long), agents: [x, y], parallel: true}
            """
        let graph = try #require(compile(text).graph)
        let ids = graph.nodes.map(\.id)
        #expect(ids == ["a_b_c", "a_b_c_2", long, long.dropLast(2) + "_2"])
    }

    @Test
    func `a call says what undoes it`() throws {
        let text = """
            workstack: w
            phases:
              - id: a
                tools: [{tool: echo, args: {text: x}, compensate: {tool: echo, args: {text: "${ output.text }"}}}]
            """
        guard case .calls(let calls) = try #require(compile(text).graph).nodes[0].compensation else {
            Issue.record("the node has no compensation")
            return
        }
        #expect(calls[0].arguments.source == ["text": "${ output.text }"])
        let unknown = text.replacing("compensate: {tool: echo", with: "compensate: {tool: ecko")
        #expect(compile(unknown).errors.map(\.code) == [.invalidCompensation])
    }

    @Test
    func `settings of the installation fill in what the workstack leaves open`() throws {
        let text = """
            workstack: w
            phases: [{id: a, \(Self.call)}, {id: b, \(Self.call)}, {id: c, \(Self.call)}]
            """
        var registry = Registry.sample
        registry.workstacks["w"] = WorkstackSettings(defaultTimeout: .seconds(90), parallelPhases: ["b", "c", "z"])
        let graph = try #require(compile(text, registry).graph)
        #expect(graph.deadline == .seconds(90))
        #expect(order(graph) == ["a_echo", "b_echo after a_echo", "c_echo after a_echo"])
        #expect(compile(text).graph?.hash != graph.hash)
        registry.workstacks["w"]?.isEnabled = false
        #expect(compile(text, registry).errors.map(\.code) == [.unsupported])
        let check = Compiler(registry: registry, purpose: .check).compile(text: Array(text.utf8), fileName: "a.yaml")
        #expect(check.graph != nil && check.diagnostics.map(\.code) == [.unsupported])
    }

    @Test
    func `what the engine does not carry out is said at its phase`() {
        var registry = Registry.sample
        registry.unsupportedKeys = ["phase.rollback", "phase.timeout", "phase.strategy"]
        let text = """
            workstack: w
            budget: {usd: 1}
            phases:
              - {id: a, agents: [x], strategy: parallel}
              - {id: b, agents: [x, y], strategy: vote, timeout: 1m}
              - {id: c, agents: [x], rollback: [{tool: echo, args: {text: a}}]}
            """
        let paths = ["/phases/1/strategy", "/phases/1/timeout", "/phases/2/rollback"]
        #expect(compile(text, registry).errors.map(\.code) == [.unsupported, .unsupported, .unsupported])
        #expect(compile(text, registry).errors.map(\.path) == paths)
    }

    /// Each row: the code, the JSON Pointer and a part of the message, then the document on one line.
    private static let broken: [(code: String, path: String, message: String, phases: String)] = [
        ("E106", "/phases/0", "`tools` or `agents`", "[{id: a}]"),
        ("E105", "/phases", "at least one element", "[]"),
        ("E104", "/phases/0/rolback", "did you mean `rollback`?", "[{id: a, agents: [x], rolback: []}]"),
        ("E105", "/phases/0/strategy", "belongs to `agents`", "[{id: a, \(call), strategy: vote}]"),
        ("E105", "/phases/0/parallel", "disagree", "[{id: a, agents: [x], strategy: vote, parallel: true}]"),
        ("E105", "/phases/0/tools/0/retries", "0 to 99", "[{id: a, tools: [{tool: echo, retries: 100}]}]"),
        ("E201", "/phases/1/id", "two phases", "[{id: a, \(call)}, {id: a, \(call)}]"),
        (
            "E202", "/phases/0/depends_on/0", "did you mean `ab`?",
            "[{id: aa, \(call), depends_on: [abb]}, {id: ab, \(call)}]"
        ),
        (
            "E204", "/phases/0/depends_on/0", "cycle: a → b → a",
            "[{id: a, \(call), depends_on: [b]}, {id: b, \(call)}]"
        ),
        ("E206", "/phases/0/depends_on/0", "itself", "[{id: a, \(call), depends_on: [a]}]"),
        (
            "E213", "/phases/1/tools/0", "store_as: v",
            "[{id: a, tools: [{tool: echo, args: {text: a}, store_as: v}]}, "
                + "{id: b, tools: [{tool: echo, args: {text: a}, store_as: v}], depends_on: []}]"
        ),
        ("E218", "/phases/0/rollback/0/tool", "unknown tool", "[{id: a, \(call), rollback: [{tool: zzz}]}]"),
        (
            "E301", "/phases/0/tools/0/args/text", "no node has",
            "[{id: a, tools: [{tool: echo, args: {text: '${ vars.x }'}}]}]"
        ),
        ("E301", "/phases/0/condition", "no phase `z`", "[{id: a, agents: [x, y], condition: phases.z.success}]"),
        (
            "E302", "/phases/0/condition", "phases.b",
            "[{id: a, \(call), condition: b.success}, {id: b, \(call)}]"
        ),
        (
            "E301", "/phases/0/rollback/0/args/to", "no input `q`",
            "[{id: a, \(call), rollback: [{tool: echo, args: {to: '${inputs.q}'}}]}]"
        ),
        ("E303", "/phases/0/condition", "", "[{id: a, agents: [x, y], condition: 'a +'}]"),
        ("E402", "/phases/0/tools/0/tool", "did you mean `echo`?", "[{id: a, tools: [{tool: ecko}]}]"),
        ("E403", "/phases/0/tools/0/args/text", "wrong arguments", "[{id: a, tools: [{tool: echo, args: {text: 1}}]}]"),
    ]

    @Test
    func `mistakes are reported once, at the place in the workstack`() {
        for (code, path, message, phases) in Self.broken {
            let result = compile("workstack: w\nbudget: {usd: 1}\nphases: \(phases)")
            let errors = result.errors
            #expect(errors.map(\.code.rawValue) == [code], "\(phases): \(errors)")
            #expect(errors.first?.path == path && errors.first?.message.contains(message) == true, "\(errors)")
            #expect(errors.first?.line == 3)
        }
        let ordered =
            "[{id: a, tools: [{tool: echo, args: {text: a}, store_as: v}]}, "
            + "{id: b, tools: [{tool: echo, args: {text: a}, store_as: v}]}]"
        #expect(compile("workstack: w\nphases: \(ordered)").errors.isEmpty)
    }

    @Test
    func `required agents and skills must exist where they are known`() {
        let text = "workstack: w\nrequired_agents: [rust_pr]\nrequired_skills: [ttd]\nphases: [{id: a, \(Self.call)}]"
        #expect(compile(text).errors.isEmpty)
        let errors = compile(text, .golden).errors
        #expect(errors.filter { $0.code == .unknownName }.map(\.path) == ["/required_agents/0", "/required_skills/0"])
        #expect(errors.first?.message == "unknown agent `rust_pr`; did you mean `rust_pro`?")
        let unknown = compile("workstack: w\nparallel_phases: [b]\nphases: [{id: a, \(Self.call)}]").errors
        #expect(unknown.map(\.path) == ["/parallel_phases/0"])
    }

    @Test
    func `a workstack may stand inside a workflow`() throws {
        let inner = "{workstack: w, phases: [{id: a, tools: [{tool: TOOL, args: {text: a}}]}]}"
        let text = "workflow: o\nnodes: [{id: n, type: workflow, config: {workflow: \(inner)}}]"
        let graph = try #require(compile(text.replacing("TOOL", with: "echo")).graph)
        guard case .workflow(let child) = graph.nodes[0].kind, case .inline(let inline) = child.workflow else {
            Issue.record("wrong kind")
            return
        }
        #expect(inline.documentKind == .workstack && inline.nodes.map(\.id) == ["a_echo"])
        let errors = compile(text.replacing("TOOL", with: "ecko")).errors
        #expect(errors.map(\.path) == ["/nodes/0/config/workflow/phases/0/tools/0/tool"])
    }
}
