// Baton
// SPDX-License-Identifier: Apache-2.0

import GraphCore
import Testing

@Suite struct GraphServiceTests {
    private func answer(_ function: GraphFunction, _ document: String) -> String {
        String(decoding: GraphService.answer(function, Array(document.utf8)), as: UTF8.self)
    }

    /// A document in short: nodes `a b:loop`, edges `a>b`; everything else as JSON after them.
    private func graph(_ nodes: String, _ edges: String, _ rest: String = "") -> String {
        let nodeList = nodes.split(separator: " ").map { "{\"id\":\"\($0)\"}" }.joined(separator: ",")
        let edgeList = edges.split(separator: " ").map { edge in
            let ends = edge.split(separator: ">")
            return "{\"from\":\"\(ends[0])\",\"to\":\"\(ends[1])\"}"
        }
        return "{\"nodes\":[\(nodeList)],\"edges\":[\(edgeList.joined(separator: ","))]\(rest)}"
    }

    // MARK: - validate

    @Test
    func `what is wrong with a graph is said with code, place and what to do`() {
        let cases: [(document: String, expected: String)] = [
            (graph("a b", "a>b"), ""),
            (
                graph("a 1b", "a>1b"),
                #"{"code":"E107","severity":"error","message":"`1b` is no valid id; ids are a letter or `_`, then up to 63 letters, digits, `_` or `-`","path":"/nodes/1/id"}"#
            ),
            (
                graph("a b a", "a>b"),
                #"{"code":"E201","severity":"error","message":"two nodes have the id `a`; rename one","path":"/nodes/2/id","related":[{"path":"/nodes/0/id","message":"the first one is here"}]}"#
            ),
            (
                graph("fetch save", "fetch>save fetch>svae.out"),
                #"{"code":"E202","severity":"error","message":"there is no node `svae`; did you mean `save`?","path":"/edges/1/to","fix":[{"op":"replace","path":"/edges/1/to","value":"save.out"}]}"#
            ),
            (
                #"{"nodes":[{"id":"a"},{"id":"b","depends_on":["a","other"]}]}"#,
                #"{"code":"E202","severity":"error","message":"there is no node `other`","path":"/nodes/1/depends_on/1"}"#
            ),
            (
                "{}",
                #"{"code":"E203","severity":"error","message":"there are no nodes; add at least one","path":"/nodes"}"#
            ),
            (
                graph("schema test x y", "x>schema schema>test test>schema schema>y"),
                #"{"code":"E204","severity":"error","message":"cycle: schema → test → schema; remove one of these edges","path":"/edges/2","related":[{"path":"/edges/1","message":"schema → test"}],"cycle":["schema","test"]}"#
            ),
            (
                graph("a b", "a>b b>b"),
                #"{"code":"E205","severity":"error","message":"every node leads to another, so none is the last one","path":"/nodes"},"#
                    + #"{"code":"E206","severity":"error","message":"node `b` depends on itself","path":"/edges/1","fix":[{"op":"remove","path":"/edges/1"}]}"#
            ),
            (
                #"{"nodes":[{"id":"a"},{"id":"b","join":{"quorum":2},"depends_on":["a"]}]}"#,
                #"{"code":"E214","severity":"error","message":"node `b` waits for 2 of its incoming edges, but has 1","path":"/nodes/1"}"#
            ),
            (
                #"{"nodes":[{"id":"a"},{"id":"b"}],"edges":[{"from":"a","to":"b","when":false}]}"#,
                #"{"code":"W201","severity":"warning","message":"node `b` never runs: the edges that lead to it are never taken","path":"/nodes/1/id"}"#
            ),
            (
                graph("a b c", "a>b b>c a>c"),
                #"{"code":"W203","severity":"warning","message":"the edge a → c is implied by a longer way; remove it","path":"/edges/2","fix":[{"op":"remove","path":"/edges/2"}]}"#
            ),
            (
                #"{"nodes":[{"id":"a"},{"id":"b","depends_on":["a"]}],"edges":[{"from":"a","to":"b","case":"x"}]}"#,
                #"{"code":"W203","severity":"warning","message":"the edge a → b is written twice; one of them is enough","path":"/nodes/1/depends_on/0","fix":[{"op":"remove","path":"/nodes/1/depends_on/0"}]}"#
            ),
            (
                #"{"nodes":[{"id":"a"},5,{}],"edges":[{"from":"a"},{"from":1,"to":"a"}]}"#,
                #"{"code":"E105","severity":"error","message":"a node must be an object","path":"/nodes/1"},"#
                    + #"{"code":"E106","severity":"error","message":"the node has no `id`","path":"/nodes/2"},"#
                    + #"{"code":"E106","severity":"error","message":"an edge needs `from` and `to`, the ids of two nodes","path":"/edges/0"},"#
                    + #"{"code":"E105","severity":"error","message":"an edge needs `from` and `to`, the ids of two nodes","path":"/edges/1"}"#
            ),
        ]
        for (document, expected) in cases {
            #expect(answer(.validate, document) == "{\"diagnostics\":[\(expected)],\"omitted\":0}", "\(document)")
        }
    }

    @Test
    func `edges with different conditions, or with data, are not redundant`() {
        let documents = [
            #"{"nodes":[{"id":"a"},{"id":"b"}],"edges":[{"from":"a","to":"b","case":"x"},{"from":"a","to":"b","case":"y"}]}"#,
            #"{"nodes":[{"id":"a"},{"id":"b"}],"edges":[{"from":"a.x","to":"b.x"},{"from":"a.y","to":"b.y"}]}"#,
            graph("a b c", "a>b b>c a.out>c.in"),
            #"{"nodes":[{"id":"a"},{"id":"b"},{"id":"c","join":"any","depends_on":["a","b"]}],"edges":[{"from":"a","to":"b"}]}"#,
            #"{"nodes":[{"id":"a"},{"id":"b"},{"id":"c","type":"join","config":{"mode":"any"},"depends_on":["a","b"]}],"edges":[{"from":"a","to":"b"}]}"#,
            #"{"nodes":[{"id":"a"},{"id":"b"},{"id":"c"}],"edges":[{"from":"a","to":"b"},{"from":"b","to":"c","when":"x"},{"from":"a","to":"c"}]}"#,
            #"{"nodes":[{"id":"a"},{"id":"b"},{"id":"c"}],"edges":[{"from":"a","to":"b"},{"from":"b","to":"c"},{"from":"a","to":"c","data":true}]}"#,
        ]
        for document in documents {
            #expect(answer(.redundant, document) == #"{"edges":[],"paths":[]}"#, "\(document)")
            #expect(answer(.validate, document) == #"{"diagnostics":[],"omitted":0}"#, "\(document)")
        }
    }

    @Test
    func `at most a thousand findings are listed`() {
        let edges = (0..<1_200).map { "a>x\($0)" }.joined(separator: " ")
        let answer = answer(.validate, graph("a b", edges))
        #expect(answer.hasSuffix(#"],"omitted":200}"#))
        #expect(answer.split(separator: "E202").count == 1_001)
    }

    // MARK: - waves, cycles, redundant edges

    /// The example of the specification as a whole document, with keys that are of no interest here.
    private static let orderCheck = """
        {"workflow":"order_check","metadata":{"tags":["orders"]},"inputs":{"limit":{"type":"number","default":1e4}},
        "nodes":[{"id":"fetch","type":"http","config":{"method":"GET"},"retry":{"on":["transient"]}},
        {"id":"analyze","type":"agent","config":{"prompt":"${ nodes.fetch.output.body }"}},
        {"id":"big","type":"branch","config":{"cases":[{"name":"large","when":"true"}],"default":"small"}},
        {"id":"approve","type":"human"},{"id":"save","type":"http","join":"any"},{"id":"notify","type":"tool"}],
        "edges":[{"from":"fetch","to":"analyze"},{"from":"analyze","to":"big"},
        {"from":"big","to":"approve","case":"large"},{"from":"big","to":"save","case":"small"},
        {"from":"approve","to":"save","when":"output.approved"},
        {"from":"approve","to":"notify","when":"!output.approved"}]}
        """

    @Test
    func `a workflow document can be asked as it is`() {
        #expect(answer(.validate, Self.orderCheck) == #"{"diagnostics":[],"omitted":0}"#)
        #expect(
            answer(.waves, Self.orderCheck)
                == #"{"waves":[["fetch"],["analyze"],["big"],["approve"],["save","notify"]]}"#
        )
        #expect(answer(.hints, Self.orderCheck) == #"{"hints":[],"omitted":0}"#)
    }

    @Test
    func `a graph with a cycle has no waves but says the cycle`() {
        #expect(answer(.waves, graph("a b c", "a>b b>c c>b")) == #"{"waves":null,"cycle":["b","c"]}"#)
        #expect(
            answer(.redundant, graph("a b", "a>b a>b b>a")).hasPrefix(#"{"edges":[1],"paths":["/edges/1"],"cycle""#)
        )
        #expect(answer(.waves, "{\"nodes\":[]}") == #"{"waves":[]}"#)
    }

    @Test
    func `the cycle that an edge would close is named`() {
        func ask(_ from: String, _ to: String) -> String {
            answer(.cycle, graph("a b c d", "a>b b>c a>d", #","options":{"from":"\#(from)","to":"\#(to)"}"#))
        }
        #expect(
            ask("c", "a")
                == #"{"cycle":["a","b","c"],"edges":["/edges/0","/edges/1"],"message":"cycle: a → b → c → a"}"#
        )
        #expect(ask("d", "c") == #"{"cycle":null}"#)
        #expect(ask("b", "b") == #"{"cycle":["b"],"edges":[],"message":"cycle: b → b"}"#)
        #expect(ask("b", "z").hasPrefix(#"{"error":{"code":"E202","message":"there is no node `z`""#))
        #expect(answer(.cycle, graph("a", "")).hasPrefix(#"{"error":{"code":"E106","#))
    }

    @Test
    func `a loop that goes back is no cycle`() {
        let nodes = #"{"id":"a"},{"id":"b"},{"id":"l","type":"loop","config":{"back_to":"a"}},{"id":"z"}"#
        let edges = #"{"from":"a","to":"b"},{"from":"b","to":"l"},{"from":"l","to":"z"}"#
        for written in ["", #",{"from":"l","to":"a"}"#] {
            let document = #"{"nodes":[\#(nodes)],"edges":[\#(edges)\#(written)],"options":{"from":"l","to":"a"}}"#
            #expect(answer(.validate, document) == #"{"diagnostics":[],"omitted":0}"#)
            #expect(answer(.waves, document) == #"{"waves":[["a"],["b"],["l"],["z"]]}"#)
            #expect(answer(.cycle, document) == #"{"cycle":null}"#)
            #expect(answer(.layout, document).contains(#""back":true"#))
        }
        let unknown = #"{"nodes":[{"id":"l","type":"loop","config":{"loop_back_to":"nowhere"}}]}"#
        #expect(
            answer(.validate, unknown).contains(
                #""code":"E202","severity":"error","message":"there is no node `nowhere`","path":"/nodes/0/config/loop_back_to""#
            )
        )
    }

    @Test
    func `hints carry a patch that applies as it is`() {
        let redundant = answer(.hints, graph("a b c", "a>b b>c a>c"))
        #expect(
            redundant.hasPrefix(
                #"{"hints":[{"id":"H702:/edges/2","code":"H702","severity":"hint","title":"Remove an edge that others imply","#
            )
        )
        #expect(redundant.contains(#""auto_apply_safe":true,"patch":[{"op":"remove","path":"/edges/2"}]"#))

        let dead =
            #"{"nodes":[{"id":"a"},{"id":"b"},{"id":"c","depends_on":["b"]},{"id":"d","join":"any","depends_on":["c","a","b"]}],"edges":[{"from":"a","to":"b","when":false},{"from":"a","to":"c","when":"false"}]}"#
        let removals = [
            "/edges/1", "/edges/0", "/nodes/3/depends_on/2", "/nodes/3/depends_on/0", "/nodes/2", "/nodes/1",
        ]
        let patch = removals.map { #"{"op":"remove","path":"\#($0)"}"# }.joined(separator: ",")
        #expect(
            answer(.hints, dead).contains(#""affected_nodes":["b","c"],"auto_apply_safe":false,"patch":[\#(patch)]"#)
        )

        let order =
            #"{"nodes":[{"id":"a","type":"http"},{"id":"b","type":"http"},{"id":"h","type":"human"}],"edges":[{"from":"a","to":"b","data":false},{"from":"h","to":"b","data":false}]}"#
        let hint = answer(.hints, order)
        #expect(hint.contains(#""id":"H706:/edges/0""#))
        #expect(!hint.contains("/edges/1"), "what waits for a person means it")
    }

    // MARK: - errors

    @Test
    func `what cannot be read is refused with the place`() {
        let cases: [(input: String, code: String, offset: Int)] = [
            ("", "E101", 0), ("[]", "E105", 0), ("{", "E101", 1), (#"{"nodes":}"#, "E101", 9), ("{}x", "E101", 2),
            (#"{"nodes":[],}"#, "E101", 12), (#"{"a":01}"#, "E101", 6), (#"{"a":"\x"}"#, "E101", 7),
            (#"{"a":"\ud800"}"#, "E101", 12), (#"{"a":-}"#, "E101", 6), (#"{"a":1.}"#, "E101", 7),
            ("{\"a\":\"\u{1}\"}", "E101", 6), (#"{"nodes":[],"nodes":[]}"#, "E108", 20), (#"{"a":tru}"#, "E101", 5),
            (#"{"options":{"direction":"up"}}"#, "E105", 24),
            (#"{"a":"# + String(repeating: "[", count: 64), "E102", 68),
        ]
        for (input, code, offset) in cases {
            let answer = answer(.layout, input)
            #expect(answer.hasPrefix(#"{"error":{"code":"\#(code)","message":""#), "\(input): \(answer)")
            #expect(answer.hasSuffix(#","offset":\#(offset)}}"#), "\(input): \(answer)")
        }
        let deepest = #"{"a":"# + String(repeating: "[", count: 63) + String(repeating: "]", count: 63) + "}"
        #expect(answer(.waves, deepest) == #"{"waves":[]}"#)
        let invalid: [[UInt8]] = [[0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE2, 0x82], [0xFF]]
        for bytes in invalid {
            let input = Array("{\"".utf8) + bytes + Array("\":1}".utf8)
            #expect(String(decoding: GraphService.answer(.waves, input), as: UTF8.self).contains("this is not UTF-8"))
        }
        let large = [UInt8](repeating: 0x20, count: 16 << 20 | 1)
        #expect(String(decoding: GraphService.answer(.waves, large), as: UTF8.self).contains("E102"))
    }

    @Test
    func `ids are compared by bytes and come back escaped`() {
        let document = #"{"nodes":[{"id":"é"},{"id":"e\u0301","depends_on":["\u00e9"]},{"id":"\"\n\ud83d\ude80"}]}"#
        #expect(answer(.waves, document) == "{\"waves\":[[\"é\",\"\\\"\\u000a🚀\"],[\"e\u{301}\"]]}")
    }
}
