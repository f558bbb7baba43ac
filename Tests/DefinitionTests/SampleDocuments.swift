// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import FoundationEssentials

/// Documents that tests of several kinds use.
enum SampleDocuments {
    /// What the reader knows beyond the schema, by words of its messages.
    private static let beyondSchemas = [
        // Spans have bounds in time, texts in bytes.
        "must be 0s to", "must be 1s to", "must be 1m to", "bytes; at most",
        // Arguments follow the schema of their tool.
        "arguments for tool", "needs the argument", "has no argument",
        // Names are unique.
        "two cases are called", "two choices are called", "exists already",
        // Keys depend on values of others, or stand at two levels.
        "is another name of `config.args`", "disagree; keep one", "` belongs to ", "`mode: quorum` needs",
        "needs `choices` or a `form`", "needs a choice that is called so",
        // Texts and members of templates have forms of their own.
        "is no assignee", "`on_expire` must be one of", "is no name of a header", "must be one line",
        "must be text, a number or a boolean", "is no receiver", "is a variable of every expression",
    ]

    /// The schema cannot see the mistake.
    static func isBeyondSchemas(_ diagnostic: Diagnostic) -> Bool {
        // A wait may be an expression, so its texts have no pattern.
        let isWait = ["/config/for", "/config/until"].contains { diagnostic.path.hasSuffix($0) }
        return isWait && diagnostic.code == .invalidTime || beyondSchemas.contains { diagnostic.message.contains($0) }
    }

    /// Well-formed documents: the examples, those of other tests, and the clean ones of the table.
    static func valid() throws -> [(name: String, text: [UInt8])] {
        let scenario = try files("../../Examples/acceptance/s0").filter { $0.name != "answers.yaml" }
        let examples = try files("../../Examples") + scenario
        let table = try DiagnosticTable.entries().filter { !$0.raises }.map { ("\($0.name).yaml", Array($0.text.utf8)) }
        let others = [
            ("order.yaml", CompilerTests.order), ("data.json", CompilerTests.data), ("ports.yaml", ports),
            ("order-check.yaml", order),
        ]
        return examples + others.map { ($0.0, Array($0.1.utf8)) } + table
    }

    /// Documents with many mistakes.
    static func broken() throws -> [(name: String, text: [UInt8])] {
        try files("Broken").filter { $0.name != "expected.txt" }
    }

    /// The blocks of YAML on the page of definitions: documents, nodes or edges.
    static func page() throws -> [(name: String, text: [UInt8])] {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../docs/definitions.md")
        let blocks = String(decoding: try Data(contentsOf: file), as: UTF8.self).split(separator: "```yaml\n")
            .dropFirst()
        return blocks.enumerated().map { index, block in
            var text = String(block.prefix(through: block.firstRange(of: "\n```")?.lowerBound ?? block.startIndex))
            if text.hasPrefix("workstack:") || text.hasPrefix("plan:") {
                return ("block-\(index).yaml", Array(text.utf8))
            }
            let list = text.hasPrefix("- ") ? "nodes:\n" + text : text + (text.contains("nodes:") ? "" : "nodes: []\n")
            if !list.contains("workflow: ") || text.hasPrefix("- ") {
                text = "workflow: page\n" + list
            } else {
                text = list
            }
            return ("block-\(index).yaml", Array(text.utf8))
        }
    }

    private static func files(_ path: String) throws -> [(name: String, text: [UInt8])] {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: path)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path(percentEncoded: false)).sorted()
        // Those of folders are asked for by themselves.
        return try names.filter { $0.contains(".") }.map { name in
            (name, [UInt8](try Data(contentsOf: folder.appending(path: name))))
        }
    }

    /// Most keys of the document and of nodes, with agents and compensation.
    private static let order = """
        workflow: order_check
        version: 3
        metadata: {description: Checks incoming orders, tags: [orders], owner: team-sales}
        inputs:
          order_url: {type: string, format: uri}
          limit:     {type: number, default: 10000}
        outputs:
          decision: '${ nodes.approve.status == "skipped" ? "auto" : nodes.approve.output.choice }'
        limits: {max_parallel: 8, max_nodes: 200, max_agent_nodes: 5, max_events: 1000000}
        concurrency: {key: "${ inputs.order_url }", max: 1, when_full: queue}
        defaults:    {timeout: 2m, retry: {max_attempts: 3}}
        deadline: 24h
        budget: {usd: 0.50, llm_tokens: 200000}
        on_failure: drain
        wave_mode: free
        compensation: {parallel: true}
        nodes:
          - id: fetch
            type: http
            config: {method: GET, url: "${ inputs.order_url }"}
            retry: {max_attempts: 4, delay: 1s, multiplier: 2, max_delay: 30s, jitter: 0.1, on: [transient, upstream]}
          - id: analyze
            type: agent
            config:
              agent: writer
              prompt: "Assess this order: ${ nodes.fetch.output.body }"
              output_schema: {type: object, required: [amount], properties: {amount: {type: number}}}
              can_patch: {max_agent_nodes: 5, paths: ["/nodes/-", "/edges/-"]}
            budget: {usd: 0.20}
          - id: big
            type: branch
            config:
              cases: [{name: large, when: "nodes.analyze.output.amount > inputs.limit"}]
              default: small
          - id: approve
            type: human
            config: {kind: approval, message: Over limit, assignees: ["role:approver"], deadline: 8h, on_expire: reject}
          - id: save
            type: http
            join: any
            config: {method: POST, url: "https://erp.example/orders", body: "${ nodes.fetch.output.body }"}
            compensate: {tool: echo, args: {text: "${ output.body.id }"}}
            verify: [{kind: expr, expr: output.status == 201}, {kind: http, url: "https://erp.example/", expect: {status: 2xx}}]
            cache: {ttl: 1h, scope: project}
            labels: {zone: eu}
            queue: gpu
          - {id: notify, type: tool, config: {tool: notify.send, args: {to: sales, text: "Order refused"}}}
          - {id: old, type: notify.send, inputs: {to: x, text: y}, timeout_secs: 5, retry: {backoff_ms: 10}}
        edges:
          - {from: fetch, to: analyze}
          - {from: analyze, to: big}
          - {from: big, to: approve, case: large}
          - {from: big, to: save, case: small}
          - {from: approve, to: save, when: output.approved}
          - {from: approve, to: notify, when: "!output.approved"}
        """

    /// Typed data flow, with tools that this machine lacks.
    private static let ports = """
        workflow: deploy_production
        nodes:
          - id: build
            type: container.build
            inputs:  {tag: "${ inputs.version }"}
            outputs: {image: {type: string}}
          - id: deploy
            type: docker_build
            ports: {image: {type: string, required: true}, replicas: {type: integer, default: 2}}
        edges: [{from: build.image, to: deploy.image}]
        inputs: {version: {type: string}}
        """
}
