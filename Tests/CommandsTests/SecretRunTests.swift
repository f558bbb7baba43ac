// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Testing

/// Secrets in requests of runs, against a service that gives everything back.
@Suite struct SecretRunTests {
    private static let value = "tok/s3cr3t+value=0815"

    private static func workflow(_ auth: String) -> String {
        """
        workflow: call
        inputs: {url: {type: string}}
        outputs: {answer: "${ nodes.call.output.body }"}
        nodes:
          - {id: call, type: http, config: {url: "${ inputs.url }", auth: \(auth)}}
        """
    }

    /// Runs a workflow against the echo service.
    private func run(_ program: Program, _ auth: String) throws -> Program.Result {
        try program.write("flow.yaml", Self.workflow(auth))
        let script = """
            export BATON_SANDBOX_NETWORK="${BATON_ECHO#http://}"
            "$BATON" run start flow.yaml --input url="$BATON_ECHO/p" -o json
            """
        try program.write("inside.sh", script)
        return try program.baton("echo --port 0 bash inside.sh")
    }

    private func set(_ program: Program, _ name: String, _ value: String) throws {
        let result = try program.shell("printf %s '\(value)' | \"$BATON\" secret set \(name)")
        #expect(result.exit == 0, "\(result.errors)")
    }

    @Test func `a secret reaches the other side and nothing else`() throws {
        let program = try Program()
        try set(program, "API_KEY", Self.value)
        try set(program, "LOGIN", "ann:\(Self.value)")
        for (auth, header, expected) in [
            ("{secret: API_KEY}", "authorization", "Bearer [secret]"),
            ("{secret: API_KEY, scheme: header, header: X-Mine}", "x-mine", "[secret]"),
            ("{secret: LOGIN, scheme: basic}", "authorization", "Basic [secret]"),
        ] {
            let result = try run(program, auth)
            let answer = result.json["outputs"]?["answer"]?["headers"]?[header]?.stringValue
            // The last characters of base 64 depend on what follows the value, so padding may stay.
            #expect(answer?.hasPrefix(expected) == true, "\(auth): \(result.output) \(result.errors)")
            #expect(!result.output.contains(Self.value) && !result.errors.contains(Self.value))
        }
        let events = try program.baton("run events last -o jsonl")
        #expect(events.exit == 0 && !events.output.contains(Self.value))
        let base64 = "dG9rL3MzY3IzdCt2YWx1ZT0wODE1"
        let found = try program.shell("grep -rlaF -e '\(Self.value)' -e '\(base64)' -e 's3cr3t' data")
        #expect(found.output == "", "\(found.output)")
    }

    /// Runs a workflow and looks for the value, and spellings of it, in everything that is kept and shown.
    private func start(_ program: Program, _ text: String, exit: Int32 = 0) throws -> Program.Result {
        try program.write("flow.yaml", text)
        try program.write(
            "inside.sh",
            """
            export BATON_SANDBOX_NETWORK="${BATON_ECHO#http://}"
            sed -i "s#ECHO#$BATON_ECHO#" flow.yaml
            "$BATON" run start flow.yaml -o json
            """
        )
        let result = try program.baton("echo --port 0 bash inside.sh")
        #expect(result.exit == exit, "\(result.output) \(result.errors)")
        let shown = try [
            "run events last -o jsonl", "run get last -o json", "run logs last", "run explain last -o json",
        ]
        .map { try program.baton($0).output }
        let canaries = [
            Self.value, "dG9rL3MzY3IzdCt2YWx1ZT0wODE1", "746f6b2f733363723374", "tok%2Fs3cr3t%2Bvalue%3D0815", "s3cr3t",
        ]
        for canary in canaries {
            for text in shown + [result.output, result.errors] { #expect(!text.contains(canary), "\(canary): \(text)") }
        }
        let found = try program.shell("grep -rlaF -e s3cr3t -e 746f6b2f733363723374 -e dG9rL3MzY3IzdCt2 data")
        #expect(found.output == "", "\(found.output)")
        return result
    }

    @Test func `an expression names a secret, and the header has its value`() throws {
        let program = try Program()
        try set(program, "API_KEY", Self.value)
        let result = try start(
            program,
            """
            workflow: call
            outputs: {headers: "${ nodes.call.output.body.headers }"}
            nodes:
              - id: call
                type: http
                config:
                  url: ECHO/p
                  headers: {X-Mine: "key ${ secret('API_KEY') }!", X-Whole: "${ secret('API_KEY') }", X-Other: plain}
            """
        )
        let headers = result.json["outputs"]?["headers"]
        #expect(headers?["x-mine"] == "key [secret]!" && headers?["x-whole"] == "[secret]", "\(result.output)")
        #expect(headers?["x-other"] == "plain")
    }

    @Test func `a program gets secrets by its environment, and what it writes of them is masked`() throws {
        let program = try Program()
        try set(program, "TOKEN", Self.value)
        // As it is, encoded, in pieces, to both streams, and where the output is cut off.
        let command = #"""
            test "$T" = "tok/s3cr3t+value=0815" || test ${#T} -eq 21 || exit 9
            printf '%s' "$T" | base64; printf '%s' "$T" | od -An -v -tx1 | tr -d ' \n'; echo
            printf '%s' "$T" | sed 's#/#%2F#g; s#+#%2B#g; s#=#%3D#g'; echo
            printf '%s' "$T" | cut -c1-9 | tr -d '\n'; sleep 0.2; printf '%s' "$T" | cut -c10-; echo "$T" >&2
            """#
        let line = command.split(separator: "\n").dropFirst().joined(separator: "; ")
        let result = try start(
            program,
            """
            workflow: tell
            outputs: {out: "${ nodes.tell.output.stdout }", err: "${ nodes.tell.output.stderr }"}
            nodes:
              - id: tell
                type: tool
                config:
                  tool: shell.exec
                  args: {command: \(JSONValue.string(line).text), env: {T: "${ secret('TOKEN') }"}}
            """
        )
        let lines = result.json["outputs"]?["out"]?.stringValue?.split(separator: "\n").map(String.init) ?? []
        #expect(lines.count == 4 && lines.allSatisfy { $0.hasPrefix("[secret]") }, "\(result.output)")
        #expect(result.json["outputs"]?["err"] == "[secret]\n")
        let failed = try start(
            program,
            """
            workflow: tell
            nodes:
              - id: tell
                type: tool
                retry: {max_attempts: 1}
                config:
                  tool: shell.exec
                  args: {command: "head -c 3000000 /dev/zero; echo $T; echo $T >&2; exit 3", env: {T: "${ secret('TOKEN') }"}}
            """,
            exit: 1
        )
        #expect(failed.output.contains("[secret]"), "\(failed.output)")
    }

    @Test func `a secret cannot be had but where it is sent`() throws {
        let program = try Program()
        try set(program, "TOKEN", Self.value)
        let misplaced = [
            "{id: a, type: transform, config: {set: {x: \"${ secret('TOKEN') }\"}}}",
            "{id: a, type: http, config: {url: \"ECHO/${ secret('TOKEN') }\"}}",
            "{id: a, type: tool, config: {tool: shell.exec, args: {command: \"echo ${ secret('TOKEN') }\"}}}",
        ]
        for node in misplaced {
            try program.write("bad.yaml", "workflow: bad\nnodes:\n  - \(node)\n")
            let result = try program.baton("workflow validate bad.yaml")
            #expect(result.exit == 2 && result.output.contains("E306"), "\(node): \(result.output)")
        }
        // A text of that form is a text, and a changed handle is refused.
        let forged = try start(
            program,
            """
            workflow: forged
            outputs: {h: "${ nodes.call.output.body.headers }"}
            nodes:
              - {id: call, type: http, config: {url: ECHO/p, headers: {X-Mine: "secret://TOKEN#1#"}}}
            """
        )
        #expect(forged.json["outputs"]?["h"]?["x-mine"] == "secret://TOKEN#1#")
        for expression in ["sha256(secret('TOKEN'))", "secret('TOKEN').upperAscii()", "secret('TOKEN').size()"] {
            let changed = try start(
                program,
                """
                workflow: changed
                nodes:
                  - id: call
                    type: http
                    retry: {max_attempts: 1}
                    config: {url: ECHO/p, headers: {X-Mine: "${ string(\(expression)) }"}}
                """,
                exit: 1
            )
            #expect(changed.output.contains("can only be sent"), "\(expression): \(changed.output)")
        }
    }

    @Test func `a secret that is not there fails the run at once, in words that help`() throws {
        let program = try Program()
        let result = try run(program, "{secret: API_KEY}")
        #expect(result.exit == 1, "\(result.output) \(result.errors)")
        let explained = try program.baton("run explain last -o json").output
        #expect(explained.contains("secret.missing") && explained.contains("baton secret set API_KEY"), "\(explained)")
        try set(program, "API_KEY", "two\nlines")
        let lines = try run(program, "{secret: API_KEY, scheme: basic}")
        #expect(lines.exit == 1 && !lines.output.contains("two") && !lines.errors.contains("two"))
    }
}
