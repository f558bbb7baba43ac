// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Testing

@testable import Commands

@Suite struct PatchCommandTests {
    private static let workflow = """
        workflow: files
        nodes:
          - {id: a, type: fs.write, config: {path: a.txt, content: one}}
          - {id: ask, type: human, config: {message: go on}, depends_on: [a]}
          - {id: b, type: fs.write, config: {path: b.txt, content: two}, depends_on: [ask]}
        """

    private static func patch(_ id: String) -> String {
        """
        {"description": "one more", "ops": [{"op": "add", "path": "/nodes/-", "value":
          {"id": "\(id)", "type": "fs.write", "config": {"path": "\(id).txt", "content": "three"}, "depends_on": ["ask"]}}]}
        """
    }

    @Test func `a run that waits is patched, shown, undone and goes on`() throws {
        let program = try Program()
        try program.write("flow.yaml", Self.workflow)
        try program.write("x.json", Self.patch("x"))
        try program.write("y.json", Self.patch("y"))
        try program.write(
            "bad.json",
            #"[{"op": "remove", "path": "/nodes/@a"}, {"op": "remove", "path": "/nodes/@ask"}]"#
        )
        #expect(try program.baton("run flow.yaml").exit == 8)
        let applied = try program.baton("run patch last --file x.json --key k -o json")
        #expect(applied.exit == 0 && applied.json["status"] == "applied", "\(applied.output)\(applied.errors)")
        #expect(applied.json["added"] == ["x"])
        #expect(try program.baton("run patch last --file x.json --key k -o json").json["seq"] == 1)
        let bad = try program.baton("run patch last --file bad.json -o json")
        #expect(bad.exit == 2 && bad.errors.contains("patch.invalid") && bad.errors.contains("E504"), "\(bad.errors)")
        #expect(try program.baton("run patch last --file y.json --base 0").exit == 2)
        #expect(try program.baton("run patch last").exit == 2)
        let asked = try program.baton("run patch last --file y.json --ask")
        #expect(asked.exit == 8 && asked.output.contains("baton inbox approve"), "\(asked.output)\(asked.errors)")
        let undone = try program.baton("run patch last --undo 1")
        #expect(undone.exit == 0 && undone.output.contains("takes back 1"), "\(undone.output)\(undone.errors)")
        let list = try program.baton("run patches last -o json").json.arrayValue?.map { $0["status"] }
        #expect(list == ["reverted", "rejected", "rejected", "proposed", "applied"], "\(String(describing: list))")
        let one = try program.baton("run patches last 1 -o json").json
        #expect(one["reverted_by"] == 5 && one["ops"]?.arrayValue?.count == 1 && one["description"] == "one more")
        #expect(try program.baton("run patches last 99").exit == 3)
        let requests = try program.baton("inbox list -o json").json.arrayValue ?? []
        let review = try #require(requests.first { $0["kind"] == "decision" }?["id"]?.stringValue)
        let approved = try program.baton("inbox approve \(review)")
        #expect(approved.exit == 8, "\(approved.output)\(approved.errors)")
        let ask = try #require(requests.first { $0["kind"] == "approval" }?["id"]?.stringValue)
        let ended = try program.baton("inbox approve \(ask)")
        #expect(ended.exit == 0, "\(ended.output)\(ended.errors)")
        #expect(try program.shell("ls data/workspaces/*/").output == "a.txt\nb.txt\ny.txt\n")
        #expect(try program.baton("run patch last --file x.json").exit == 4)
        let types = try program.baton("run events last -o jsonl").lines.compactMap { $0["type"]?.stringValue }
        for type in ["graph.patched", "patch.rejected", "patch.proposed", "patch.reverted"] {
            #expect(types.contains(type), "\(type)")
        }
        let run = try #require(try program.baton("run list -o json").json.arrayValue?.first?["id"]?.stringValue)
        #expect(try program.baton("workflow diff flow.yaml \(run) -o json").output.contains("\"y\""))
    }

    @Test func `a run goes on with a newer version`() throws {
        let program = try Program()
        try program.write("flow.yaml", Self.workflow)
        #expect(try program.baton("workflow publish flow.yaml").exit == 0)
        #expect(try program.baton("run files").exit == 8)
        try program.write(
            "flow.yaml",
            Self.workflow.replacing("two", with: "newer").replacing("id: a,", with: "id: first,")
                .replacing("[a]", with: "[first]")
        )
        #expect(try program.baton("workflow publish flow.yaml").exit == 0)
        let refused = try program.baton("run migrate last --to files --dry-run -o json")
        #expect(
            refused.exit == 4 && refused.json["conflicts"]?.arrayValue?.count == 1,
            "\(refused.output)\(refused.errors)"
        )
        let dry = try program.baton("run migrate last --to files --map a=first --dry-run -o json")
        #expect(dry.exit == 0 && dry.json["kept"] == ["first", "ask"], "\(dry.output)\(dry.errors)")
        #expect(try program.baton("run migrate last --to files").exit == 4)
        let moved = try program.baton("run migrate last --to files --map a=first")
        #expect(moved.exit == 0 && moved.output.contains("goes on with"), "\(moved.output)\(moved.errors)")
        #expect(try program.baton("inbox approve last").exit == 0)
        #expect(try program.shell("cat data/workspaces/*/b.txt").output == "newer")
        #expect(try program.baton("run list -o json").json.arrayValue?.first?["tasks_ended"] == 3)
    }
}
