// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Testing

@testable import Commands

/// Going back with the real program.
@Suite struct AgainCommandTests {
    private static let flow = """
        workflow: flow
        inputs: {n: {type: string, default: "1"}}
        outputs: {last: "${ nodes.c.output.stdout }"}
        nodes:
          - {id: a, type: shell.exec, config: {command: "echo a"}}
          - {id: b, type: shell.exec, depends_on: [a], config: {command: "test $N != 1 && echo b$N", env: {N: "${ inputs.n }"}}}
          - {id: c, type: shell.exec, depends_on: [b], cache: {ttl: 1h, scope: workflow}, config: {command: "echo c"}}
        """

    @Test func `runs are forked, done again, replayed, compared and read as they were`() throws {
        let program = try Program()
        _ = try program.shell("mkdir -p data")
        try program.write("data/config.yaml", "sandbox: {require: false}\n")
        try program.write("flow.yaml", Self.flow)
        #expect(try program.baton("run flow.yaml").exit == 1)
        #expect(try program.baton("run retry last").exit == 1, "the same inputs fail again")
        let origin = try program.baton("run list -o json").json[0]?["id"]?.stringValue ?? ""

        let completed = try program.baton("run get last -o json").json
        #expect(completed["status"] == "failed")
        let events = try program.baton("run events last -o jsonl").output.split(separator: "\n")
        let ended = try #require(events.firstIndex { $0.contains("task.completed") && $0.contains("\"a\"") }) + 1
        let early = try program.baton("run get last --at \(ended) -o json").json
        #expect(early["status"] == "running", "\(early)")

        #expect(try program.baton("run fork last --at \(ended) --input n=2").exit == 0)
        let forked = try program.baton("run events last -o jsonl").output
        #expect(forked.components("\"task.started\"") == 4, "a was not started again: \(forked)")
        #expect(try program.baton("run diff \(origin) last").output.contains("their inputs differ"))

        let replayed = try program.baton("run replay last")
        #expect(replayed.exit == 0 && replayed.output.contains("all 3 tasks came out the same"), "\(replayed.errors)")
        #expect(try program.baton("run replay \(origin) --mode shadow").exit == 0)

        #expect(try program.baton("run flow.yaml --input n=3").exit == 0)
        #expect(try program.baton("run rerun last --from b").exit == 0)
        #expect(try program.baton("cache stats").output.contains("used "))
        #expect(try program.baton("cache invalidate --workflow flow").output == "1 outputs removed\n")
        #expect(try program.baton("run replay nobody").exit == 3)
    }
}

extension String {
    fileprivate func components(_ part: String) -> Int { ranges(of: part).count }
}
