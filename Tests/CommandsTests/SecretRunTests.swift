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
