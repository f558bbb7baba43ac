// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Testing

@testable import Commands

/// The same commands on a data folder and on a server: they must show the same and end with the same code.
@Suite(.serialized) struct ParityTests {
    private static let files = [
        "one.yaml": """
        workflow: one
        inputs: {n: {type: integer, default: 1}}
        outputs: {sum: "${ nodes.add.output }"}
        nodes: [{id: add, type: transform, config: {expr: inputs.n + 1}}]
        """,
        "twice.yaml": """
        workflow: twice
        nodes:
          - {id: a, type: fs.list}
          - {id: b, type: fs.list, depends_on: [a]}
        """,
        "thrice.yaml": """
        workflow: thrice
        nodes:
          - {id: a, type: fs.list}
          - {id: b, type: fs.list, depends_on: [a]}
          - {id: c, type: fs.list, depends_on: [b]}
        """,
        "ask.yaml": """
        workflow: ask
        nodes:
          - {id: ok, type: human, config: {kind: approval, message: "Go on?"}}
          - {id: last, type: transform, depends_on: [ok], config: {expr: "2"}}
        """,
        "hear.yaml": """
        workflow: hear
        outputs: {heard: "${ nodes.paid.output.signal.amount }"}
        nodes: [{id: paid, type: wait, config: {signal: {type: payment, key: a}}}]
        """,
        "patch.json": """
        [{"op": "replace", "path": "/nodes/@add/config/expr", "value": "inputs.n + 2"}]
        """,
        "ops.json": """
        [{"op": "remember", "key": "z", "value": 1}, {"op": "recall", "key": "none"}, {"op": "forget"}]
        """,
        "object.json": "{\"a\": 1, \"b\": [2]}",
        "lines.jsonl": "{\"name\": \"x\", \"value\": {\"n\": 1}}\n\n{\"name\": \"y\", \"value\": {}}\n",
        "swift.md": "---\nid: swift_pro\n---\nBe quick.\n",
        "bad.yaml": "workflow: bad\nnodes:\n  - {id: a, type: transfrom}\n",
    ]

    /// One command, and what becomes of it.
    private struct Step {
        let words: String
        var exit: Int32 = 0
        /// Results of both are compared.
        var isCompared = true
    }

    private static let steps: [Step] = [
        Step(words: "workflow validate one.yaml -o json"),
        Step(words: "workflow validate bad.yaml -o json", exit: 2),
        Step(words: "workflow graph one.yaml"),
        Step(words: "workflow publish one.yaml -o json"),
        Step(words: "workflow patch one --file patch.json --description more -o json"),
        Step(words: "workflow list -o json"),
        Step(words: "workflow versions one -o json"),
        Step(words: "workflow show one@1 --format yaml"),
        Step(words: "workflow validate one -o json"),
        Step(words: "workflow graph one@1"),
        Step(words: "workflow diff one@1 @2"),
        Step(words: "workflow diff one@1 @2 -o json"),
        Step(words: "workflow diff one one.yaml --text"),
        Step(words: "workflow diff one nothing", exit: 3),
        Step(words: "workflow clone one@1 two -o json"),
        Step(words: "workflow clone one@1 two", exit: 4),
        Step(words: "workflow clone none two", exit: 3),
        Step(words: "workflow compact one"),
        Step(words: "workflow compact one --depth 1 -o json"),
        Step(words: "workflow compact one@1 --depth 1"),
        Step(words: "workflow estimate one.yaml"),
        Step(words: "workflow estimate one -i n=3 -o json"),
        Step(words: "workflow estimate one -i m=3", exit: 2, isCompared: false),
        Step(words: "workflow optimise one.yaml"),
        Step(words: "workflow optimise one -o json"),
        Step(words: "workflow optimise one.yaml --apply"),
        Step(words: "workflow optimise one.yaml --all", exit: 2),
        Step(words: "workflow tag list one -o json"),
        Step(words: "workflow tag undo one"),
        Step(words: "workflow tag history one -o json"),
        Step(words: "run start one.yaml -i n=4 -o json"),
        Step(words: "run start one@1 --label team=blue -o compact"),
        Step(words: "run start none", exit: 3, isCompared: false),
        Step(words: "run start bad.yaml", exit: 2, isCompared: false),
        Step(words: "run get last -o json"),
        Step(words: "run list -o compact"),
        Step(words: "run list --workflow one -o json"),
        Step(words: "run get last --at 2 -o yaml"),
        Step(words: "run events last -o jsonl"),
        Step(words: "run explain last -o json"),
        Step(words: "run cancel last", exit: 4),
        Step(words: "run get nothing", exit: 3),
        Step(words: "workflow diff one@1 one.yaml"),
        Step(words: "pause list"),
        Step(words: "pause workflow ask --reason moving -o json"),
        Step(words: "pause workflow ask", exit: 4),
        Step(words: "pause project shop"),
        Step(words: "pause queue http -o compact"),
        Step(words: "pause all --reason night"),
        Step(words: "pause list -o json"),
        Step(words: "pause list -o compact"),
        Step(words: "pause project ''", exit: 2),
        Step(words: "resume all -o json"),
        Step(words: "resume all", exit: 4),
        Step(words: "resume project shop"),
        Step(words: "resume queue http"),
        Step(words: "run start ask.yaml", isCompared: false),
        Step(words: "run get last -o json"),
        Step(words: "resume workflow ask"),
        Step(words: "run resume last --timeout 20s -o json", exit: 8),
        Step(words: "run list --status waiting -o json"),
        Step(words: "inbox list -o json", isCompared: false),
        Step(words: "task cancel last ok --reason 'not needed' -o json", exit: 0),
        Step(words: "task cancel last ok", exit: 4),
        Step(words: "task cancel last none", exit: 4, isCompared: false),
        Step(words: "run start ask.yaml", exit: 8, isCompared: false),
        Step(words: "task cancel last none", exit: 2),
        Step(words: "task cancel last '['", exit: 2),
        Step(words: "inbox reject last --comment no -o json"),
        Step(words: "run start hear.yaml", exit: 8, isCompared: false),
        Step(words: "signal send workflow:hear#b payment --payload 3 --dedupe-key one"),
        Step(words: "signal send broadcast other -o json"),
        Step(words: "signal send project payment --project shop -o json"),
        Step(words: "signal send workflow:hear#a payment --payload '{\"amount\":7}' --dedupe-key two -o json"),
        Step(words: "run resume last", exit: 4, isCompared: false),
        Step(words: "run get last -o json"),
        Step(words: "signal send last payment", exit: 4),
        Step(words: "run start hear.yaml --timeout 1x", exit: 2),
        Step(words: "run bulk cancel --label team=blue --status completed -o json"),
        Step(words: "run bulk cancel --label team=red"),
        Step(words: "run bulk cancel --label team=blue --yes -o json", exit: 4),
        Step(words: "run bulk walk last", exit: 2),
        Step(words: "agent list -o json"),
        Step(words: "agent list --capability rust"),
        Step(words: "agent show swift_pro"),
        Step(words: "agent show swift_pro -o json"),
        Step(words: "agent show swift_pr", exit: 3, isCompared: false),
        Step(words: "task prompt last paid", exit: 3, isCompared: false),
        Step(words: "task prompt last nothing", exit: 3, isCompared: false),
        Step(words: "pattern list -o json"),
        Step(words: "pattern list --status seen"),
        Step(words: "pattern list --status none", exit: 2),
        Step(words: "pattern show none", exit: 3),
        Step(words: "pattern promote none --name a", exit: 3),
        Step(words: "run start twice.yaml", isCompared: false),
        Step(words: "run start twice.yaml", isCompared: false),
        Step(words: "pattern list"),
        Step(words: "run start twice.yaml", isCompared: false),
        Step(words: "pattern list -o json"),
        Step(words: "pattern show fs.list-to-fs.list-2step -o json"),
        Step(words: "pattern promote fs.list-to-fs.list-2step --name '1'", exit: 2, isCompared: false),
        Step(words: "pattern promote fs.list-to-fs.list-2step --name one", exit: 4),
        Step(words: "pattern promote fs.list-to-fs.list-2step --name look -o json"),
        Step(words: "pattern promote fs.list-to-fs.list-2step"),
        Step(words: "pattern dismiss fs.list-to-fs.list-2step", exit: 4, isCompared: false),
        Step(words: "workflow show look --format yaml"),
        Step(words: "run start look -o json"),
        Step(words: "run start thrice.yaml", isCompared: false),
        Step(words: "pattern dismiss fs.list-to-fs.list-3step -o json"),
        Step(words: "pattern list --status dismissed -o json"),
        Step(words: "skill list -o json"),
        Step(words: "skill show systemd"),
        Step(words: "skill show system", exit: 3, isCompared: false),
        Step(words: "skill prompt systemd"),
        Step(words: "agent prompt swift_pro -o json"),
        Step(words: "agent prompt swift_pr", exit: 3),
        Step(words: "agent history swift_pro"),
        Step(words: "agent edit swift_pro", exit: 2),
        Step(words: "agent edit swift_pro --file bad.yaml", exit: 2),
        Step(words: "agent edit swift_pro --file swift.md -o json"),
        Step(words: "agent edit swift_pro --file swift.md"),
        Step(words: "agent reset swift_pro -o json"),
        Step(words: "agent history swift_pro -o json"),
        Step(words: "agent prompt swift_pro --version 2", exit: 3),
        Step(words: "agent prompt swift_pro --version 3", exit: 3),
        Step(words: "rag add notes one.yaml patch.json -o json"),
        Step(words: "rag add notes one.yaml bad.yaml --prune -o json"),
        Step(words: "rag add notes - --name ask.yaml < ask.yaml"),
        Step(words: "rag add notes -", exit: 2),
        Step(words: "rag add 1 one.yaml", exit: 2),
        Step(words: "rag add notes nothing.md", exit: 3),
        Step(words: "rag add notes one.yaml --project shop", exit: 4),
        Step(words: "rag list -o json"),
        Step(words: "rag list notes -o json"),
        Step(words: "rag list none", exit: 3, isCompared: false),
        Step(words: "rag search 'which transform?' -o json"),
        Step(words: "rag search transform --source notes --limit 1"),
        Step(words: "rag search transform --source none", exit: 3),
        Step(words: "rag search '*' '\"'", exit: 2),
        Step(words: "rag remove notes ask.yaml"),
        Step(words: "rag remove notes ask.yaml", exit: 3),
        Step(words: "rag remove notes -o json"),
        Step(words: "rag remove notes", exit: 3, isCompared: false),
        Step(words: "memory remember a/b '{\"n\":1}' --project shop --tag x -o json"),
        Step(words: "memory remember a/b two --project shop --no-overwrite", exit: 4),
        Step(words: "memory remember tone formal --agent analyst --ttl 7d"),
        Step(words: "memory remember k 1 --project shop --ttl never", exit: 2, isCompared: false),
        Step(words: "memory recall a/b --project shop"),
        Step(words: "memory recall a/b --project shop -o json", isCompared: false),
        Step(words: "memory recall none --project shop", exit: 3, isCompared: false),
        Step(words: "memory list --agent analyst -o json", isCompared: false),
        Step(words: "memory list --agent none", exit: 3, isCompared: false),
        Step(words: "memory list --project shop --glob 'a/*' -o compact", isCompared: false),
        Step(words: "memory search n --project shop", isCompared: false),
        Step(words: "memory bulk ops.json --project shop -o json", exit: 1),
        Step(words: "memory list --run last"),
        Step(words: "memory list", exit: 2),
        Step(words: "memory forget a/b --project shop -o json"),
        Step(words: "memory forget a/b --project shop", exit: 3, isCompared: false),
        Step(words: "context save one object.json --project shop -o json"),
        Step(words: "context save two object.json --project shop --ttl 1h"),
        Step(words: "context save two ops.json --project shop", exit: 2),
        Step(words: "context load one --project shop"),
        Step(words: "context load one --project shop --key b"),
        Step(words: "context load none --project shop", exit: 3, isCompared: false),
        Step(words: "context merge all one two --project shop -o json"),
        Step(words: "context merge all none --project shop", exit: 3),
        Step(words: "context list --project shop -o json", isCompared: false),
        Step(words: "context export --project shop", isCompared: false),
        Step(words: "context import lines.jsonl --project other -o json"),
        Step(words: "context import ops.json --project other", exit: 2, isCompared: false),
        Step(words: "context load x --project other"),
        Step(words: "context delete two --project shop -o json"),
        Step(words: "thinking show last"),
        Step(words: "thinking show last --branch none", exit: 3),
        Step(words: "session start --agent none", exit: 2, isCompared: false),
        Step(words: "session start --ttl never", exit: 2, isCompared: false),
        Step(words: "session start --agent analyst --ttl 1h", isCompared: false),
        Step(words: "session list", isCompared: false),
        Step(words: "session show ses_00000000000000000000000000", exit: 3),
        Step(words: "session thread none analyst", exit: 3),
        Step(words: "session end ses_00000000000000000000000000", exit: 3),
        Step(words: "session delete ses_00000000000000000000000000", exit: 3),
        Step(words: "memory list --session ses_00000000000000000000000000", exit: 3),
        Step(words: "knowledge add shop 'Prices are in cents.' --category constraint -o json"),
        Step(words: "knowledge add shop prices ARE in cents"),
        Step(words: "knowledge add shop '*'", exit: 2),
        Step(words: "knowledge list shop -o json"),
        Step(words: "knowledge list shop --search cent --category decision -o json"),
        Step(words: "knowledge edit shop none --text a", exit: 3, isCompared: false),
        Step(words: "knowledge edit shop none", exit: 2),
        Step(words: "knowledge remove shop none", exit: 3, isCompared: false),
        Step(words: "mcp list -o json"),
        Step(words: "mcp show nothing", exit: 3),
        Step(words: "mcp approve nothing --all", exit: 3),
        Step(words: "mcp approve nothing", exit: 2),
        Step(words: "mcp revoke nothing add", exit: 3),
        Step(words: "cache stats -o json", isCompared: false),
        Step(words: "budget set project:shop 3 -o json"),
        Step(words: "budget show -o json"),
        Step(words: "usage summary -o json"),
        Step(words: "usage summary --by agent --by day --days 3 -o json"),
        Step(words: "usage daily --from 2026-01-01"),
        Step(words: "usage daily --from monday", exit: 2),
        Step(words: "budget set agent:analyst 2 -o json"),
        Step(words: "schedule create often one --every 1h -o json", isCompared: false),
        Step(words: "schedule list -o compact", isCompared: false),
        Step(words: "schedule pause often", isCompared: false),
        Step(words: "schedule delete often", isCompared: false),
    ]

    @Test func `commands show the same on a folder and on a server`() throws {
        let (local, remote) = (try Program(), try Program())
        for (name, text) in Self.files {
            try local.write(name, text)
            try remote.write(name, text)
        }
        let server = try ServerProgram(remote)
        for step in Self.steps {
            let here = try local.baton(step.words)
            let there = try remote.baton(step.words)
            #expect(here.exit == step.exit, "\(step.words) here: \(here.output)\(here.errors)")
            #expect(there.exit == step.exit, "\(step.words) there: \(there.output)\(there.errors)")
            guard step.isCompared else { continue }
            #expect(plain(here.output) == plain(there.output), "\(step.words)")
            if step.exit != 0 { #expect(refusal(here) == refusal(there), "\(step.words)") }
        }
        try server.stop()
    }

    /// Why a command ended, without what to do.
    private func refusal(_ result: Program.Result) -> String {
        plain(
            result.errors.split(separator: "\n").first { $0.hasPrefix("baton: ") || $0.hasPrefix("{") }.map(String.init)
                ?? ""
        )
    }

    /// What differs from one place and moment to another is left out.
    private func plain(_ text: String) -> String {
        if let json = try? JSONValue(parsing: text) { return sorted(json) }
        let lines = text.split(separator: "\n").map(String.init)
        return lines.map { line in (try? JSONValue(parsing: line)).map(sorted) ?? blur(line) }
            .filter { !$0.contains("workspace:") && !$0.contains("duration_ms:") }.joined(separator: "\n")
    }

    private func sorted(_ value: JSONValue) -> String {
        String(decoding: plain(value).canonicalBytes(), as: UTF8.self)
    }

    private func plain(_ value: JSONValue) -> JSONValue {
        if let items = value.arrayValue { return .array(items.map(plain)) }
        guard let object = value.objectValue else {
            return value.stringValue.map { .string(blur($0)) } ?? value
        }
        var result = JSONObject()
        for member in object.members where !Self.passing.contains(member.key) {
            result[member.key] = plain(member.value)
        }
        return .object(result)
    }

    /// Times, numbers of the whole log, who it was and where.
    private static let passing: Set<String> = [
        "at", "created_at", "started_at", "ended_at", "changed_at", "moved_at", "owner", "creator", "by", "actor",
        "seq",
        "duration_ms", "workspace", "worker", "hint", "commands", "moved_by", "since", "artifact", "compacted_from",
        "kept_until", "added_at", "updated_at", "document", "run_started_at", "ms", "first_seen_at", "last_seen_at",
        "suggested_at",
        "mean_latency_ms", "estimated_saving_ms",
    ]

    private func blur(_ text: String) -> String {
        text.replacing(/(run|task|ht|art|sched|doc|fnd|pat)_[0-9a-z]{26,40}/, with: "ID")
            .replacing(/\tworkspace=[^\t]+/, with: "")
            .replacing(/duration_ms=\d+/, with: "duration_ms=0")
            .replacing(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(\.\d+)?Z?/, with: "TIME")
            .replacing(/\d+(\.\d+)? ?(ms|s)\b/, with: "SPAN")
            .replacing(/user:[a-z]+|\blocal\b/, with: "WHO")
    }

    @Test func `a run that is not over in time is left where it is`() throws {
        let program = try Program()
        try program.write(
            "slow.yaml",
            "workflow: slow\nnodes: [{id: w, type: wait, config: {for: 30s}}]\n"
        )
        let here = try program.baton("run slow.yaml --timeout 200ms -o json")
        #expect(here.exit == 5 && here.errors.contains("timeout"), "\(here.errors)")
        #expect(here.json["status"] == "waiting")
        let server = try ServerProgram(program)
        for words in ["run slow.yaml", "run watch last", "run start slow.yaml"] {
            let there = try program.baton("\(words) --timeout 200ms -o json")
            #expect(there.exit == 5 && there.json["status"] == "waiting", "\(words): \(there.errors)")
        }
        #expect(try program.baton("run start slow.yaml --no-wait -o compact").output.hasPrefix("id=run_"))
        try server.stop()
    }
}
