// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Testing

@testable import Commands

@Suite struct SignalCommandTests {
    @Test func `a signal that is sent before the run is driven ends its wait`() throws {
        let program = try Program()
        try program.write(
            "flow.yaml",
            """
            workflow: flow
            outputs: {amount: "${ nodes.paid.output.signal.amount }"}
            nodes: [{id: paid, type: wait, config: {signal: {type: payment}}}]
            """
        )
        let started = try program.baton("run flow.yaml")
        #expect(started.exit == 8 && started.output.contains("baton signal send run_"), "\(started.output)")
        let sent = try program.baton("signal send last payment --payload '{\"amount\":7}' --dedupe-key k")
        #expect(sent.exit == 0 && sent.output.contains("payment went to 1 run"), "\(sent.errors)")
        #expect(try program.baton("run get last -o json").json["outputs"] == ["amount": 7])
        #expect(try program.baton("signal send last payment").exit == 4)
        #expect(try program.baton("signal send nobody payment").exit == 3)
    }

    @Test func `a published workflow runs as a child`() throws {
        let program = try Program()
        try program.write(
            "child.yaml",
            """
            workflow: child
            inputs: {n: {type: integer}}
            outputs: {twice: "${ nodes.a.output }"}
            nodes: [{id: a, type: transform, config: {expr: inputs.n * 2}}]
            """
        )
        try program.write(
            "parent.yaml",
            """
            workflow: parent
            outputs: {answer: "${ nodes.ask.output.twice }"}
            nodes: [{id: ask, type: workflow, config: {workflow: child, inputs: {n: 21}}}]
            """
        )
        let early = try program.baton("run parent.yaml")
        #expect(early.exit == 1)
        #expect(early.errors.contains("child.failed"))
        #expect(try program.baton("workflow publish child.yaml").exit == 0)
        let run = try program.baton("run parent.yaml -o json")
        #expect(run.json["outputs"] == ["answer": 42], "\(run.errors)")
    }

    @Test func `what explain and a run that waits tell to type names the data folder that was given`() throws {
        let program = try Program()
        try program.write(
            "flow.yaml",
            "workflow: flow\nnodes: [{id: paid, type: wait, config: {signal: {type: payment}}}]\n"
        )
        let started = try program.baton("run flow.yaml --data other")
        #expect(started.exit == 8 && started.output.contains(" payment --data "), "\(started.output)")
        let told = try program.baton("run explain last --data other")
        #expect(told.output.contains(" payment --data "), "\(told.output)")
        let commands = try program.baton("run explain last --data other -o json").json["waiting_for"]?[0]?["commands"]
        #expect(commands?[0]?.stringValue?.contains(" payment --data ") == true, "\(String(describing: commands))")
        #expect(try program.baton("run explain last").exit == 3)
    }
}
