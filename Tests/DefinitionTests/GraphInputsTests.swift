// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON
import Testing

@Suite struct GraphInputsTests {
    private func graph() throws -> Graph {
        let text = """
            workflow: "a"
            inputs:
              order_url: {type: string}
              limit: {type: number, default: 10000}
              tags: {type: array, items: {type: string}, default: []}
            nodes:
              - {id: size, type: branch, config: {cases: [{name: large, when: inputs.limit > 5}], default: small}}
              - {id: "yes", name: 'Say "yes" <b>', type: echo, config: {text: x}}
              - {id: "no", type: human, config: {message: Sure?, deadline: 1h}}
              - {id: end, type: join, join: any}
            edges:
              - {from: size, to: "yes", case: large}
              - {from: size, to: "no", case: small}
              - {from: "yes", to: end}
              - {from: "no", to: end, when: output.approved}
              - {from: "no", to: "yes"}
            """
        let result = Compiler(registry: .sample).compile(text: Array(text.utf8), fileName: "a.yaml")
        return try #require(result.graph, "\(result.diagnostics)")
    }

    @Test
    func `defaults are filled in and values checked`() throws {
        let graph = try graph()
        #expect(
            try graph.checkInputs(["order_url": "u", "tags": ["x"]])
                == ["order_url": "u", "limit": 10000, "tags": ["x"]]
        )
        do {
            _ = try graph.checkInputs(["limt": 3, "tags": ["x", 1], "limit": "many"])
            Issue.record("wrong inputs were accepted")
        } catch {
            #expect(error.violations.map(\.pointer) == ["/limt", "/order_url", "/limit", "/tags/1"])
            #expect(error.violations[0].message == "there is no input `limt`; did you mean `limit`?")
            #expect(error.violations[1].message == "input `order_url` is required")
        }
    }

    @Test
    func `the shape is shown as text, Mermaid, DOT and JSON`() throws {
        let graph = try graph()
        #expect(
            GraphRendering.text.render(graph) == """
                a  4 nodes, 5 edges  \(graph.hash)
                wave 0
                  size [branch]
                wave 1
                  no [human] after size (small)
                wave 2
                  yes [tool] after size (large), no (else)
                wave 3
                  end [join] after any of yes, no (output.approved)

                """
        )
        #expect(
            GraphRendering.mermaid.render(graph) == """
                flowchart TD
                  n0{"size<br/>branch"}
                  n1["Say #quot;yes#quot; #lt;b#gt;<br/>tool"]
                  n2(["no<br/>human"])
                  n3["end<br/>join"]
                  n0 -->|"large"| n1
                  n0 -->|"small"| n2
                  n1 --> n3
                  n2 -->|"output.approved"| n3
                  n2 -->|"else"| n1

                """
        )
        #expect(GraphRendering.dot.render(graph).contains(#"  n1 [label="Say \"yes\" <b>\ntool"];"#))
        #expect(GraphRendering.dot.render(graph).contains(#"  n0 -> n1 [label="large"];"#))
        let json = try JSONValue(parsing: GraphRendering.json.render(graph))
        #expect(
            json["nodes"]?[3] == [
                "id": "end", "kind": "join", "wave": 3, "join": "any", "terminal": true, "absorbed": true,
            ]
        )
        #expect(json["edges"]?[4] == ["from": "no", "to": "yes", "fallback": true])
        #expect(json["hash"] == .string(graph.hash))
    }
}
