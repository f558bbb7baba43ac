// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON
import Testing

@testable import Commands

@Suite struct OutputTests {
    @Test func `a table is aligned and cut to the terminal`() {
        var table = Table([.init(title: "NAME"), .init(title: "N", isNumber: true), .init(title: "NOTE")])
        table.add(["a", "5", "short"])
        table.add(["long-name", "12345", ""])
        table.add(["x\u{1b}[31m\ny", "1", "a note that is much longer than the terminal is wide"])
        let plain = Style(isOn: false)
        #expect(
            table.lines(width: nil, style: plain)[...2] == [
                "NAME           N  NOTE",
                "a              5  short",
                "long-name  12345  -",
            ]
        )
        let cut = table.lines(width: 40, style: plain)
        #expect(cut[3] == "x [31m y       1  a note that is much l…")
        #expect(cut.allSatisfy { $0.count <= 40 })
    }

    @Test func `colours are used only where they are on`() {
        #expect(Style(isOn: false).status("failed") == "failed")
        #expect(Style(isOn: true).status("failed") == "\u{1b}[31mfailed\u{1b}[0m")
        #expect(Style(isOn: true).status("blocked") == "blocked")
    }

    @Test func `YAML quotes what it would read as something else`() throws {
        let texts = [
            "plain", "two words", "a: b", "a:b", "http://x/y?z=1", "- a", "#a", "a #b", "a#b", "true", "No", "null",
            "~", "", " a", "a ",
            "1", "-1", "1.5", "0x1f", "1e3", ".inf", "2026-01-31", "12:30", "=", "@a", "`a`", "%a", "&a", "*a", "!a",
            "|", ">", "{a}",
            "[a]", "a, b", "'a'", "\"a\"", "a\\b", "line\nline", "tab\ta", "ünï", "\u{0}", "\u{85}", "a\u{2028}b",
            "\u{7f}", "\u{feff}x", "\u{1f600}", "a:", "on", "y", "---", "...", "?",
            "? a", ":", "a: ", "<<",
        ]
        for text in texts {
            let written = YAMLWriter.text(of: ["key": .string(text), "list": [.string(text), ["k": .string(text)]]])
            let read = try FlatDocument(Array(written.utf8), fileName: "x.yaml").entries
            #expect(read.first?.value == .string(text), "\(written)")
            #expect(read.last?.value == [.string(text), ["k": .string(text)]], "\(written)")
        }
        for key in ["on", "1", "a b", "a: b", ""] {
            let written = YAMLWriter.text(of: .object([key: 1]))
            #expect(
                try FlatDocument(Array(written.utf8), fileName: "x.yaml").entries.first?.keys == [key],
                "\(written)"
            )
        }
    }

    @Test func `YAML is written in blocks`() {
        let value: JSONValue = ["a": [1, [2, 3], ["b": nil, "c": [:]], []], "d": ["e": true, "f": 1.5], "g": "x"]
        #expect(
            YAMLWriter.text(of: value) == """
                a:
                  - 1
                  - - 2
                    - 3
                  - b: null
                    c: {}
                  - []
                d:
                  e: true
                  f: 1.5
                g: x

                """
        )
        #expect(YAMLWriter.text(of: []) == "[]\n")
    }

    @Test func `a list has a form in every format`() {
        let items: [JSONValue] = [["id": "r1"], ["id": "r2"]]
        var table = Table([.init(title: "ID")])
        table.add(["r1"])
        table.add(["r2"])
        let expected: [(OutputFormat, String)] = [
            (.table, "ID\nr1\nr2\n"),
            (.json, "[\n  {\n    \"id\": \"r1\"\n  },\n  {\n    \"id\": \"r2\"\n  }\n]\n"),
            (.jsonl, "{\"id\":\"r1\"}\n{\"id\":\"r2\"}\n"),
            (.yaml, "- id: r1\n- id: r2\n"),
        ]
        for (format, text) in expected {
            let recorder = Recorder(format)
            recorder.console.show(items, table)
            recorder.console.flush()
            #expect(recorder.output == text)
        }
    }

    @Test func `errors are lines for people or JSON for programs`() {
        let failure = CommandFailure(.notFound, "not_found", "there is no run `x`", hint: "look")
        let people = Recorder(.table)
        people.console.report(failure)
        #expect(people.errors == "baton: not_found: there is no run `x`\n  look\n")
        let programs = Recorder(.yaml)
        programs.console.report(failure)
        #expect(
            programs.errors
                == "{\"error\":{\"code\":\"not_found\",\"message\":\"there is no run `x`\",\"hint\":\"look\"}}\n"
        )
        #expect(programs.output.isEmpty)
    }

    @Test func `quiet keeps notes back and errors not`() {
        let recorder = Recorder(.table, isQuiet: true)
        recorder.console.note("progress")
        recorder.console.complain("trouble")
        #expect(recorder.errors == "trouble\n")
    }

    @Test func `what a program wrote cannot take over the terminal`() {
        #expect(TextWidth.printable("a\u{1b}[2Jb\r\nc\td\u{9b}1m\u{202e}") == "a[2Jb\nc\td1m")
        #expect(TextWidth.oneLine("a\nb\u{7}") == "a b ")
    }

    @Test func `words are quoted for the shell when they need it`() {
        #expect("/tmp/data".shellQuoted == "/tmp/data")
        #expect("it's here".shellQuoted == "'it'\\''s here'")
        #expect("".shellQuoted == "''")
    }
}

/// A console whose streams are kept.
final class Recorder {
    private final class Streams {
        var output: [UInt8] = []
        var errors: [UInt8] = []
    }
    private let streams = Streams()
    let console: Console

    init(_ format: OutputFormat, isQuiet: Bool = false) {
        let streams = streams
        console = Console(.init(format: format, isQuiet: isQuiet)) { bytes in
            streams.output += bytes
            return 0
        } errors: { bytes in
            streams.errors += bytes
            return 0
        }
    }

    var output: String { String(decoding: streams.output, as: UTF8.self) }
    var errors: String { String(decoding: streams.errors, as: UTF8.self) }
}
