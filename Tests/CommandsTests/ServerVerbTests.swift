// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Testing

/// Verbs that work on a server alone, and what verbs of folders do there, with the real program.
@Suite(.timeLimit(.minutes(5))) struct ServerVerbTests {
    @Test func `hooks are made, called, given another secret and removed`() throws {
        let program = try Program()
        let server = try ServerProgram(program)
        for (words, said) in [
            ("api_key", "say what comes of a call"), ("api_key --signal s", "`--to` is missing"),
            ("api_key --start w --to project", "belongs to `--signal`"),
            ("api_key --signal s --to project --input a=b", "belongs to `--start`"),
        ] {
            let refused = try program.baton("hook create \(words)")
            #expect(refused.exit == 2 && refused.errors.contains(said), "\(words): \(refused.errors)")
        }
        let made = try program.baton("hook create api_key --signal push --to workflow:w --when 'body.n > 1' -o json")
            .json
        let (id, secret) = (made["id"]?.stringValue ?? "", made["secret"]?.stringValue ?? "")
        let call = "curl -s -X POST \(server.url)/v1/hooks/\(id) -H 'Content-Type: application/json' -H 'X-API-Key: "
        #expect(try program.shell(call + "\(secret)' -d '{\"n\": 1}'").json["status"] == "ignored")
        #expect(try program.shell(call + "\(secret)' -d '{\"n\": 2}'").json["status"] == "signalled")
        #expect(try program.shell(call + "wrong' -d '{}'").json["status"] == 401)
        #expect(try program.baton("hook list").output.contains("signals push to workflow:w"))
        try program.write("secret", "another secret\n")
        #expect(try program.baton("hook rotate \(id.prefix(14)) --secret-file secret").exit == 0)
        #expect(try program.shell(call + "another secret' -d '{\"n\": 2}'").json["status"] == "signalled")
        #expect(try program.baton("hook show \(id)").output.contains("when: body.n > 1"))
        #expect(try program.baton("hook delete \(id)").exit == 0)
        #expect(try program.baton("hook show \(id)").exit == 3)
        try server.stop()
    }

    @Test func `keys let somebody in until they are revoked`() throws {
        let program = try Program()
        let server = try ServerProgram(program)
        #expect(try program.baton("key create reader").exit == 4, "the credential of the folder is nobody's")
        func typing(_ words: String) throws -> Program.Result {
            try program.shell("echo 'a long enough password' | timeout 60 \"$BATON\" \(words)")
        }
        #expect(try typing("user create ann@example.org --role admin").exit == 0)
        #expect(try typing("login --server \(server.url) --email ann@example.org").exit == 0)
        let at = "--server \(server.url)"
        let made = try program.baton("key create reader --role viewer --scopes runs.read -o json \(at)").json
        let (id, key) = (made["id"]?.stringValue ?? "", made["key"]?.stringValue ?? "")
        func status(_ method: String, _ path: String) throws -> String {
            let call = "curl -s -o out -w '%{http_code}' -X \(method) \(server.url)\(path)"
            return try program.shell("\(call) -H 'Authorization: Bearer \(key)'").output
        }
        #expect(try status("GET", "/v1/runs") == "200")
        #expect(try status("GET", "/v1/secrets") == "403")
        let list = try program.baton("key list \(at)").output
        #expect(list.contains("reader") && list.contains("runs.read") && !list.contains(key))
        #expect(try program.baton("key revoke \(id.prefix(12)) \(at)").exit == 0)
        #expect(try status("GET", "/v1/runs") == "401")
        #expect(try program.baton("key revoke key_7zz \(at)").exit == 3)
        try server.stop()
    }

    @Test func `tasks, deletion, settings, backups and files of a server`() throws {
        let program = try Program()
        try program.write(
            "flow.yaml",
            """
            workflow: flow
            nodes:
              - {id: a, type: transform, config: {expr: 1 + 1}}
              - {id: ask, type: human, depends_on: [a], config: {message: Well?}}
            """
        )
        let server = try ServerProgram(program)
        #expect(try program.baton("run flow.yaml --no-follow").exit == 8)
        let waiting = try program.baton("task list --status waiting -o json").json.arrayValue ?? []
        #expect(waiting.map { $0["node"] } == ["ask"])
        #expect(try program.baton("task list --run last --filter 'kind == \"transform\"'").output.contains(" a "))
        let id = waiting.first?["id"]?.stringValue ?? ""
        #expect(try program.baton("task show \(id)").output.hasPrefix("\(id): ask (human), waiting"))
        #expect(try program.baton("task show task_7zzzzzzzzzzzzzzzzzzzzzzzzz").exit == 3)

        #expect(try program.baton("run delete last").exit == 4, "it goes on")
        #expect(try program.baton("run cancel last").exit == 0)
        let run = try program.baton("run list -o json").json.arrayValue?.first?["id"]?.stringValue ?? ""
        #expect(try program.baton("run delete \(run)").output == "\(run) is deleted\n")
        #expect(try program.baton("run get \(run)").exit == 3)

        #expect(try program.baton("settings set telemetry.log debug").output == "telemetry.log: debug\n")
        #expect(try program.baton("settings get telemetry.log").output == "debug\n")
        #expect(try program.baton("settings set telemetry.log loud").exit == 2)
        #expect(try program.baton("settings set server.port 1").exit == 2, "it needs a start")
        #expect(try program.baton("settings get nothing").exit == 3)
        #expect(try program.baton("settings list").output.contains("server.port"))

        let backup = try program.baton("backup create first -o json").json["path"]?.stringValue ?? ""
        #expect(backup.hasSuffix("/backups/first"))
        #expect(try program.baton("backup create first").exit == 4)
        #expect(try program.baton("backup verify \(backup)").exit == 0)

        let stored =
            try program.shell(
                "curl -s -X POST '\(server.url)/v1/artifacts?name=note.txt' -H \"Authorization: Bearer $(cat data/token)\" "
                    + "-H 'Content-Type: text/plain' -d 'some words'"
            ).json["id"]?.stringValue ?? ""
        #expect(try program.baton("artifact list").output.contains("note.txt"))
        #expect(try program.baton("artifact get \(stored)").output == "some words")
        #expect(try program.baton("artifact get \(stored) --out note").exit == 0)
        #expect(try program.shell("cat note").output == "some words")
        #expect(try program.baton("artifact list --kind patch_set").exit == 2)
        try server.stop()
    }
}
