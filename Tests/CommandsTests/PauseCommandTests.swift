// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Testing

@testable import Commands

@Suite struct PauseCommandTests {
    private func program() throws -> Program {
        let program = try Program()
        try program.write(
            "two.yaml",
            """
            workflow: two
            nodes:
              - {id: first, type: transform, config: {expr: "1"}}
              - {id: ask, type: human, config: {message: Well?}, depends_on: [first]}
              - {id: last, type: transform, config: {expr: "2"}, depends_on: [ask]}
            """
        )
        return program
    }

    @Test func `a workflow, a queue and all work are paused, shown, explained and resumed`() throws {
        let program = try program()
        #expect(try program.baton("pause list").errors.contains("nothing is paused"))
        let paused = try program.baton("pause workflow two --reason 'we move' -o json")
        #expect(paused.exit == 0, "\(paused.errors)")
        #expect(paused.json["scope"] == "workflow" && paused.json["name"] == "two" && paused.json["by"] == "user:ann")
        #expect(try program.baton("pause workflow two").exit == 4)
        #expect(try program.baton("pause all").output == "all work is paused\n")
        #expect(try program.baton("pause queue http").exit == 0)
        #expect(try program.baton("pause list -o json").json.arrayValue?.count == 3)
        #expect(try program.baton("pause list").output.contains("we move"))

        // A run of it is taken, and waits.
        let started = try program.baton("run two.yaml")
        #expect(started.exit == 0, "\(started.errors)")
        #expect(started.output.contains("workflow `two` was paused by user:ann (we move)"), "\(started.output)")
        #expect(started.output.contains("baton resume workflow two"))
        let explained = try program.baton("run explain last -o json").json
        #expect(explained["status"] == "queued" && explained["waiting_for"]?[0]?["kind"] == "paused")
        #expect(explained["waiting_for"]?[0]?["commands"] == ["baton resume all", "baton resume workflow two"])

        #expect(try program.baton("resume all").output == "all work is not paused any more\n")
        #expect(try program.baton("resume all").exit == 4)
        #expect(try program.baton("run resume last").output.contains("workflow `two` was paused"))
        #expect(try program.baton("resume workflow two").exit == 0)
        #expect(try program.baton("run resume last").exit == 8)
        #expect(try program.baton("run get last -o json").json["status"] == "waiting")
        #expect(try program.baton("pause workflow").exit == 2)
        #expect(try program.baton("pause project ''").exit == 2)
    }

    @Test func `terminate ends a run and undoes nothing`() throws {
        let program = try program()
        #expect(try program.baton("run two.yaml").exit == 8)
        #expect(try program.baton("run terminate last --reason 'it hangs' -o json").json["status"] == "terminated")
        #expect(try program.baton("run get last -o json").json["status"] == "cancelled")
        #expect(try program.baton("run events last").output.contains("terminated"))
        #expect(try program.baton("run terminate last").exit == 4)
    }
}
