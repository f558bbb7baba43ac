// Baton
// SPDX-License-Identifier: Apache-2.0

import CSQLite
import Glibc
import JSON
import Testing

@testable import Commands

@Suite struct RetentionCommandTests {
    private static let flow = """
        workflow: hello
        outputs: {text: "${ nodes.make.output.text }"}
        nodes:
          - {id: make, type: transform, config: {set: {text: "one"}}}

        """

    /// A folder with so many completed runs, and their ids, the newest first.
    private func program(runs: Int) throws -> (Program, [String]) {
        let program = try Program()
        try program.write("flow.yaml", Self.flow)
        for _ in 0..<runs { #expect(try program.baton("run flow.yaml -q").exit == 0) }
        return (program, try program.baton("run list -o jsonl").lines.compactMap { $0["id"]?.stringValue })
    }

    @Test func `runs whose time is over are deleted, those that are held stay`() throws {
        let (program, ids) = try program(runs: 3)
        #expect(ids.count == 3)
        #expect(try program.baton("retention apply").output == "nothing is due\n")
        #expect(try program.baton("retention hold \(ids[1]) --reason case").output == "\(ids[1]): held\n")
        func retention(_ words: String) throws -> Program.Result {
            try program.shell("BATON_RETENTION_ENDED_RUNS=0s \"$BATON\" retention \(words)")
        }
        let status = try retention("status -o json").json
        #expect(status["due"]?["deleted_runs"] == 2 && status["due"]?["kept_runs"]?["hold"] == 1, "\(status)")
        #expect(status["kept"]?[0]?["held"]?["reason"] == "case" && status["periods"]?["ended_runs"] == "0s")
        let text = try retention("status").output
        #expect(text.contains("would be deleted: 2 ended runs") && text.contains("held by user:ann: case"), "\(text)")
        #expect(try retention("apply --dry-run -o json").json["deleted_runs"] == 2)
        #expect(try program.baton("run list -o jsonl").lines.count == 3)

        let folders = "ls data/workspaces | wc -l"
        let before = try program.shell(folders).output
        let applied = try retention("apply -o json")
        #expect(applied.exit == 0 && applied.json["deleted_runs"] == 2 && applied.json["packed_runs"] == 1)
        #expect(try program.baton("run list -o jsonl").lines.compactMap { $0["id"]?.stringValue } == [ids[1]])
        #expect(try program.shell(folders).output <= before)
        let gone = try program.baton("run get \(ids[0])")
        #expect(gone.exit == 3 && gone.errors.contains("was deleted on"), "\(gone.errors)")
        #expect(try program.baton("run get \(ids[1]) -o json").json["outputs"]?["text"] == "one")
        #expect(try program.baton("retention release \(ids[1])").exit == 0)
        #expect(try retention("apply").output.contains("deleted: 1 ended runs"))
        #expect(try program.baton("run flow.yaml -q").exit == 0)
        #expect(try program.baton("doctor").output.contains("all records intact"))
    }

    @Test func `a packed run is shown as before, and a backup of it is whole`() throws {
        let (program, ids) = try program(runs: 2)
        let words = ["run events \(ids[0]) -o jsonl", "run get \(ids[0]) -o json", "run explain \(ids[0])"]
        let before = try words.map { try program.baton($0).output }
        let applied = try program.shell("BATON_RETENTION_PACKING=0s \"$BATON\" retention apply")
        #expect(applied.output.hasPrefix("packed: 2 logs with"), "\(applied.output)")
        #expect(try words.map { try program.baton($0).output } == before)
        #expect(try program.baton("doctor").output.contains("all records intact"))
        #expect(try program.baton("backup create copy").exit == 0)
        #expect(try program.baton("backup verify copy").exit == 0)
        #expect(try program.baton("backup restore copy --data new").exit == 0)
        // `run get` also tells where the run worked, which is elsewhere now.
        for index in [0, 2] { #expect(try program.baton("\(words[index]) --data new").output == before[index]) }
        #expect(try program.baton("run flow.yaml -q").exit == 0)
        #expect(try program.baton("run list -o jsonl").lines.count == 3)
    }

    @Test func `what an attempt wrote and is not kept any more is said to be gone`() throws {
        let program = try Program()
        let manifest = """
            {"name": "loud", "description": "Writes much", "command": ["sh", "-c", "seq 3000 >&2; echo {}"],
             "input_schema": {"type": "object"}, "output_schema": {"type": "object"}, "effects": "read",
             "idempotent": true, "timeout": "10s"}
            """
        #expect(try program.shell("mkdir tools data && echo 'tools: {dir: ../tools}' > data/config.yaml").exit == 0)
        try program.write("tools/loud.json", manifest)
        try program.write("flow.yaml", "{workflow: loud, nodes: [{id: a, type: tool, config: {tool: loud}}]}")
        guard try program.baton("doctor").output.contains("ok    sandbox") else { return }
        let run = try program.baton("run flow.yaml -q")
        #expect(run.exit == 0, "\(run.errors)")
        #expect(try program.baton("run logs last").output.contains("2999"))
        var handle: OpaquePointer?
        defer { sqlite3_close(handle) }
        #expect(sqlite3_open("\(program.folder)/data/blobs.db", &handle) == SQLITE_OK)
        #expect(sqlite3_exec(handle, "DELETE FROM blob", nil, nil, nil) == SQLITE_OK)
        #expect(try program.baton("run logs last").output.contains("what it wrote is gone"))
        #expect(try program.baton("run logs last -o json").json[0]?["text"] == .null)
    }

    @Test func `what is wrong with the words or the settings is said`() throws {
        let (program, _) = try program(runs: 1)
        #expect(try program.baton("retention hold nothing").exit == 3)
        #expect(try program.baton("retention hold last --data nowhere").exit == 3)
        #expect(try program.baton("retention status --data nowhere").exit == 0)
        #expect(try program.shell("ls").output == "data\nflow.yaml\n", "looking makes no folder")
        let wrong = try program.shell("BATON_RETENTION_LOGS=1h \"$BATON\" retention apply")
        #expect(wrong.exit == 2 && wrong.errors.contains("must be a duration of at least 1d"), "\(wrong.errors)")
    }
}
