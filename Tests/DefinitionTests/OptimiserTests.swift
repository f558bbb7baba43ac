// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import JSON
import Testing

@testable import Definition

@Suite struct OptimiserTests {
    private static func compiler() throws -> Compiler {
        let tools = [
            try Registry.Tool(name: "noop", input: ["type": "object"]),
            try Registry.Tool(name: "look", input: ["type": "object"], isRead: true),
        ]
        return Compiler(registry: Registry(tools: tools), purpose: .check)
    }

    private static func advise(_ yaml: String, _ history: History = History()) throws -> Advice {
        try compiler().advise(text: Array(yaml.utf8), fileName: "test.yaml", history: history)
    }

    private static func edges(_ graph: Graph) -> [String] {
        graph.edges.map { "\(graph.nodes[$0.from].id)>\(graph.nodes[$0.to].id)" }.sorted()
    }

    private static func workflow(_ nodes: String, edges: String = "") -> String {
        "workflow: w\nnodes:\n" + nodes + (edges.isEmpty ? "" : "\nedges:\n" + edges)
    }

    private static func node(_ id: String, after: String = "", _ more: String = "") -> String {
        "  - {id: \(id), type: tool, config: {tool: noop}\(after.isEmpty ? "" : ", depends_on: [\(after)]")\(more)}\n"
    }

    // MARK: Folding

    @Test func `expressions without variables become values and failing ones stay`() throws {
        let cases: [(template: String, folded: JSONValue)] = [
            ("${ 1 + 2 }", 3), ("${ 'a' + 'b' }c", "abc"), ("${ 1 / 0 }", "${ 1 / 0 }"), ("${ now }", "${ now }"),
            ("x${ 2 * 3 }${ inputs.a }", "x6${inputs.a}"), ("${ '$' + '{' }", "$${"),
            ("${ '$' }${ inputs.a }", "${ '$' }${ inputs.a }"), ("$${ 1 }", "$${ 1 }"), ("$${ ${ 1 }", "$${ 1"),
            ("${ null } here", "${ null } here"), ("${ [1, {'a': '${'}] }", [1, ["a": "$${"]]),
            ("${ 'a'.matches('a') } // ${ 'x' // }\n }", "true // x"),
        ]
        for (template, folded) in cases {
            var folding = ConstantFolding()
            #expect(folding.template(.string(template)) == folded, "\(template)")
        }
    }

    @Test func `conditions become true or false and a true one of a node goes`() throws {
        let text = Self.workflow(
            Self.node("a", ", when: '1 < 2'") + Self.node("b", ", when: '1 > 2'") + Self.node("c", after: "a"),
            edges: "  - {from: b, to: c, when: 'size(\"ab\") == 2'}"
        )
        let graph = try #require(Self.advise(text).result.graph)
        #expect(graph.nodes[0].when == nil)
        #expect(graph.nodes[1].when?.source == "false")
        #expect(graph.edges.compactMap { $0.when?.source } == ["true"])
    }

    // MARK: Reduction

    @Test func `an implied edge goes only where nobody can notice`() throws {
        let (a, b) = (Self.node("a"), Self.node("b", after: "a"))
        let cases: [(name: String, nodes: String, edges: String, isDropped: Bool)] = [
            ("plain", a + b + Self.node("c", after: "a, b"), "", true),
            ("any", a + b + Self.node("c", after: "a, b", ", join: any"), "", false),
            ("done", a + b + Self.node("c", after: "a, b", ", join: done"), "", false),
            ("quorum", a + b + Self.node("c", after: "a, b", ", join: {quorum: 1}"), "", false),
            ("join node", a + b + "  - {id: c, type: join, depends_on: [a, b]}\n", "", false),
            (
                "agent", a + b + "  - {id: c, type: agent, config: {agent: x, prompt: p}, depends_on: [a, b]}\n", "",
                false
            ),
            (
                "any behind", a + b + Self.node("c", after: "a, b") + Self.node("d", after: "c", ", join: any"), "",
                false
            ),
            ("condition", a + b + Self.node("c", after: "b"), "  - {from: a, to: c, when: output.x}", false),
            (
                "condition on the way", a + Self.node("b") + Self.node("c", after: "a, b"),
                "  - {from: a, to: b, when: output.x}", false
            ),
            (
                "condition beside", a + b + Self.node("x") + Self.node("c", after: "a, b"),
                "  - {from: x, to: c, when: output.x}", false
            ),
            ("group", a + b + Self.node("c", after: "a, b", ", group: g"), "", false),
            (
                "skipped when exhausted",
                a + Self.node("b", after: "a", ", on_exhausted: skip") + Self.node("c", after: "a, b"), "", false
            ),
            ("written before", a + Self.node("c", after: "a, b") + b, "", false),
        ]
        for (name, nodes, edges, isDropped) in cases {
            let graph = try #require(Self.advise(Self.workflow(nodes, edges: edges)).result.graph, "\(name)")
            #expect(!Self.edges(graph).contains("a>c") == isDropped, "\(name)")
        }
    }

    @Test func `bodies are reduced too`() throws {
        let inner = ["a", "b, depends_on: [a]", "c, depends_on: [a, b]"]
            .map { "{type: tool, config: {tool: noop}, id: \($0)}" }.joined(separator: ", ")
        let text = Self.workflow("  - {id: l, type: loop, config: {max_iterations: 2, body: {nodes: [\(inner)]}}}")
        let graph = try #require(Self.advise(text).result.graph)
        #expect(graph.nodes[0].kind.body?.edges.count == 2)
    }

    @Test func `an optimised graph reads back as it was stored`() throws {
        let graph = try #require(
            Self.advise(Self.workflow(Self.node("a") + Self.node("b", after: "a") + Self.node("c", after: "a, b")))
                .result
                .graph
        )
        #expect(try Graph(canonicalBytes: graph.json.canonicalBytes()).hash == graph.hash)
    }

    // MARK: Suggestions

    /// Documents that give one suggestion of each kind.
    private static let improvable: [(code: String, yaml: String, history: History)] = [
        (
            "H701",
            "workflow: w\noutputs: {x: '${ 1 + 1 }'}\nnodes:\n  - {id: a, type: tool, config: {tool: noop, args: {n: '${ 2 * 2 }'}}, when: '1 < 2'}\n",
            History()
        ),
        ("H702", workflow(node("a") + node("b", after: "a") + node("c", after: "b, a")), History()),
        (
            "H702",
            workflow(
                node("a") + node("b") + node("c"),
                edges: "  - {from: a, to: b}\n  - {from: a, to: c}\n  - {from: b, to: c}"
            ), History()
        ),
        ("H704", workflow(node("a") + node("b", after: "a", ", when: 'false'") + node("c", after: "b")), History()),
        (
            "H704",
            workflow(node("a") + node("b") + node("c", after: "b"), edges: "  - {from: a, to: b, when: 'false'}"),
            History()
        ),
        (
            "H706",
            workflow(
                node("z") + "  - {id: a, type: look, depends_on: [z]}\n" + "  - {id: b, type: look, depends_on: [a]}\n"
            ),
            History(nodes: [
                "a": .init(executions: 9, milliseconds: .init(median: 40, p90: 90)),
                "b": .init(executions: 9, milliseconds: .init(median: 30, p90: 90)),
            ])
        ),
        (
            "H707", workflow("  - {id: a, type: http, config: {url: 'https://a.example/x'}}"),
            History(nodes: ["a": .init(executions: 9, repeatedInputs: 0.5)])
        ),
        (
            "H708", workflow("  - {id: a, type: agent, config: {agent: x, prompt: p, tier: large}}"),
            History(nodes: ["a": .init(executions: 9, passRates: ["small": 0.97, "medium": 1])])
        ),
    ]

    @Test func `applying the patch of a suggestion removes it`() throws {
        for (code, yaml, history) in Self.improvable {
            let advice = try Self.advise(yaml, history)
            let suggestion = try #require(
                advice.suggestions.first { $0.code.rawValue == code },
                "\(code): \(advice.suggestions.map(\.id)) \(advice.result.diagnostics.map(\.message))\n\(yaml)"
            )
            let document = try #require(advice.result.document)
            let patched = try JSONPatch(suggestion.patch, rules: .definition).apply(to: document)
            let after = try Self.compiler().advise(text: patched.bytes(), fileName: "p.json", history: history)
            #expect(after.result.graph != nil, "\(code): \(after.result.diagnostics.map(\.message))")
            #expect(!after.suggestions.contains { $0.id == suggestion.id }, "\(code) \(patched.text)")
            if ["H701", "H702"].contains(code) {
                #expect(suggestion.isAutoApplySafe)
                #expect(after.result.graph?.body.edges.count == advice.result.graph?.body.edges.count, "\(code)")
            } else {
                #expect(!suggestion.isAutoApplySafe)
            }
        }
    }

    @Test func `without history nothing is said about caches and tiers`() throws {
        for (code, yaml, _) in Self.improvable where ["H707", "H708"].contains(code) {
            #expect(try Self.advise(yaml).suggestions.map(\.code.rawValue) == [])
        }
    }

    @Test func `GETs to one host are pointed out without a patch`() throws {
        let get = { (id: String) in "  - {id: \(id), type: http, config: {url: 'https://api.example/\(id)?q=${ 1 }'}}\n"
        }
        let advice = try Self.advise(Self.workflow(get("a") + get("b")))
        let suggestion = try #require(advice.suggestions.first { $0.code.rawValue == "H705" })
        #expect(suggestion.affectedNodes == ["a", "b"])
        #expect(suggestion.metrics.requests == 1)
        #expect(!suggestion.isApplicable)
    }

    @Test func `an edge between nodes of which one reads the other is no suggestion`() throws {
        let text = Self.workflow(
            "  - {id: a, type: look}\n  - {id: b, type: look, depends_on: [a], config: {x: '${ nodes.a.output }'}}\n"
        )
        #expect(try Self.advise(text).suggestions.isEmpty)
    }

    @Test func `applying what is safe ends and leaves a document with the same graph`() throws {
        let yaml = Self.workflow(
            Self.node("a", ", when: '1 < 2'") + Self.node("b", after: "a") + Self.node("c", after: "a, b")
                + Self.node("d", after: "a, b, c")
        )
        let before = try #require(Self.advise(yaml).result.graph)
        let result = try #require(
            Self.compiler().applying(to: Array(yaml.utf8), fileName: "w.yaml") { $0.isAutoApplySafe }
        )
        #expect(result.applied.map(\.code.rawValue) == ["H701", "H702"])
        let after = try Self.compiler().compile(text: result.document.bytes(), fileName: "w.json")
        #expect(after.graph?.json["nodes"] == before.json["nodes"])
        #expect(after.graph?.json["edges"] == before.json["edges"])
    }

    @Test func `a suggestion has the form that is published`() throws {
        let advice = try Self.advise(Self.improvable[5].yaml, Self.improvable[5].history)
        let json = try #require(advice.suggestions.first { $0.id == "H706:a:b" }).json
        #expect(
            json.objectValue?.keys == [
                "id", "code", "title", "description", "affected_nodes", "severity", "metrics", "auto_apply_safe",
                "patch",
            ]
        )
        #expect(json["metrics"] == ["ms": 30, "requests": nil, "llm_tokens": nil, "usd": nil])
        #expect(json["affected_nodes"] == ["a", "b"])
    }
}
