// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Testing

/// Commands that ask a server, with the real program on both sides.
@Suite(.timeLimit(.minutes(5)), .serialized) struct ServerCommandTests {
    private static let sum = """
        workflow: sum
        inputs: {a: {type: integer}, note: {type: string, default: none}}
        outputs: {total: "${ nodes.add.output.stdout }"}
        nodes:
          - {id: add, type: shell.exec, config: {command: "echo $((${ inputs.a } + 1)); echo ${ inputs.note } >&2"}}
        """
    private static let ask = """
        workflow: ask
        outputs: {answer: "${ nodes.ask.output.choice }"}
        nodes:
          - {id: ask, type: human, config: {title: Go on?, message: All is ready.}}
          - {id: after, type: shell.exec, depends_on: [ask], config: {command: echo done}}
        """
    private static let broken = """
        workflow: broken
        nodes:
          - {id: a, type: shell.exec, depends_on: [b], config: {command: "true"}}
        """

    /// Without the workspace, which is on the machine of the server.
    private static func lines(_ text: String) -> [Substring] {
        text.split(separator: "\n").filter { !$0.hasPrefix("workspace") }
    }

    @Test func `a server of the folder is found, and what it shows is the same without it`() throws {
        let program = try Program()
        try program.write("sum.yaml", Self.sum)
        try program.write("broken.yaml", Self.broken)
        let server = try ServerProgram(program)
        let started = try program.baton("run sum.yaml -i a=41 -i note=hello")
        #expect(
            started.exit == 0 && started.output.contains("completed") && started.output.contains("total:"),
            "\(started)"
        )
        #expect(started.errors.contains("task.completed add"), "\(started.errors)")
        let refused = try program.baton("run start broken.yaml")
        #expect(refused.exit == 2 && refused.errors.contains("broken.yaml:3:"), "\(refused.errors)")
        let json = try program.baton("run start sum.yaml -i a=1 -o json")
        #expect(json.json["status"] == "completed" && json.json["outputs"]?["total"] == "2\n", "\(json)")
        let left = try program.baton("run start sum.yaml -i a=2 --no-wait")
        #expect(left.exit == 0 && left.output.hasPrefix("run_"))
        #expect(try program.baton("run watch last --all -o jsonl").lines.last?["type"] == "run.completed")

        let words = [
            "run list", "run list -o json", "run get last", "run explain last", "run explain last -o json",
            "run events last -o jsonl", "run logs last", "run logs last -o json", "run rollback last --report -o json",
            "run patches last -o json", "inbox list -o json", "workflow list -o json", "schedule list -o json",
            "budget show -o json", "cache stats", "user list -o json", "audit verify",
            "workflow validate sum.yaml broken.yaml", "workflow graph sum.yaml",
            "workflow validate -o json sum.yaml", "run get nothing",
            "run diff last last",
        ]
        let asked = try words.map { try program.baton($0) }
        try server.stop()
        for (words, asked) in zip(words, asked) {
            let own = try program.baton(words)
            let (here, there) = (Self.lines(own.output), Self.lines(asked.output))
            #expect(own.exit == asked.exit && here == there, "\(words):\n\(there)\(asked.errors)\n\(here)\(own.errors)")
        }
    }

    @Test func `a run on a server asks a person, goes on with the answer, and is controlled`() throws {
        let program = try Program()
        try program.write("ask.yaml", Self.ask)
        let server = try ServerProgram(program)
        let asked = try program.baton("run ask.yaml")
        #expect(asked.exit == 8 && asked.output.contains("baton inbox approve ht_"), "\(asked)")
        let shown = try program.baton("inbox show last")
        #expect(shown.output.contains("open: Go on?") && shown.output.contains("| All is ready."))
        #expect(try program.baton("inbox claim last").output.contains("is yours until"))
        let answered = try program.baton("inbox approve last --comment fine")
        #expect(answered.exit == 0 && answered.errors.contains("is approved; run_"), "\(answered)")
        #expect(answered.output.contains("answer: approve"), "\(answered.output)")

        #expect(try program.baton("run start ask.yaml --no-wait -q").exit == 0)
        #expect(try program.baton("run pause last --reason lunch").output.contains("is paused"))
        #expect(try program.baton("run resume last").exit == 8)
        #expect(try program.baton("run cancel last --reason enough -o json").json["status"] == "cancelled")
        let again = try program.baton("run resume last")
        #expect(again.exit == 4 && again.errors.contains("has ended: it is cancelled"), "\(again.errors)")
        let forked = try program.baton("run fork last --at 3 --no-follow --no-wait -o json")
        #expect(forked.json["id"]?.stringValue?.hasPrefix("run_") == true, "\(forked)")
        #expect(try program.baton("run bulk cancel --workflow ask --status waiting --yes -o json").json["failed"] == 0)
        let events = try program.baton("run events last -o jsonl").lines
        #expect(events.compactMap { $0["run_seq"]?.intValue } == Array(1...Int64(max(1, events.count))))
        try server.stop()
    }

    @Test func `what cannot be asked of a server is refused, and nothing is done here instead`() throws {
        let program = try Program()
        for (words, part) in [
            ("backup create x.tar --server http://127.0.0.1:1", "works on a data folder of this machine"),
            ("doctor --profile none", "there is no profile `none`"),
            ("schema list --server http://127.0.0.1:1", "asks no server"),
            ("run list --server http://127.0.0.1:1 --data x", "--data and --server"),
            ("run list --server http://127.0.0.1:1 --profile x", "--server and --profile"),
            ("run list --server ftp://x", "is no address of a server"), ("whoami", "asks a server, and none is named"),
            ("run start x.yaml --no-wait", "no file"),
        ] {
            let result = try program.baton(words)
            #expect([2, 3].contains(result.exit) && result.errors.contains(part), "\(words): \(result)")
        }
        let lost = try program.baton("run list --server http://127.0.0.1:1")
        #expect(lost.exit == 5 && lost.errors.contains("server.unreachable"), "\(lost)")
        #expect(try program.shell("BATON_SERVER=http://127.0.0.1:1 \"$BATON\" schema list").exit == 0)
        #expect(try program.shell("BATON_SERVER=http://127.0.0.1:1 \"$BATON\" migrate up").exit == 2)
        #expect(try program.shell("test ! -e data").exit == 0)
    }

    @Test func `a login is a profile that is renewed, used, and ended`() throws {
        let program = try Program()
        let password = "correct horse battery"
        #expect(
            try program.shell("printf '\(password)\\n' | \"$BATON\" user create ann@example.org --role admin").exit == 0
        )
        let server = try ServerProgram(program)
        func elsewhere(_ words: String, _ input: String = "") throws -> Program.Result {
            try program.shell("printf '\(input)' | BATON_HOME=\"$PWD/home\" timeout 60 \"$BATON\" \(words)")
        }
        #expect(try elsewhere("run list --server \(server.url)").exit == 6)
        let wrong = try elsewhere("login --server \(server.url) --email ann@example.org", "nonsense at all\\n")
        #expect(wrong.exit == 6, "\(wrong)")
        let login = try elsewhere(
            "login --server \(server.url) --profile work --email ann@example.org",
            "\(password)\\n"
        )
        #expect(login.exit == 0 && login.output.contains("as profile `work`"), "\(login)")
        #expect(try program.shell("stat -c %a home/profiles.yaml").output == "600\n")
        #expect(try elsewhere("whoami --profile work").output.contains("ann@example.org (admin) at \(server.url)"))
        #expect(try elsewhere("run list --server \(server.url) -o json").json == [])
        #expect(try elsewhere("profile use work").exit == 0)
        #expect(try elsewhere("whoami -o json").json["profile"] == "work")

        // An access token whose time is over is renewed, whichever command comes first.
        _ = try program.shell("sed -i 's/expires_at:.*/expires_at: \"2020-01-01T00:00:00Z\"/' home/profiles.yaml")
        let both = try program.shell(
            "export BATON_HOME=\"$PWD/home\"; \"$BATON\" run list & \"$BATON\" run list; one=$?; wait $! && exit $one"
        )
        #expect(both.exit == 0, "\(both)")
        #expect(try program.shell("grep -c 2020-01-01 home/profiles.yaml").output == "0\n")

        #expect(try elsewhere("logout").exit == 0)
        #expect(try elsewhere("whoami").exit == 6)
        #expect(try elsewhere("profile remove work").exit == 0)
        #expect(try elsewhere("profile list -o json").json == [])
        try server.stop()
    }

    @Test func `a server that was killed is not looked for`() throws {
        let program = try Program()
        let server = try ServerProgram(program)
        try server.kill()
        #expect(try program.shell("test -e data/server.json").exit == 0)
        #expect(try program.baton("run list -o json").json == [])
    }
}
