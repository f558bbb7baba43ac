// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Testing

@Suite struct ModelCommandTests {
    @Test func `a command beside the mock server finds it, and a wrong script is told`() throws {
        let program = try Program()
        try program.write("answers.yaml", "rules: [{match: {contains: hi}, reply: {text: hello}}]")
        try program.write("body.json", #"{"model":"m","messages":[{"role":"user","content":"hi"}]}"#)
        let script = """
            export BATON_SANDBOX_NETWORK=${OLLAMA_HOST#http://}
            "$BATON" tool call http.request -a method=POST -a url=$OPENAI_BASE_URL/chat/completions \
                -a body="$(cat body.json)" -o json
            exit 7
            """
        try program.write("check.sh", script)
        let result = try program.shell("\"$BATON\" mock-llm --port 0 --script answers.yaml -- bash check.sh")
        #expect(result.exit == 7, "\(result.errors)")
        #expect(result.output.contains("hello"), "\(result.output) \(result.errors)")
        try program.write("wrong.yaml", "rules: [{reply: {txt: hello}}]")
        let wrong = try program.baton("mock-llm --script wrong.yaml")
        #expect(wrong.exit == 2 && wrong.errors.contains("wrong.yaml:1:23: `rules[0].reply.txt` is unknown here"))
    }

    @Test func `the doctor says which providers answer`() throws {
        let program = try Program()
        let script = """
            mkdir -p data
            cat > data/config.yaml <<END
            providers:
              mock: {base_url: $OPENAI_BASE_URL}
              gone: {base_url: "http://127.0.0.1:1"}
              fake: {kind: scripted, script: ../wrong.yaml}
            tiers: {table: ../prices.json}
            END
            "$BATON" doctor -o json
            """
        try program.write("check.sh", script)
        try program.write("wrong.yaml", "rules: 5")
        try program.write("prices.json", #"{"version": "7", "models": []}"#)
        let result = try program.shell("\"$BATON\" mock-llm --port 0 -- bash check.sh")
        let findings = result.json.arrayValue ?? []
        let grades = Dictionary(findings.map { ($0["check"]?.stringValue ?? "", $0["status"]?.stringValue ?? "") }) {
            $1
        }
        #expect(grades["provider mock"] == "ok", "\(result.output) \(result.errors)")
        #expect(grades["provider gone"] == "fail")
        #expect(grades["provider fake"] == "fail")
        #expect(findings.last?["message"] == "0 models, of 7")
    }

    @Test func `providers and tiers that do not fit are told with their place`() throws {
        let program = try Program()
        let cases = [
            ("providers: {a: {kind: robot}}", "config.yaml:1:17: `providers.a.kind` has `a.kind`, which must be"),
            ("providers: {a: {key_secret: sk-123}}", "never the key itself"),
            ("providers: {a: {colour: red}}", "which is none of kind, base_url"),
            ("providers: {a: {kind: openai_compatible}}", "`providers` has `a`, which needs `base_url`"),
            ("tiers: {small: [a/b]}", "`tiers.small` names `a/b`, but `providers.a` is not set"),
            ("tiers: {small: [plain]}", "must be a list of PROVIDER/MODEL"),
        ]
        for (text, message) in cases {
            _ = try program.shell("mkdir -p data")
            try program.write("data/config.yaml", text)
            let result = try program.baton("settings list")
            #expect(result.exit == 2 && result.errors.contains(message), "\(text): \(result.errors)")
        }
    }
}
