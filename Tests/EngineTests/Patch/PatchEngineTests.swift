// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON
import Model
import Store
import Testing

@testable import Engine

/// Patches through the whole engine: stored, read back, replayed, and made by what runs.
@Suite(.timeLimit(.minutes(2))) struct PatchEngineTests {
    private static let yaml = """
        workflow: order
        outputs: {got: "${ nodes.big.output }"}
        nodes:
          - id: analyze
            type: agent
            config:
              {agent: helper, prompt: p, can_patch: true, output_schema: {type: object, properties: {amount: {type: number}}}}
          - id: big
            type: branch
            depends_on: [analyze]
            config: {cases: [{name: large, when: "nodes.analyze.output.amount > 5"}], default: small}
          - {id: approve, type: human, config: {message: m, kind: approval}}
        edges: [{from: big, to: approve, case: large}]
        """

    private static let validate: JSONValue = [
        [
            "op": "add", "path": "/nodes/-",
            "value": [
                "id": "validate", "type": "tool", "config": ["tool": "noop"], "depends_on": ["analyze"],
            ],
        ],
        ["op": "replace", "path": "/nodes/@big/depends_on", "value": ["validate"]],
    ]

    private static func agents(_ count: Int, _ prefix: String) -> JSONValue {
        .array(
            (0..<count).map { number in
                let node: JSONValue = [
                    "id": .string("\(prefix)\(number)"), "type": "agent", "depends_on": ["analyze"],
                    "config": ["agent": "helper", "prompt": "p"],
                ]
                return ["op": "add", "path": "/nodes/-", "value": node]
            }
        )
    }

    /// What `analyze` proposes, one after the other.
    private static func script(_ patches: [JSONValue], _ answers: Mutex2<[PatchRecord]>) -> Execute {
        { assignment, _ in
            guard assignment.node.id == "analyze", let control = assignment.control else {
                return .completed(["ok": true])
            }
            do throws(EngineError) {
                for (number, patch) in patches.enumerated() {
                    let request = PatchRequest(.operations(patch), summary: "scripted", key: "\(number)")
                    let record = try await control.propose(request)
                    answers.withLock { $0.append(record) }
                }
            } catch {
                return .failed(TaskError(code: "patch", errorClass: .permanent, message: error.message))
            }
            return .completed(["amount": 9])
        }
    }

    @Test func `a node patches its own run, which survives its process and replays to the same`() async throws {
        let harness = EngineHarness()
        let answers = Mutex2<[PatchRecord]>([])
        let run = try await harness.withEngine(Self.script([Self.validate], answers)) { engine in
            let run = try await harness.start(Self.yaml, on: engine)
            _ = try await harness.wait(for: run, on: engine) { $0.status == .waiting }
            return run
        }
        #expect(answers.withLock { $0.map(\.status) } == [.applied])
        try await harness.withEngine(worker: "w2", Self.script([], answers)) { engine in
            _ = try await engine.adopt(nil)
            let state = try harness.state(of: run, engine)
            #expect(state.patches[1]?.details.author == "task:analyze" && state.graph.definition.nodes.count == 4)
            #expect(state[TaskRef(node: try #require(state.graph.index(of: "validate")))].status == .completed)
            let row = try #require(try harness.store.run(run))
            #expect(row.graphHash == state.graph.base.hash && row.graphHash != state.graph.hash)
            let request = try #require(try harness.store.humanTasks(HumanTaskFilter()).first)
            _ = try await engine.decide(request.id, approve: true, comment: nil, by: "user:a")
            let ended = try await engine.wait(for: run)
            #expect(ended.status == .completed)
            await #expect(throws: EngineError.self) {
                try await engine.patch(run, PatchRequest(.operations(Self.validate), key: "late"), by: "user:a")
            }
            let copy = RunID(high: 9, low: 9)
            _ = try await engine.replay(ReplayRequest(run, .freeze, id: copy, actor: "user:a"))
            let key = try #require(try harness.store.run(copy)).key
            let report = try engine.reader.replayReport(ofRun: key)
            #expect(report.isSame, "\(report.diff.differences)")
            var names: [String] = []
            try engine.reader.forEachEvent(ofRun: row.key, after: row.lastSequence - 2) { _, _, event, graph in
                if let task = event.task { names.append(graph.nodes[task.node].id) }
            }
            #expect(names.contains("approve"))
        }
    }

    @Test func `too many agents are refused, and the run completes all the same`() async throws {
        let harness = EngineHarness()
        let answers = Mutex2<[PatchRecord]>([])
        let yaml = """
            workflow: order
            limits: {max_agent_nodes: 5}
            nodes: [{id: analyze, type: agent, config: {agent: helper, prompt: p, can_patch: true}}]
            """
        let patches = [Self.agents(6, "a"), Self.agents(3, "b"), Self.agents(3, "c")]
        try await harness.withEngine(Self.script(patches, answers)) { engine in
            let run = try await harness.start(yaml, on: engine)
            #expect(try await engine.wait(for: run).status == .completed)
            let state = try harness.state(of: run, engine)
            #expect(state.root.tasks.count == 4 && state.patches.sequence == 2)
        }
        let found = answers.withLock { $0.map { "\($0.status.rawValue) \(Set($0.findings.map(\.code)))" } }
        #expect(found == ["rejected [\"E505\"]", "applied []", "rejected [\"E505\"]"])
    }

    @Test func `a person's patch is answered once, approved by another, and migrations keep results`() async throws {
        let harness = EngineHarness()
        let yaml = """
            workflow: order
            nodes:
              - {id: a, type: tool, config: {tool: noop}}
              - {id: h, type: human, config: {message: m, kind: approval}, depends_on: [a]}
            """
        try await harness.withEngine(echo) { engine in
            let run = try await harness.start(yaml, on: engine)
            _ = try await harness.wait(for: run, on: engine) { $0.status == .waiting }
            var request = PatchRequest(.operations([PatchTests.add("x", after: ["a"])]), key: "k")
            request.asksFirst = true
            let proposed = try await engine.patch(run, request, by: "user:a")
            #expect(proposed.status == .proposed)
            #expect(try await engine.patch(run, request, by: "user:a") == proposed)
            let review = try #require(proposed.review)
            #expect(try harness.store.humanTask(review.id)?.kind == "decision")
            _ = try await engine.decide(review.id, approve: true, comment: nil, by: "user:b")
            _ = try await harness.wait(for: run, on: engine, withoutEvents: true) { row in
                let state = try? engine.reader.state(ofRun: row.key)
                return state?.patches[1]?.status == .applied && row.status == .waiting
            }
            let newer = yaml.replacing("tool: noop}}", with: "tool: noop, args: {n: 1}}}")
            let version = ResolvedWorkflow(graph: try compile(newer), source: Array(newer.utf8))
            let refused = try await harness.isRefused {
                try await engine.migrate(run, to: version, key: "m", by: "user:a")
            }
            #expect(refused, "x has run and is not in the new version")
            let other = newer + "\n  - {id: y, type: tool, config: {tool: noop}, depends_on: [a]}"
            let last = ResolvedWorkflow(graph: try compile(other), source: Array(other.utf8))
            let moved = try await engine.migrate(run, to: last, renamed: ["x": "y"], key: "m2", by: "user:a")
            #expect(moved.details.isMigration && moved.change?.graph == last.graph.hash)
            let open = try #require(try harness.store.humanTasks(HumanTaskFilter()).first { $0.node == "h" })
            _ = try await engine.decide(open.id, approve: true, comment: nil, by: "user:b")
            #expect(try await engine.wait(for: run).status == .completed)
        }
    }
}

extension EngineHarness {
    fileprivate func isRefused(_ body: () async throws -> PatchRecord) async throws -> Bool {
        do {
            _ = try await body()
            return false
        } catch let error as EngineError {
            return error.code == .conflict
        }
    }
}
