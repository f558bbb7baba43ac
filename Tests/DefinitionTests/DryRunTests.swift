// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Testing

@testable import Definition

/// Dry runs and drawings: what a graph looks like before it runs.
@Suite struct DryRunTests {
    private static let yaml = """
        workflow: w
        inputs: {host: {type: string}, n: {type: integer, default: 3}}
        nodes:
          - {id: fetch, type: http, config: {url: "https://${ inputs.host }/x", headers: {a: "n=${ inputs.n + 1 }"}}}
          - id: ask
            type: human
            depends_on: [fetch]
            when: inputs.n > 2
            config: {message: "Status ${ nodes.fetch.output.status } of ${ inputs.host }", assignees: ["role:approver"]}
          - {id: write, type: noop, depends_on: [ask], config: {body: "${ nodes.fetch.output.body }", k: "${ size(ctx.fetch.body) }"}}
          - {id: think, type: agent, config: {agent: analyst, prompt: p, tools: [noop], can_patch: {max_agent_nodes: 2}}}
          - id: each
            type: map
            depends_on: [write]
            config: {items: "${ [1, 2] }", body: {nodes: [{id: inner, type: noop, config: {v: "${ item }"}}]}}
        edges:
          - {from: fetch, to: think, when: output.status == 200}
        """

    private static func graph(_ yaml: String = yaml) throws -> Graph {
        let registry = Registry(tools: [try Registry.Tool(name: "noop", input: ["type": "object"])])
        let result = Compiler(registry: registry, purpose: .check).compile(text: Array(yaml.utf8), fileName: "t.yaml")
        return try #require(result.graph, "\(result.diagnostics.map(\.message))")
    }

    @Test func `a dry run resolves what inputs allow and names the rest`() throws {
        let run = DryRun(try Self.graph(), inputs: ["host": "api.example", "n": 3]) { $0 == "noop" ? "write" : nil }
        #expect(run.waves.map { $0.map(\.id) } == [["fetch"], ["ask", "think"], ["write"], ["each"]])
        let fetch = run.waves[0][0]
        #expect(fetch.target == "GET https://api.example/x")
        #expect(fetch.config["headers"]?["a"] == "n=4")
        let ask = run.waves[1][0]
        #expect(ask.condition == "true")
        #expect(ask.config["message"] == "Status <nodes.fetch.output.status> of api.example")
        let write = run.waves[2][0]
        #expect(write.config["body"] == "<nodes.fetch.output.body>")
        #expect(write.config["k"] == "<size(ctx.fetch.body)>")
        let each = run.waves[3][0]
        #expect(each.config["count"] == 2)
        #expect(each.body[0][0].config["v"] == "<item>")
        let think = run.waves[1][1]
        #expect(think.target == "analyst")
        #expect(think.allowedPatches?["max_agent_nodes"] == 2)
        #expect(think.after == ["fetch (output.status == 200)"])
        #expect(run.permissions == ["host api.example", "person role:approver", "tool noop (write)"])
    }

    @Test func `a dry run without inputs leaves them open`() throws {
        let run = DryRun(try Self.graph(), inputs: [:])
        #expect(run.waves[0][0].target == "GET https://<inputs.host>/x")
        #expect(run.waves[1][0].condition == "inputs.n > 2")
        #expect(run.text.contains("      wave 0\n        inner [tool] noop\n            v: <item>"))
        #expect(run.json["waves"]?[3]?[0]?["body"]?[0]?[0]?["id"] == "inner")
    }

    private static let drawn = """
        workflow: d
        nodes:
          - {id: a, type: noop, phase: one, outputs: {image: {type: string}}}
          - {id: b, type: noop, ports: {image: {type: string}}, group: g, phase: two}
          - {id: l, type: loop, depends_on: [b], config: {max_iterations: 2, until: "true", on_limit: continue, body: {nodes: [{id: i, type: noop}, {id: k, type: human, depends_on: [i]}]}}}
          - {id: x, type: noop}
          - {id: y, type: noop}
        edges: [{from: a.image, to: b.image}, {from: l, to: x, port: break}, {from: l, to: y, port: limit}]
        """

    @Test func `drawings show bodies, phases, ports and exits`() throws {
        let graph = try Self.graph(Self.drawn)
        let text = GraphRendering.text.render(graph)
        #expect(text.contains("  b [tool] after a (image → image) {phase two, group g}\n"))
        #expect(text.contains("  x [tool] after l (break)\n"))
        #expect(text.contains("    wave 1\n      k [human] after i\n"))
        let mermaid = GraphRendering.mermaid.render(graph)
        #expect(mermaid.contains("  subgraph n2[\"l<br/>loop, at most 2 times\"]\n    n2_0[\"i<br/>tool\"]\n"))
        #expect(mermaid.contains("    n2_0 --> n2_1\n  end\n"))
        #expect(mermaid.contains("subgraph nc0[\"phase one\"]"))
        #expect(mermaid.contains("n0 -->|\"image → image\"| n1"))
        let dot = GraphRendering.dot.render(graph)
        #expect(dot.contains("subgraph cluster_n2 {"))
        #expect(dot.contains("n2 -> n3 [label=\"break\"];"))
        #expect(dot.count { $0 == "{" } == dot.count { $0 == "}" })
        let json = try JSONValue(parsing: GraphRendering.json.render(graph))
        #expect(json["nodes"]?[2]?["body"]?["edges"]?[0]?["to"] == "k")
        #expect(json["edges"]?[1]?["source_port"] == "image")
        #expect(json["nodes"]?[0]?["entry"] == true)
    }
}
