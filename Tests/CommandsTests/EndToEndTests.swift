// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Testing

@testable import Commands

@Suite struct EndToEndTests {
    private static let approval = """
        workflow: approval
        inputs: {name: {type: string}, limit: {type: integer, default: 5}}
        outputs: {choice: "${ nodes.ask.output.choice }", made: "${ nodes.make.output.text }"}
        nodes:
          - {id: make, type: transform, config: {set: {text: "for ${ inputs.name }"}}}
          - {id: ask, type: human, depends_on: [make], config: {kind: approval, title: Release, message: "Release ${ inputs.name }?", deadline: 8h}}
          - {id: rest, type: wait, depends_on: [ask], config: {for: 100ms}}
        """
    /// Waits long enough for a test to look at it meanwhile.
    private static let slow = """
        workflow: slow
        nodes:
          - {id: first, type: wait, config: {for: 3s}}
          - {id: last, type: transform, depends_on: [first], config: {set: {done: true}}}
        """
    private static let failing = """
        workflow: failing
        nodes:
          - {id: bad, type: http, retry: {max_attempts: 1}, config: {url: "http://127.0.0.1:1/x"}}
          - {id: after, type: transform, depends_on: [bad], config: {set: {x: 1}}}
        """

    @Test func `documents are checked with file, line and code`() throws {
        let program = try Program()
        try program.write("good.yaml", Self.approval)
        try program.write("bad.yaml", "workflow: bad\nnodes:\n  - {id: a, type: transfrom}\n")
        let good = try program.baton("workflow validate good.yaml")
        #expect(good.exit == 0)
        #expect(good.output.contains("good.yaml: ok (3 nodes, 2 edges, sha256:"))
        let bad = try program.baton("workflow validate good.yaml bad.yaml")
        #expect(bad.exit == 2)
        #expect(bad.output.contains("bad.yaml:3:19: error E401: "))
        let json = try program.baton("workflow validate bad.yaml -o json")
        #expect(json.exit == 2)
        #expect(json.json[0]?["diagnostics"]?[0]?["code"] == "E401")
        #expect(try program.baton("workflow validate none.yaml").exit == 3)
        #expect(try program.baton("workflow graph good.yaml --format dot").output.hasPrefix("digraph"))
        #expect(try program.shell("ls data").exit != 0, "checking a document makes no data folder")
    }

    @Test func `a run waits for a person, who answers exactly once`() throws {
        let program = try Program()
        try program.write("flow.yaml", Self.approval)
        let missing = try program.baton("run flow.yaml")
        #expect(missing.exit == 2 && missing.errors.contains("input `name` is required"))

        let started = try program.baton("run flow.yaml --input name=it")
        #expect(started.exit == 8, "\(started.errors)")
        #expect(started.output.contains("a person has to answer: Release"))
        #expect(started.output.contains("  | Release it?"))
        #expect(started.errors.contains("human_task.opened ask"))
        let request = try #require(try program.baton("inbox list -o jsonl").lines.first?["id"]?.stringValue)
        #expect(started.output.contains("baton inbox approve \(request)"))
        #expect(try program.baton("run list --status waiting -o jsonl").lines.first?["reason"] == "human")
        #expect(try program.baton("run explain last -o json").json["waiting_for"]?[0]?["kind"] == "human")

        #expect(try program.baton("inbox reject \(request)").exit == 2)
        let answer = try program.baton("approve \(request) --comment fine")
        #expect(answer.exit == 0, "\(answer.errors)")
        #expect(answer.output.contains("choice: approve") && answer.output.contains("made: for it"))
        let again = try program.baton("inbox approve \(request)")
        #expect(
            again.exit == 0 && again.output.contains("approved by user:ann")
                && again.output.contains("nothing was changed")
        )
        let other = try program.baton("inbox reject \(request) --comment no -o json")
        #expect(other.exit == 4 && other.errors.contains("\"human_task.closed\""))

        let run = try program.baton("run get last -o json").json
        #expect(
            run["status"] == "completed" && run["outputs"]?["choice"] == "approve"
                && run["tasks"]?[1]?["status"] == "completed"
        )
        let events = try program.baton("run events last -o jsonl").lines
        #expect(events.map { $0["run_seq"]?.intValue } == (1...Int64(events.count)).map { $0 })
        #expect(events.last?["type"] == "run.completed")
        #expect(try program.baton("run events last --after \(events.count - 1) -o jsonl").lines.count == 1)
        #expect(try program.baton("run resume last").exit == 4)
    }

    @Test func `only an answer may be left and driven on later`() throws {
        let program = try Program()
        try program.write("flow.yaml", Self.approval)
        let started = try program.baton("run start flow.yaml -i name=it")
        #expect(started.exit == 8)
        #expect(started.output.split(separator: "\n").prefix(2).map { $0.hasPrefix("run_") } == [true, false])
        let answer = try program.baton("inbox reject last --comment late --no-follow")
        #expect(answer.exit == 0 && answer.output.contains("run resume run_"))
        let resumed = try program.baton("run resume last -o json")
        #expect(resumed.exit == 0 && resumed.json["outputs"]?["choice"] == "reject")
    }

    @Test func `a run that failed says why`() throws {
        let program = try Program()
        try program.write("flow.yaml", Self.failing)
        let refused = try program.baton("run flow.yaml")
        #expect(refused.exit == 2 && refused.errors.contains("E405"), "the compiler knows the policy")
        let failed = try program.shell("BATON_SANDBOX_NETWORK=127.0.0.1:1 \"$BATON\" run flow.yaml")
        #expect(failed.exit == 1, "\(failed.errors)")
        #expect(failed.output.contains("`bad` failed after"))
        #expect(try program.baton("run logs last --errors").output.contains("bad |"))
        #expect(try program.baton("run logs last --node bda").errors.contains("did you mean `bad`?"))
    }

    @Test func `a second process is told who drives, and may read`() throws {
        let program = try Program()
        try program.write("flow.yaml", Self.slow)
        let result = try program.shell(
            """
            "$BATON" run flow.yaml & driver=$!
            until "$BATON" run list -o jsonl -q 2>/dev/null | grep -q '"waiting"'; do :; done
            "$BATON" run start flow.yaml; echo "second $?"
            "$BATON" run get last -o jsonl
            kill -INT $driver; wait $driver; echo "driver $?"
            "$BATON" run resume last; echo "resumed $?"
            """
        )
        #expect(result.output.contains("second 5"))
        #expect(result.errors.contains("baton: store.unavailable: Process "))
        #expect(result.output.contains("\"node\":\"first\",\"kind\":\"wait\",\"status\":\"waiting\""))
        #expect(result.output.contains("driver 130"))
        #expect(result.errors.contains("is durable; `baton run resume run_"))
        #expect(result.output.contains("resumed 0"), "\(result.errors)")
    }

    @Test func `a killed process loses nothing`() throws {
        let program = try Program()
        try program.write("flow.yaml", Self.slow)
        let result = try program.shell(
            """
            "$BATON" run flow.yaml & driver=$!
            until "$BATON" run list -o jsonl -q 2>/dev/null | grep -q '"waiting"'; do :; done
            kill -KILL $driver; wait $driver
            "$BATON" run resume last -o json
            """
        )
        #expect(result.exit == 0)
        #expect(result.json["status"] == "completed", "\(result.errors)")
    }

    @Test func `a run is paused, resumed and cancelled`() throws {
        let program = try Program()
        try program.write("flow.yaml", Self.approval)
        #expect(try program.baton("run start flow.yaml -i name=x -q").exit == 8)
        #expect(try program.baton("run pause last --reason lunch").exit == 0)
        #expect(try program.baton("run pause last").exit == 4)
        #expect(try program.baton("run explain last").output.contains("paused by user:ann"))
        #expect(try program.baton("run resume last").exit == 8)
        #expect(try program.baton("run cancel last --reason over").exit == 0)
        #expect(try program.baton("run cancel last").exit == 4)
        let open = try program.baton("inbox list -o json").json
        #expect(open == [])
        #expect(try program.baton("inbox list --all -o json").json[0]?["status"] == "cancelled")
    }

    @Test func `the same id and content are the same run`() throws {
        let program = try Program()
        try program.write("flow.yaml", Self.approval)
        let id = "run_01jd0000000000000000000000"
        let first = try program.baton("run start flow.yaml -i name=x --id \(id)")
        #expect(first.exit == 8 && first.output.hasPrefix(id))
        #expect(try program.baton("run start flow.yaml -i name=x --id \(id)").exit == 8)
        #expect(try program.baton("run start flow.yaml -i name=y --id \(id)").exit == 4)
        #expect(try program.baton("run list -o jsonl").lines.count == 1)
        #expect(try program.baton("run get run_01jd -o json").json["id"] == .string(id))
        #expect(try program.baton("run get 01jd -o json").json["id"] == .string(id))
        #expect(try program.baton("run get run_02").exit == 3)
    }

    @Test func `events are followed as lines of JSON`() throws {
        let program = try Program()
        try program.write("flow.yaml", Self.approval)
        let followed = try program.baton("run flow.yaml -i name=x -o jsonl")
        #expect(followed.exit == 8)
        #expect(followed.lines.first?["type"] == "run.queued")
        #expect(followed.lines.last?["type"] == "run.waiting")
        #expect(followed.lines.count == followed.output.split(separator: "\n").count)
        #expect(followed.output == (try program.baton("run events last -o jsonl").output))
    }

    @Test func `tools of a run work in its workspace, which stays`() throws {
        let program = try Program()
        try program.write(
            "flow.yaml",
            """
            workflow: files
            outputs: {text: "${ nodes.read.output.content }"}
            nodes:
              - {id: write, type: fs.write, config: {path: a.txt, content: kept}}
              - {id: read, type: fs.read, depends_on: [write], config: {path: a.txt}}
            """
        )
        let run = try program.baton("run start flow.yaml -o json")
        #expect(run.exit == 0, "\(run.output)")
        #expect(run.json["outputs"]?["text"] == "kept")
        let workspace = try #require(run.json["workspace"]?.stringValue)
        #expect(try program.shell("cat \(workspace)/a.txt && stat -c %a \(workspace)").output == "kept700\n")
    }

    @Test func `tools are called by hand`() throws {
        let program = try Program()
        #expect(try program.baton("tool list -o json").json.arrayValue?.contains { $0["name"] == "fs.read" } == true)
        #expect(try program.baton("tool schema fs.raed").exit == 3)
        let written = try program.baton("tool call fs.write --workspace . -a path=x.txt -a content=5")
        #expect(written.exit == 0, "\(written.errors)")
        #expect(try program.shell("cat x.txt").output == "5")
        #expect(try program.baton("tool call fs.read -a path=../../etc/passwd").exit != 0)
        #expect(try program.baton("tool call fs.write -a path=1 -a nonsense=2").exit == 2)
    }

    @Test func `the doctor finds a folder that can be used`() throws {
        let program = try Program()
        let findings = try program.baton("doctor -o json").json.arrayValue ?? []
        let grades = Dictionary(findings.map { ($0["check"]?.stringValue ?? "", $0["status"]?.stringValue ?? "") }) {
            first,
            _ in first
        }
        for check in ["data folder", "disk flush", "in use", "database", "settings", "tools", "clock"] {
            #expect(grades[check] == "ok", "\(check)")
        }
        #expect(try program.shell("stat -c %a data").output == "700\n")
        try program.write("data/config.yaml", "tools: 5")
        #expect(try program.baton("doctor").exit == 5)
    }

    @Test func `a command beside the echo service may call it`() throws {
        let program = try Program()
        let result = try program.baton(
            "echo --port 0 bash -c '\"$BATON\" tool call http.request -a url=$BATON_ECHO/x -o json; exit 7'"
        )
        #expect(result.exit == 7)
        #expect(result.json["status"] == 200, "\(result.errors)")
    }

    @Test func `the version is told at once and makes nothing`() throws {
        let program = try Program()
        let result = try program.baton("version -o json")
        #expect(result.json == ["version": "0.1.0", "graph_format": 2, "event_format": 1])
        #expect(try program.shell("ls").output.isEmpty)
        #expect(try program.shell("\"$BATON\" completion bash > /dev/full").exit == 5)
        #expect(try program.shell("(\"$BATON\" help; echo $? >&2) | (exec <&-; sleep 0.2)").errors == "141\n")
    }
}
