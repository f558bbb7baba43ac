// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import Definition
import JSON
import Model
import Testing

@Suite struct PlanTests {
    private func compile(_ text: String) -> CompileResult {
        Compiler(registry: .golden).compile(text: Array(text.utf8), fileName: "a.yaml")
    }

    private static let base = """
        plan: p
        rigor: L1
        budget: {usd: 1.00, llm_tokens: 10000}
        requirements: {R1: Users can register}
        tasks:
          - {key: a, title: A, requires: [R1], verify: [{kind: command, run: [make]}]}
          - {key: b, title: B, requires: [R1], depends_on: [a]}
          - {key: c, title: C, requires: [R1], depends_on: [a]}
        """

    /// Each row: the code, the JSON Pointer, what is replaced in the plan above, by what, and by what that is fine.
    private static let broken: [(code: String, path: String, old: String, wrong: String, right: String)] = [
        ("E601", "/tasks/1/requires/1", "B, requires: [R1]", "B, requires: [R1, R9]", "B, requires: [R1]"),
        ("E602", "/requirements/R2", "register}", "register, R2: Mails}", "register, R2: {text: M, priority: could}}"),
        ("W602", "/requirements/R2", "register}", "register, R2: {text: M, priority: should}}", "register}"),
        ("E603", "/requirements/R1", "verify: [{kind: command, run: [make]}]", "verify: []", "verify: [{kind: human}]"),
        ("E604", "/tasks/1/key", "B, requires: [R1]", "B", "B, requires: [R1]"),
        (
            "E605", "/tasks/1/depends_on/0", "B, requires: [R1], depends_on: [a]",
            "B, requires: [R1], depends_on: [aa]", "B, requires: [R1], depends_on: [0]"
        ),
        ("E606", "/tasks/0/depends_on/0", "A, requires", "A, depends_on: [b], requires", "A, depends_on: [], requires"),
        (
            "E607", "/tasks/2/writes/0", "requires: [R1], depends_on: [a]}",
            "requires: [R1], depends_on: [a], writes: [src/**]}", "requires: [R1], depends_on: [a], writes: []}"
        ),
        ("E608", "/budget", "A, requires", "A, estimate: {usd: 1.01}, requires", "A, estimate: {usd: 1.00}, requires"),
        (
            "E608", "/budget", "A, requires", "A, estimate: {llm_tokens: 10001}, requires",
            "A, estimate: {llm_tokens: 9}, requires"
        ),
        ("E609", "/tasks/0/tools/0", "A, requires", "A, tools: [fs.reed], requires", "A, tools: [fs.read], requires"),
        (
            "E609", "/tasks/0/capability", "A, requires", "A, capability: magic, requires",
            "A, capability: code_generation, requires"
        ),
        ("E611", "", "L1", "L2\nphases: []", "L2\nphases: []\nopen_questions: []"),
        (
            "E611", "", "L1", "L3\nphases: []\nopen_questions: []\nrisks: []",
            "L3\nphases: []\nopen_questions: []\nrisks: []\ntest_strategy: {}"
        ),
        (
            "E612", "/tasks/0/reversible", "A, requires", "A, reversible: false, requires",
            "A, reversible: false, compensate: {tool: git.revert_task}, requires"
        ),
        (
            "W601", "/tasks/1/depends_on/1", "B, requires: [R1], depends_on: [a]",
            "B, requires: [R1], depends_on: [a, 1]", "B, requires: [R1], depends_on: [a]"
        ),
        (
            "W601", "/tasks/1/depends_on/1", "B, requires: [R1], depends_on: [a]",
            "B, requires: [R1], depends_on: [a, 7]", "B, requires: [R1], depends_on: [a]"
        ),
        (
            "W601", "/tasks/1/depends_on/1", "B, requires: [R1], depends_on: [a]",
            "B, requires: [R1], depends_on: [a, -1]", "B, requires: [R1], depends_on: ['0']"
        ),
        (
            "W601", "/tasks/1/depends_on/1", "B, requires: [R1], depends_on: [a]",
            "B, requires: [R1], depends_on: [a, x y]", "B, requires: [R1], depends_on: [a]"
        ),
        ("E201", "/tasks/1/key", "key: b", "key: a", "key: z"),
        ("E105", "/tasks/1/phase", "B, ", "B, phase: x, ", "B, "),
        ("E402", "/tasks/0/role", "A, ", "A, role: analist, ", "A, role: analyst, "),
        (
            "E218", "/tasks/0/compensate/tool", "A, ", "A, compensate: {tool: git.rever_task}, ",
            "A, compensate: {tool: git.reset}, "
        ),
        ("E301", "/tasks/0/inputs/x", "A, ", "A, inputs: {x: '${ inputs.y }'}, ", "A, inputs: {x: '${ vars.y }'}, "),
    ]

    @Test
    func `each mistake in a plan has its code and its place`() {
        #expect(compile(Self.base).diagnostics.isEmpty)
        for (code, path, old, wrong, right) in Self.broken {
            let serialize = code == "E607" ? "serialize: false\n" : ""
            let bad = Self.base.replacing(old, with: wrong).replacing("tasks:", with: serialize + "tasks:")
            #expect(bad != Self.base)
            let found = compile(bad).diagnostics.filter { $0.severity == .error || $0.code.rawValue == code }
            #expect(found.map(\.code.rawValue) == [code], "\(code) \(wrong): \(found)")
            #expect(found.first?.path == path, "\(code) \(wrong): \(found)")
            let good = compile(Self.base.replacing(old, with: right).replacing("tasks:", with: serialize + "tasks:"))
            let left = good.diagnostics.filter { $0.severity == .error || $0.code.rawValue == code }
            #expect(left.isEmpty && good.graph != nil, "\(code) \(right): \(left)")
        }
    }

    @Test
    func `a plan has 1 to 200 tasks`() {
        let task = { (number: Int) in "  - {key: t\(number), title: T, capability: code_generation}" }
        for (count, isFine) in [(0, false), (1, true), (200, true), (201, false)] {
            let list = count == 0 ? " []" : "\n" + (0..<count).map(task).joined(separator: "\n")
            let result = compile("plan: p\nbudget: {usd: 1}\ntasks:" + list)
            #expect(result.errors.map(\.code) == (isFine ? [] : [.planSize]), "\(count)")
        }
        #expect(compile("plan: p").errors.map(\.code) == [.missingPlanSection])
    }

    @Test
    func `tasks that write the same paths run one after the other`() throws {
        /// Two patterns and whether some path fits both.
        let cases = [
            ("src/a.swift", "src/a.swift", true), ("src/a.swift", "src/b.swift", false), ("src/**", "src/x/y.c", true),
            ("src/*", "src/x", true), ("src/*.c", "src/*.h", false), ("src/a*", "src/*b", true),
            ("src/?", "src/ab", false),
            ("src", "src/a/b", true), ("./src/", "src/**", true), ("src/model/**", "src/models/**", false),
            ("**/a.c", "lib/a.c", true), ("**/a.c", "a.c", true), ("**/a.c", "b.c", false), (".", "x", true),
            ("a/*/c", "a/b/d", false), ("a/*/c", "a/b/c/d", true), ("a*/b", "ab", true),
            ("src/[ab].c", "src/a.c", true),
            ("src/{a,b}.c", "src/a.c", true), ("docs/**", "src/**", false), ("**", "any/thing", true),
            ("a/**/z", "a/b/c/z", true), ("a/**/z", "b/z", false), ("", "x", true), ("*.md", "docs/x.md", false),
            ("docs/sub/", "docs/**/x.md", true), ("docs/sub", "docs/**/x.md", false),
        ]
        for (first, second, overlap) in cases {
            for (left, right) in [(first, second), (second, first)] {
                let text = """
                    plan: p
                    budget: {usd: 1}
                    tasks:
                      - {key: a, title: A, writes: ['\(left)']}
                      - {key: b, title: B, writes: ['\(right)']}
                    """
                let graph = try #require(compile(text).graph)
                #expect(graph.edges.count == (overlap ? 1 : 0), "\(left) \(right)")
            }
        }
    }

    @Test
    func `orders that are added close no cycle and are no more than needed`() throws {
        let text = """
            plan: p
            budget: {usd: 1}
            tasks:
              - {key: a, title: A, writes: [x], depends_on: [d]}
              - {key: b, title: B, writes: [x]}
              - {key: c, title: C, writes: [x]}
              - {key: d, title: D, writes: [x]}
            """
        let graph = try #require(compile(text).graph)
        let edges = graph.edges.map { "\(graph.nodes[$0.from].id)>\(graph.nodes[$0.to].id)" }
        #expect(edges == ["d>a", "b>c", "c>d"])
    }

    @Test
    func `open questions are decided by people before the tasks that they block`() throws {
        let text = """
            plan: p
            budget: {usd: 1}
            open_questions:
              - {question: "Which ${database}?", proposed_answer: 'say "sqlite"', impact: schema, blocks: [a, 1]}
              - {id: where, question: Where?, blocks: [1]}
              - {question: Why?}
            tasks: [{key: a, title: A}, {key: b, title: B}, {key: decide_Q1, title: C}]
            """
        let result = compile(text)
        let graph = try #require(result.graph, "\(result.diagnostics)")
        #expect(graph.nodes.map(\.id) == ["decide_Q1_2", "decide_where", "a", "b", "decide_Q1"])
        let edges = graph.edges.map { "\(graph.nodes[$0.from].id)>\(graph.nodes[$0.to].id)" }
        #expect(edges == ["decide_Q1_2>a", "decide_Q1_2>b", "decide_where>b"])
        guard case .human(let first) = graph.nodes[0].kind, case .human(let second) = graph.nodes[1].kind,
            case .agent(let config) = graph.nodes[3].kind
        else {
            Issue.record("wrong kinds")
            return
        }
        #expect(first.kind == .decision && first.onExpiry == .choice("proposed"))
        #expect(first.choices.first == ["id": "proposed", "label": "say \"sqlite\""])
        #expect(first.title.source == "Decide: Which $${database}?" && first.title.slots.isEmpty)
        #expect(second.choices.isEmpty && second.form?["required"] == ["answer"] && second.onExpiry == .fail)
        #expect(config.slots.count == 2)
        #expect(config.source["prompt"]?.stringValue?.contains(#": "say \"sqlite\"" }"#) == true)
    }

    @Test
    func `a task becomes an agent node with all that the plan says`() throws {
        let text = """
            plan: p
            budget: {usd: 1}
            on_failure: drain
            requirements: {R1: {text: "Costs ${5}", kind: quality, priority: should, source: {line: 3}}, R2: Not this}
            phases: [{id: one, title: One, description: First}]
            tasks:
              - key: a
                title: Do it
                intent: To learn
                type: research
                complexity: complex
                requires: [R1]
                phase: one
                priority: 9
                writes: [docs/**]
                tools: [fs.read]
                inputs: {x: 1}
                outputs: [{name: r, schema: {type: string}}]
                verify: [{kind: diff}, {kind: judge, criteria: It reads well}]
              - {key: b, title: B, tier: local, requires: [R2], verify: [{kind: human}], role: rust_pro}
              - {key: c, title: C, capability: code_generation, requires: [R2]}
            """
        let result = compile(text)
        let graph = try #require(result.graph, "\(result.diagnostics)")
        #expect(graph.documentKind == .plan && graph.failurePolicy == .drain && graph.phases.map(\.title) == ["One"])
        let nodes = try #require(graph.json["nodes"]?.arrayValue)
        let config = try #require(nodes[0]["config"])
        #expect(config["agent"] == "analyst" && config["tier"] == "large" && config["tools"] == ["fs.read"])
        #expect(config["arguments"] == ["x": 1])
        #expect(config["output_schema"]?["properties"] == ["r": ["type": "string"]])
        #expect(nodes[0]["outputs"] == ["r": ["type": "string"]] && nodes[0]["priority"] == 100)
        #expect(nodes[0]["verify"]?[0]?["writes"] == ["docs/**"] && nodes[0]["on_exhausted"] == "escalate")
        #expect(
            config["prompt"]?.stringValue == """
                Task: Do it
                Purpose: To learn

                Requirements:
                - R1 (should): Costs $${5}

                It is done when:
                - It reads well

                Write only:
                - docs/**
                """
        )
        #expect(nodes[1]["config"]?["agent"] == "rust_pro" && nodes[1]["config"]?["tier"] == "local")
        #expect(nodes[2]["config"]?["match"]?["capabilities"] == ["code_generation"])
        #expect(nodes[2]["config"]?["agent"] == nil && nodes[2]["config"]?["tier"] == "medium")
        let plain = compile("plan: p\nbudget: {usd: 1}\ntasks: [{key: a, title: A}]")
        #expect(plain.graph?.failurePolicy == .continue)
    }

    @Test
    func `a prompt fits however long the requirements are`() throws {
        let long = String(repeating: "${é", count: 12_000)
        let requirements = (1...4).map { "  R\($0): '\(long)'" }.joined(separator: "\n")
        let text = """
            plan: p
            budget: {usd: 1}
            requirements:
            \(requirements)
            tasks: [{key: a, title: A, requires: [R1, R2, R3, R4], verify: [{kind: human}]}]
            """
        let result = compile(text)
        #expect(result.graph != nil, "\(result.diagnostics)")
    }
}
