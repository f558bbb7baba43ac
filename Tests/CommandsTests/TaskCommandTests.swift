// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Testing

@testable import Commands

/// Single tasks and what `explain` says beside causes, with the real program.
@Suite struct TaskCommandTests {
    @Test func `one task is cancelled and the run goes on, and explain shows timer, path and limits`() throws {
        let program = try Program()
        _ = try program.shell("mkdir -p data")
        try program.write("data/config.yaml", "sandbox: {require: false}\n")
        try program.write(
            "flow.yaml",
            """
            workflow: flow
            deadline: 2h
            limits: {max_parallel: 3}
            nodes:
              - {id: a, type: shell.exec, config: {command: "echo a"}}
              - {id: ask, type: human, depends_on: [a], config: {message: Well?, deadline: 1h}}
              - {id: after, type: shell.exec, depends_on: [ask], config: {command: "echo after"}}
              - {id: clean, type: shell.exec, join: done, depends_on: [ask], config: {command: "echo clean"}}
            """
        )
        #expect(try program.baton("run flow.yaml").exit == 8)
        let text = try program.baton("run explain last").output
        #expect(text.contains("next timer: people are reminded of the request of `ask` at "), "\(text)")
        #expect(text.contains("critical path: a ") && text.contains(" → ask ") && text.contains(" → after"), "\(text)")
        #expect(text.contains("limits: max_parallel 0 of 3; max_events "), "\(text)")
        let json = try program.baton("run explain last -o json").json
        #expect(json["next_timer"]?["task"] == "ask" && json["limits"]?["max_parallel"]?["limit"] == 3)

        #expect(try program.baton("task cancel last nobody").exit == 2)
        #expect(try program.baton("task cancel last a").exit == 4)
        let cancelled = try program.baton("task cancel last ask --reason 'nobody is there'")
        #expect(cancelled.exit == 0, "\(cancelled.output) \(cancelled.errors)")
        let tasks = try program.baton("run get last -o json").json["tasks"]?.arrayValue ?? []
        #expect(tasks.map { $0["status"] } == ["completed", "cancelled", "skipped", "completed"])
        #expect(try program.baton("run events last -o jsonl").output.contains("requested: nobody is there"))
        #expect(try program.baton("task cancel last clean").exit == 4)
        #expect(try program.baton("run explain last").output.contains("next timer") == false)
    }
}
