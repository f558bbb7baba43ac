// Baton
// SPDX-License-Identifier: Apache-2.0

import BatonTesting
import Testing

/// The kit as somebody uses it who tests a workflow.
@Suite struct WorkflowTestTests {
    private static let order = """
        workflow: order
        inputs: {amount: {type: integer}}
        outputs: {receipt: "${ nodes.charge.output.id }"}
        nodes:
          - {id: ask, type: human, config: {message: "Charge ${ string(inputs.amount) }?", deadline: 7d}}
          - id: charge
            type: pay
            depends_on: [ask]
            when: nodes.ask.output.approved
            retry: {max_attempts: 3, delay: 10s, jitter: 0}
            config: {amount: "${ inputs.amount }"}
          - {id: cool, type: wait, depends_on: [charge], config: {for: 2d}}
          - {id: tell, type: http, depends_on: [cool], config: {method: POST, url: "https://example.org/done"}}
        """

    @Test func `a workflow with a person, a retry and a wait of two days takes no time`() throws {
        let pay = ScriptedTool(.fails(.transient), .returns(["id": "r1"]).after(.seconds(3)))
        let test = try WorkflowTest(Self.order, tools: ["pay": pay, "http": ScriptedTool(.returns(["status": 200]))])
        let run = try test.start(["amount": 5])
        #expect(try test.status(of: run) == .waiting)
        #expect(try test.explanation(of: run).waitingFor.first?.cause.kind == "human")
        test.advance(by: .seconds(6 * 24 * 3600))
        try test.decide("ask", of: run, approve: true)
        test.advance(by: .seconds(1))
        #expect(test.calls.map(\.attempt) == [1])
        test.advance(by: .seconds(13))
        #expect(test.calls.map(\.attempt) == [1, 2])
        #expect(test.calls.map(\.arguments) == [["amount": 5], ["amount": 5]])
        #expect(Set(test.calls.map(\.idempotencyKey)).count == 1)
        test.advance(by: .seconds(2 * 24 * 3600))
        #expect(try test.status(of: run) == .completed)
        #expect(try test.outputs(of: run) == ["receipt": "r1"])
        #expect(test.calls.last?.tool == "http")
    }

    @Test func `checks find what the test says, and pass where it says nothing`() throws {
        let workflow = """
            workflow: checked
            outputs: {n: "${ nodes.a.output }"}
            nodes:
              - id: a
                type: make
                retry: {max_attempts: 2, delay: 10s, jitter: 0}
                verify: [{kind: command, run: [make, test]}, {kind: judge, criteria: good}]
            """
        let tools = [
            "make": ScriptedTool(.returns(1), .returns(2)),
            "check.command": ScriptedTool(.fails(.permanent, message: "2 tests failed"), .returns(["exit_code": 0])),
        ]
        let test = try WorkflowTest(workflow, tools: tools)
        let run = try test.start()
        test.advance(by: .seconds(20))
        #expect(try test.status(of: run) == .completed && test.outputs(of: run) == ["n": 2])
        #expect(test.calls.map(\.tool) == ["make", "check.command", "make", "check.command"])
        #expect(test.calls[1].arguments == ["run": ["make", "test"], "output": 1])
    }

    @Test func `a crash makes an attempt in flight again, and nothing that completed`() throws {
        let text = """
            workflow: w
            nodes:
              - {id: a, type: tool, config: {tool: first}}
              - {id: b, type: tool, depends_on: [a], config: {tool: second}}
            """
        let test = try WorkflowTest(
            text,
            tools: ["first": .echo, "second": ScriptedTool(.hangs, .returns(2))]
        )
        let run = try test.start()
        test.advance(by: .seconds(1))
        test.crash()
        test.advance(by: .seconds(1))
        #expect(test.calls.map(\.node) == ["a", "b", "b"])
        #expect(try test.status(of: run) == .completed)
    }

    @Test func `a call that hangs ends at its timeout, and a signal reaches its wait`() throws {
        let text = """
            workflow: w
            nodes:
              - {id: a, type: tool, timeout: 5s, retry: {max_attempts: 1}, continue_on_failure: true, config: {tool: slow}}
              - {id: b, type: wait, depends_on: [a], config: {signal: {type: go}}}
            """
        let test = try WorkflowTest(text, tools: ["slow": ScriptedTool(.hangs)])
        let run = try test.start()
        test.advance(by: .seconds(6))
        #expect(try test.explanation(of: run).waitingFor.first?.cause.kind == "signal")
        try test.signal(run, type: "go")
        #expect(try test.status(of: run) == .completed)
    }

    @Test func `what is wrong is said`() throws {
        #expect(throws: WorkflowTest.InvalidDocument.self) { try WorkflowTest("workflow: w", tools: [:]) }
        let test = try WorkflowTest(Self.order, tools: ["pay": .echo, "http": .echo])
        #expect(throws: EngineError.self) { try test.start(["amount": "much"]) }
        let run = try test.start(["amount": 1])
        #expect(throws: EngineError.self) { try test.decide("charge", of: run, approve: true) }
        try test.control(run, .cancel(reason: nil))
        #expect(throws: EngineError.self) { try test.control(run, .cancel(reason: nil)) }
        #expect(try test.status(of: run) == .cancelled)
    }
}
