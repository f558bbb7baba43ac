// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON
import Testing

@Suite struct OutputFormTests {
    private static let flow = """
        workflow: forms
        inputs: {text: {type: string, default: "a: b # c"}}
        outputs: {text: "${ nodes.make.output.text }"}
        nodes:
          - {id: make, type: transform, config: {set: {text: "${ inputs.text }", list: [1, {x: null}]}}}
        """

    @Test func `what is written in a form can be read in it`() throws {
        let program = try Program()
        try program.write("flow.yaml", Self.flow)
        for form in ["json", "jsonl", "yaml"] {
            let started = try program.baton("run start flow.yaml -o \(form)")
            #expect(started.exit == 0 && started.errors.isEmpty, "\(started.errors)")
            #expect(try field("status", form, started.output) == "completed", "\(form)")
            let run = try program.baton("run get last -o \(form)")
            #expect(try field("inputs.text", form, run.output) == "a: b # c", "\(form)")
        }
        for words in [
            "run list", "inbox list", "tool list", "doctor", "workflow validate flow.yaml", "run events last",
        ] {
            let json = try program.baton("\(words) -o json")
            let lines = try program.baton("\(words) -o jsonl")
            #expect(json.exit == 0 && lines.exit == 0, "\(words)")
            let values = try #require(json.json.arrayValue, "\(words)")
            #expect(values.count == lines.output.split(separator: "\n").count, "\(words)")
            #expect(values.count == lines.lines.count, "\(words)")
            let yaml = try program.baton("\(words) -o yaml")
            let indented = yaml.output.split(separator: "\n").map { "  \($0)\n" }.joined()
            let entries = try FlatDocument(Array("items:\n\(indented)".utf8), fileName: "x.yaml").entries
            #expect(entries.first?.value.arrayValue?.count == values.count, "\(words)")
        }
        for form in ["json", "jsonl", "yaml"] {
            let failed = try program.baton("run get nope -o \(form)")
            let error = try JSONValue(parsing: failed.errors)
            #expect(failed.exit == 3 && error["error"]?["code"] == "not_found" && failed.output.isEmpty, "\(form)")
        }
    }

    private func field(_ path: String, _ form: String, _ text: String) throws -> JSONValue? {
        let keys = path.split(separator: ".").map(String.init)
        if form == "yaml" {
            return try FlatDocument(Array(text.utf8), fileName: "x.yaml").entries.first { $0.keys == keys }?.value
        }
        return keys.reduce(try JSONValue(parsing: text)) { $0?[$1] }
    }

    @Test func `colours and redrawing are for terminals alone`() throws {
        let program = try Program()
        try program.write("flow.yaml", Self.flow)
        let piped = try program.shell("\"$BATON\" run flow.yaml 2>&1 | cat; \"$BATON\" run list")
        #expect(!piped.output.contains("\u{1b}") && !piped.output.contains("\r"))
        #expect(piped.output.contains("run.completed"))
        guard try program.shell("script --version").exit == 0 else { return }
        let terminal = "TERM=xterm script -qec '\"$BATON\" run list' /dev/null"
        let shown = try program.shell("unset NO_COLOR; \(terminal)")
        #expect(shown.output.contains("\u{1b}["), "\(shown.output) \(shown.errors)")
        #expect(try !program.shell("NO_COLOR=1 \(terminal)").output.contains("\u{1b}["))
        #expect(try !program.shell(terminal.replacing("list", with: "list --no-color")).output.contains("\u{1b}["))
    }

    @Test func `every exit code means what it says`() throws {
        let program = try Program()
        try program.write("flow.yaml", Self.flow)
        try program.write("ask.yaml", "workflow: ask\nnodes: [{id: a, type: human, config: {title: Go?}}]\n")
        try program.write(
            "fail.yaml",
            "workflow: fail\noutputs: {x: '${ nodes.a.output }'}\nnodes: [{id: a, type: transform, config: {expr: 1 / 0}}]\n"
        )
        try program.write("broken.yaml", "workflow: [\n")
        let cases: [(words: String, exit: Int32)] = [
            ("run flow.yaml", 0), ("run fail.yaml", 1), ("run broken.yaml", 2), ("run get nope", 3),
            ("run resume last", 4), ("run ask.yaml", 8), ("run cancel last", 0), ("run get last", 0),
            ("run resume last", 4), ("inbox approve last", 3), ("--data ask.yaml run start flow.yaml", 5),
        ]
        for (words, exit) in cases { #expect(try program.baton(words).exit == exit, "\(words)") }
    }

    @Test func `an interrupted run is durable and goes on`() throws {
        let program = try Program()
        try program.write(
            "flow.yaml",
            """
            workflow: slow
            outputs: {fired: "${ nodes.a.output.fired_at }"}
            nodes: [{id: a, type: wait, config: {for: 5s}}]
            """
        )
        for signal in ["INT", "TERM", "HUP"] {
            let result = try program.shell(
                """
                "$BATON" run flow.yaml & driver=$!
                until "$BATON" run list --status waiting -o jsonl -q 2>/dev/null | grep -q slow; do
                    kill -0 $driver || break
                done
                kill -\(signal) $driver; wait $driver; echo "driver $?"
                timeout 60 "$BATON" run resume last; echo "resumed $?"
                """
            )
            #expect(result.output.contains("driver 130") && result.output.contains("resumed 0"), "\(result.errors)")
        }
    }
}
