// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import Definition
import JSON
import Model
import Testing

@Suite struct CompilerTests {
    static let order = """
        workflow: order_check
        version: 3
        metadata: {description: Checks incoming orders, tags: [orders], owner: team-sales}
        inputs:
          order_url: {type: string, format: uri}
          limit:     {type: number, default: 10000}
        outputs:
          decision: '${ nodes.approve.status == "skipped" ? "auto" : nodes.approve.output.choice }'
          order:    ${ nodes.fetch.output.body }
        limits: {max_parallel: 8, max_nodes: 200}
        defaults:    {timeout: 2m, retry: {max_attempts: 3}}
        deadline: 24h
        on_failure: drain
        nodes:
          - id: fetch
            type: http
            config: {method: GET, url: "${ inputs.order_url }"}
            retry: {delay: 1s, multiplier: 2, max_delay: 30s, jitter: 0.1, on: [transient, upstream]}
          - id: analyze
            type: tool
            name: Risk
            timeout: 30s
            config: {tool: echo, args: {text: "Assess ${ nodes.fetch.output.body }"}, store_as: risk}
          - id: big
            type: branch
            config:
              cases: [{name: large, when: "vars.risk.amount > inputs.limit"}]
              default: small
          - id: approve
            type: human
            config: {kind: approval, message: Over limit, assignees: ["role:approver"], deadline: 8h, on_expire: reject}
          - id: save
            type: http
            join: any
            idempotency: none
            config: {method: POST, url: "https://erp.example/orders", body: "${ nodes.fetch.output.body }"}
          - {id: notify, type: notify.send, config: {to: sales, text: Order refused}, depends_on: [approve]}
          - {id: end, type: join, join: done, depends_on: [save, notify], priority: 7}
        edges:
          - {from: fetch, to: analyze}
          - {from: analyze, to: big}
          - {from: big, to: approve, case: large}
          - {from: big, to: save, case: small}
          - {from: approve, to: save, when: output.approved}
        """

    static let data = """
        {"metadata": {"name": "data/flow.v1"}, "inputs": {"rows": {"type": "array"}}, "outputs": {
          "all": "${ [nodes.set.output, nodes.expr.output, nodes.keep.output, nodes.sum.output] }"},
         "nodes": [
          {"id": "set", "type": "transform", "config": {"set": {"n": "${ 1 + 1 }"}, "remove": ["/n"]}},
          {"id": "expr", "type": "transform", "config": {"expr": "${ {'a': inputs.rows} }"}},
          {"id": "keep", "type": "filter",
           "config": {"items": "${ inputs.rows }", "where": "row > index", "as": "row", "limit": 5}},
          {"id": "sum", "type": "aggregate", "config": {"items": [1, 2], "group_by": "item > 1",
           "ops": [{"as": "total", "fn": "sum"}, {"as": "n", "fn": "count", "of": "item"}]}},
          {"id": "pause", "type": "wait", "config": {"for": "${ '1s' }"}},
          {"id": "date", "type": "wait", "config": {"until": "2030-01-01T00:00:00+02:00"}},
          {"id": "two", "type": "gate", "config": {"mode": "quorum", "n": 2, "cancel_rest": true},
           "depends_on": ["pause", "date", "sum"]}]}
        """

    private func compile(_ text: String, _ name: String = "order.yaml") -> CompileResult {
        Compiler(registry: .sample).compile(text: Array(text.utf8), fileName: name)
    }

    @Test
    func `an edge that is written again is told, also between nodes with one id`() {
        func codes(_ nodes: String) -> [Diagnostic.Code] {
            compile(#"{"workflow": "w", "nodes": [{"id": "a", "type": "join"}, \#(nodes)]}"#).diagnostics.map(\.code)
        }
        let first = #"{"id": "b", "type": "join", "depends_on": ["a"]}"#
        let twice = #"{"id": "b", "type": "join", "depends_on": ["a", "a"]}"#
        #expect(codes(first) == [])
        #expect(codes(twice) == [.impliedEdge])
        #expect(codes("\(first), \(twice)") == [.duplicateNode, .impliedEdge, .impliedEdge])
    }

    @Test
    func `a document becomes a graph with positions, defaults and fallbacks`() throws {
        let result = compile(Self.order)
        #expect(result.diagnostics.map(\.code) == [.unsafeRetry])
        let graph = try #require(result.graph)
        #expect(graph.name == "order_check")
        #expect(graph.summary == "Checks incoming orders")
        #expect(graph.maxParallel == 8)
        #expect(graph.deadline == .seconds(86_400))
        #expect(graph.inputs.map(\.name) == ["order_url", "limit"])
        #expect(graph.inputs.map(\.defaultValue) == [nil, 10000])
        #expect(graph.nodes.map(\.id) == ["fetch", "analyze", "big", "approve", "save", "notify", "end"])
        #expect(graph.nodes.map(\.wave) == [0, 1, 2, 3, 4, 4, 5])
        #expect(graph.nodes.map(\.timeout) == [120, 30, 120, nil, 120, 120, nil].map { $0.map { .seconds($0) } })
        #expect(graph.nodes.map(\.retry.maxAttempts) == Array(repeating: 3, count: 7))
        #expect(graph.nodes.map(\.join) == [.all, .all, .all, .all, .any, .all, .done])
        #expect(graph.nodes.map(\.isNonIdempotent) == [false, false, false, false, true, false, false])
        let edges = graph.edges.map { "\(graph.nodes[$0.from].id)>\(graph.nodes[$0.to].id)" }
        #expect(
            edges == [
                "approve>notify", "save>end", "notify>end", "fetch>analyze", "analyze>big", "big>approve", "big>save",
                "approve>save",
            ]
        )
        #expect(graph.edges.map(\.isFallback) == [true, false, false, false, false, false, false, false])
        #expect(graph.edges.map(\.branchCase) == [nil, nil, nil, nil, nil, "large", "small", nil])
        #expect(graph.edges[7].when?.source == "output.approved")
        #expect(graph.nodes[4].incoming == [6, 7])
        #expect(graph.nodes[2].outgoing == [5, 6])
        #expect(graph.index(of: "save") == 4)
        #expect(graph.index(of: "Save") == nil)
        #expect(graph.nodes[0].retry.classes == [.transient, .upstream])
        #expect(graph.nodes[6].priority == 7)
    }

    @Test
    func `configurations are lowered with their defaults`() throws {
        let graph = try #require(compile(Self.order).graph)
        guard case .http(let http) = graph.nodes[0].kind,
            case .tool(let tool, let arguments, let variable) = graph.nodes[1].kind,
            case .branch(let branch) = graph.nodes[2].kind, case .human(let human) = graph.nodes[3].kind
        else {
            Issue.record("wrong kinds")
            return
        }
        #expect(
            http.source == [
                "method": "GET", "url": "${ inputs.order_url }", "expect": ["status": ["2xx"]], "parse": "auto",
                "redirects": 0, "max_bytes": 10_485_760,
            ]
        )
        #expect(tool == "echo" && variable == "risk" && arguments.slots.map(\.pointer) == ["/text"])
        #expect(branch.cases.map(\.name) == ["large"] && branch.defaultCase == "small" && branch.onError == .fail)
        #expect(human.title.source == "approve" && human.message.source == "Over limit")
        #expect(human.deadline == .seconds(28_800) && human.onExpiry == .reject)
        #expect(human.assignees == ["role:approver"])
    }

    @Test
    func `data nodes, waits and joins keep what was written`() throws {
        let result = compile(Self.data, "-")
        #expect(result.diagnostics.map(\.code) == [.alias])
        let graph = try #require(result.graph)
        #expect(graph.name == "data/flow.v1")
        guard case .transform(let set, let removed) = graph.nodes[0].kind,
            case .transform(let expr, _) = graph.nodes[1].kind,
            case .filter(_, let predicate, "row", 5) = graph.nodes[2].kind,
            case .aggregate(let aggregate) = graph.nodes[3].kind, case .waitFor(let span) = graph.nodes[4].kind,
            case .waitUntil(let time) = graph.nodes[5].kind, case .join(true) = graph.nodes[6].kind
        else {
            Issue.record("wrong kinds")
            return
        }
        #expect(set.source == ["n": 2] && removed == ["/n"])
        #expect(expr.source == "${{'a': inputs.rows}}")
        #expect(predicate.source == "row > index")
        #expect(aggregate.groupBy?.source == "item > 1")
        #expect(aggregate.operations.map(\.name) == ["total", "n"])
        #expect(aggregate.operations.map { $0.of?.source } == [nil, "item"])
        #expect(span.source == "1s" && time.source == "2030-01-01T00:00:00+02:00")
        #expect(graph.nodes[6].join == .quorum(2))
    }

    @Test
    func `expressions may name types, ask for fields and use ids with dashes`() {
        let text = """
            workflow: a
            inputs: {order-url: {type: string}}
            outputs:
              a: ${ type(inputs["order-url"]) == string && has(nodes.fetch.output.anything) }
              b: ${ nodes["get-it"].output.text + string(now) + run.id }
              c: ${ [1, 2].map(x, x + 1).exists(y, y == 2) }
            nodes:
              - {id: fetch, type: http, config: {url: 'https://example.org/'}}
              - {id: get-it, type: echo, config: {text: '${ ctx["fetch:output"].body }'}, depends_on: [fetch]}
            """
        #expect(compile(text).diagnostics.map(\.message) == [])
        let wrong = compile(text.replacing(#"nodes["get-it"]"#, with: "nodes.get-it"))
        #expect(
            wrong.errors.first?.message == #"there is no node `get`; a name with `-` is written `nodes["get-it"]`"#
        )
    }

    @Test
    func `formatting and notation do not change the hash, a value does`() throws {
        let yaml = "workflow: a\nnodes:\n- id: x\n  type: echo\n  config: {text: hi}\n"
        let json = #"{"nodes":[{"config":{"text":"hi"},"type":"echo","id":"x"}],"workflow":"a"}"#
        let hash = try #require(compile(yaml).graph?.hash)
        #expect(hash == "sha256:3d3dce81b7dc3e8e63d9b33f2d41235b00b8a10c8f1d269e01a05b43ff065aa8")
        #expect(compile(json, "a.json").graph?.hash == hash)
        #expect(compile("# note\n" + yaml + "\n").graph?.hash == hash)
        #expect(compile(yaml.replacing("hi", with: "ho")).graph?.hash != hash)
    }

    @Test
    func `a stored graph reads back as it was`() throws {
        for text in [Self.order, Self.data] {
            let graph = try #require(compile(text).graph)
            let bytes = graph.json.canonicalBytes()
            let copy = try Graph(canonicalBytes: bytes)
            #expect(copy.hash == graph.hash && copy.json == graph.json)
            #expect(copy.nodes.map(\.incoming) == graph.nodes.map(\.incoming))
            #expect(copy.nodes.map(\.wave) == graph.nodes.map(\.wave))
            #expect(copy.nodes.map(\.timeout) == graph.nodes.map(\.timeout))
            #expect(copy.nodes.map(\.retry) == graph.nodes.map(\.retry))
            #expect(copy.edges.map(\.isFallback) == graph.edges.map(\.isFallback))
            #expect(copy.inputs.map(\.defaultValue) == graph.inputs.map(\.defaultValue))
            #expect(copy.deadline == graph.deadline && copy.failurePolicy == graph.failurePolicy)
        }
    }

    @Test
    func `bytes that are no stored graph of this format are refused`() throws {
        let graph = try #require(compile(Self.order).graph)
        let text = String(decoding: graph.json.canonicalBytes(), as: UTF8.self)
        let cases = [
            ("newer", text.replacing(#""format_version":2"#, with: #""format_version":3"#)),
            ("blank added", text + " "),
            ("no node", text.replacing(#""to":1}"#, with: #""to":99}"#)),
            ("cycle", text.replacing(#""from":0,"to":1}"#, with: #""from":2,"to":1}"#)),
            ("kind", text.replacing(#""kind":"branch""#, with: #""kind":"loop""#)),
            ("expression", text.replacing("output.approved", with: "output.")),
            ("not JSON", String(text.dropLast())), ("a list", "[]"), ("nothing", ""),
        ]
        for (name, broken) in cases {
            #expect(broken != text, "\(name)")
            #expect(throws: GraphCodecError.self, "\(name)") { try Graph(canonicalBytes: Array(broken.utf8)) }
        }
    }
}
