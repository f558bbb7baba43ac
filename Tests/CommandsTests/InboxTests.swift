// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Testing

/// `baton inbox`, with the real program.
@Suite struct InboxTests {
    private static let decision = """
        workflow: paint
        outputs: {color: "${ nodes.ask.output.choice }", size: "${ nodes.ask.output.values.size }"}
        nodes:
          - id: ask
            type: human
            config:
              kind: decision
              title: Which colour?
              message: The wall is ${ 3 + 4 } m wide.
              choices: [{id: red, label: Bright red}, {id: blue, effect: cheaper}]
              form:
                type: object
                required: [size]
                properties: {size: {type: integer, description: of the brush}, note: {type: string}}
              evidence: [{wall: north}]
              assignees: ["role:painter"]
              deadline: 2h
              on_expire: choice:red
        """
    /// Fails until somebody makes a file.
    private static let failing = """
        workflow: fragile
        outputs: {text: "${ nodes.work.output.stdout }"}
        nodes:
          - {id: work, type: shell.exec, on_exhausted: escalate, config: {command: "cat made"}}
        """

    @Test func `a request is listed, shown in full, and answered with a choice and values`() throws {
        let program = try Program()
        try program.write("flow.yaml", Self.decision)
        #expect(try program.baton("inbox show last").exit == 3)
        let started = try program.baton("run flow.yaml")
        #expect(started.exit == 8)
        let id = try #require(try program.baton("inbox list -o jsonl").lines.first?["id"]?.stringValue)
        #expect(started.output.contains("baton inbox answer \(id) --choice blue --set NAME=VALUE"))
        let list = try program.baton("inbox list --run last").output
        #expect(list.contains("decision") && list.contains("Which colour?") && list.contains("open"))
        let shown = try program.baton("inbox show last").output
        for part in [
            "\(id) open: Which colour?", "for: role:painter", "then: choice:red", "  | The wall is 7 m wide.",
            "wall: north", "size (integer, required): of the brush", "red: Bright red", "blue: (cheaper)",
        ] {
            #expect(shown.contains(part), "\(part):\n\(shown)")
        }
        let json = try program.baton("inbox show last -o json").json
        #expect(json["evidence"] == [["wall": "north"]] && json["quorum"] == 1 && json["on_expire"] == "choice:red")

        for (words, text) in [
            ("--choice green", "there are `red`, `blue`"), ("--choice blue", "size"),
            ("--choice blue --set size=big", "/size: must be an integer"),
        ] {
            let refused = try program.baton("inbox answer last \(words)")
            #expect(refused.exit == 2 && refused.errors.contains(text), "\(words): \(refused.errors)")
        }
        let answer = try program.baton(
            "inbox answer last --choice blue --set size=3 --set note=7 --comment so -o jsonl"
        )
        #expect(answer.exit == 0, "\(answer.errors)")
        let run = try program.baton("run get last -o json").json
        #expect(run["outputs"] == ["color": "blue", "size": 3])
        #expect(run["tasks"]?[0]?["output"]?["values"] == ["size": 3, "note": "7"])
        let again = try program.baton("inbox answer \(id) --choice blue")
        #expect(again.exit == 0 && again.output.contains("nothing was changed"))
        #expect(try program.baton("inbox answer \(id) --choice red").exit == 4)
        #expect(try program.shell("USER=bob \"$BATON\" inbox answer \(id) --choice blue").exit == 4)
        let decided = try program.baton("inbox show \(id) -o json").json["decisions"]?[0]
        #expect(decided?["by"] == "user:ann" && decided?["via"] == "cli" && decided?["comment"] == "so")
    }

    @Test func `a claimed request is answered by nobody else, and others may be asked`() throws {
        let program = try Program()
        try program.write("flow.yaml", Self.decision)
        #expect(try program.baton("run start flow.yaml -q").exit == 8)
        #expect(try program.baton("inbox claim last").output.contains("is yours until"))
        for words in [
            "answer last --choice red --set size=1", "claim last", "release last", "reassign last --to owner",
        ] {
            let refused = try program.shell("USER=bob \"$BATON\" inbox \(words)")
            #expect(refused.exit == 4 && refused.errors.contains("claimed by user:ann"), "\(words): \(refused.errors)")
        }
        #expect(try program.baton("run explain last").output.contains("user:ann has claimed it"))
        #expect(try program.baton("inbox release last").exit == 0)
        #expect(try program.baton("inbox release last").exit == 4)
        #expect(try program.baton("inbox reassign last --to bob").exit == 2)
        let asked = try program.baton("inbox reassign last --to user:bob --to role:boss -o json").json
        #expect(asked["assignees"] == ["user:bob", "role:boss"])
        let answer = try program.shell("USER=bob \"$BATON\" inbox answer last --choice red --set size=1 --no-follow")
        #expect(answer.exit == 0 && answer.output.contains("is answered: red"), "\(answer.errors)")
    }

    @Test func `a task that cannot go on is named with what a person can do about it`() throws {
        let program = try Program()
        try program.write("flow.yaml", Self.failing)
        let started = try program.baton("run start flow.yaml --follow")
        #expect(started.exit == 8, "\(started.errors)")
        #expect(started.output.contains("a person has to decide: `work` failed: tool.failed"))
        let id = try #require(try program.baton("inbox list -o jsonl").lines.first?["id"]?.stringValue)
        #expect(started.output.contains("baton inbox answer \(id) --choice retry --guidance TEXT"))
        let waiting = try program.baton("run get last -o json").json
        #expect(waiting["status"] == "waiting" && waiting["tasks"]?[0]?["status"] == "needs_review")
        let explained = try program.baton("run explain last -o json").json["waiting_for"]?[0]
        #expect(explained?["kind"] == "review" && explained?["human_task"] == .string(id))
        let shown = try program.baton("inbox show last").output
        #expect(shown.contains("attempt 1 (permanent): tool.failed") && shown.contains("take_over"))

        let again = try program.baton("inbox answer last --choice retry --guidance 'use made'")
        #expect(again.exit == 8, "it fails again")
        let retried = try program.shell(
            "cd data/workspaces/run_* && echo good > made && \"$BATON\" inbox answer last --choice retry -o jsonl"
        )
        #expect(retried.exit == 0, "\(retried.errors)")
        let run = try program.baton("run get last -o json").json
        #expect(run["outputs"]?["text"] == "good\n" && run["tasks"]?[0]?["guidance"] == ["use made"])
        #expect(run["tasks"]?[0]?["attempts"] == 3)
    }

    @Test func `a task is taken over by a person`() throws {
        let program = try Program()
        try program.write("flow.yaml", Self.failing)
        #expect(try program.baton("run start flow.yaml -q").exit == 8)
        #expect(try program.baton("inbox answer last --choice take_over").errors.contains("/result"))
        let taken = try program.baton(#"inbox answer last --choice take_over --set result='{"stdout": "by hand"}'"#)
        #expect(taken.exit == 0, "\(taken.errors)")
        #expect(try program.baton("run get last -o json").json["outputs"]?["text"] == "by hand")
    }

    @Test func `a run that pauses for a failed task tries again when it is resumed`() throws {
        let program = try Program()
        try program.write("flow.yaml", Self.failing.replacing("escalate", with: "pause"))
        let paused = try program.baton("run flow.yaml")
        #expect(paused.exit == 0 && paused.output.contains("paused"), "\(paused.output)")
        #expect(try program.baton("run explain last").output.contains("`work` failed"))
        let resumed = try program.shell(
            "cd data/workspaces/run_* && echo good > made && \"$BATON\" run resume last -o json"
        )
        #expect(resumed.exit == 0 && resumed.json["status"] == "completed", "\(resumed.errors)")
    }
}
