// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import Definition
import JSON
import Testing

@Suite struct SourceTests {
    private func compile(_ text: [UInt8], _ name: String = "a.yaml") -> CompileResult {
        Compiler(registry: .sample).compile(text: text, fileName: name)
    }

    private func codes(_ text: String, _ name: String = "a.yaml") -> [String] {
        compile(Array(text.utf8), name).diagnostics.map { "\($0.code.rawValue) \($0.line):\($0.column)" }
    }

    @Test
    func `texts that are too large, too deep or not UTF-8 are refused`() {
        let head = "workflow: a\nmetadata: "
        let bomb = (1...9).reduce("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n") { text, level in
            text + "a\(level): &a\(level) [" + Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
                + "]\n"
        }
        let deepMapping = (0..<200).map { String(repeating: " ", count: $0) + "k:\n" }.joined()
        let cases: [(name: String, text: [UInt8], expected: String)] = [
            ("5 MiB", [UInt8](repeating: 0x20, count: 5 << 20), "E102 1:1"),
            ("not UTF-8", Array((head + "ä").utf8) + [0xff], "E101 2:12"),
            ("cut UTF-8", Array((head + "ä").utf8.dropLast()), "E101 2:11"),
            ("alias bomb", Array(bomb.utf8), "E102 5:45"),
            ("10,000 lists", Array((head + String(repeating: "[", count: 10_000)).utf8), "E102"),
            ("10,000 closed lists", Array(nested(10_000, "[", "]", in: head).utf8), "E102"),
            ("200 block mappings", Array((head + "\n" + deepMapping).utf8), "E102 67:65"),
            ("10,000 JSON lists", Array(nested(10_000, "[", "]", in: #"{"workflow":"a","x":"#, "}").utf8), "E102 1:84"),
            ("10,000 JSON objects", Array(nested(10_000, #"{"a":"#, "}", in: "").utf8), "E102 1:321"),
            ("NUL", Array("workflow: a\0b".utf8), "E101"),
            ("UTF-16", [0xff, 0xfe, 0x61, 0], "E101 1:1"),
        ]
        for (name, text, expected) in cases {
            let result = compile(text)
            let found = result.diagnostics.map { "\($0.code.rawValue) \($0.line):\($0.column)" }
            #expect(result.graph == nil && found.count == 1 && found[0].hasPrefix(expected), "\(name): \(found)")
        }
    }

    private func nested(_ count: Int, _ open: String, _ close: String, in head: String, _ tail: String = "") -> String {
        head + String(repeating: open, count: count) + String(repeating: close, count: count) + tail
    }

    @Test
    func `depth 64 and 100,000 values of aliases are allowed`() {
        let nodes = "\nnodes: [{id: x, type: echo, config: {text: hi}}]"
        let deep = nested(63, "[", "]", in: "workflow: a\nmetadata: {x-deep: ").replacing("{x-deep: ", with: "")
        #expect(codes(deep.replacing("metadata", with: "x-deep") + nodes) == [])
        let list = "[" + Array(repeating: "1", count: 99).joined(separator: ",") + "]"
        let aliases = Array(repeating: "*l", count: 1000).joined(separator: ",")
        #expect(codes("workflow: a\nx-l: &l \(list)\nx-m: [\(aliases)]" + nodes) == [])
        #expect(codes("workflow: a\nx-l: &l \(list)\nx-m: [\(aliases),*l]" + nodes).first?.hasPrefix("E102") == true)
    }

    @Test
    func `plain scalars follow the core schema of YAML 1.2`() throws {
        let cases: [(String, JSONValue)] = [
            ("no", "no"), ("yes", "yes"), ("on", "on"), ("null", nil), ("~", nil), ("", nil), ("True", true),
            ("tRUE", "tRUE"), ("0o17", 15), ("017", 17), ("0x1F", 31), ("0o8", "0o8"), ("+12", 12), ("-0", 0),
            ("1_000", "1_000"), ("1e3", 1000), (".5", 0.5), ("5.", 5), ("1.e2", 100), (".", "."), ("-x", "-x"),
            ("1.2.3", "1.2.3"), ("12:30:45", "12:30:45"), ("2001-12-14", "2001-12-14"),
            ("9223372036854775807", .int(.max)), ("9223372036854775808", 9_223_372_036_854_775_808.0),
            ("'12'", "12"), ("\"1\\u00e9\"", "1é"), ("!!str 12", "12"), ("! 12", "12"), ("!!int 12", 12),
            ("!!float 12", 12), ("*t", "hi"), ("|\n      two\n      lines\n", "two\nlines\n"),
        ]
        for (scalar, expected) in cases {
            let text = """
                workflow: a
                x-t: &t hi
                outputs:
                  value: \(scalar)
                nodes: [{id: x, type: echo, config: {text: hi}}]
                """
            let result = compile(Array(text.utf8))
            #expect(result.graph?.outputs.source["value"] == expected, "\(scalar): \(result.diagnostics)")
        }
    }

    @Test
    func `every refused scalar has a place`() {
        for scalar in [".nan", "-.INF", "1e999", "!!int x", "!!bool 1", "!mine x", "!!binary aGk="] {
            #expect(codes("workflow: a\nversion: \(scalar)") == ["E101 2:10"], "\(scalar)")
        }
    }

    @Test
    func `all of JSON is read, with the positions of keys and values`() {
        let text = #"""
            {	"workflow": "a", "x-a": "\/\ud83d\ude00", "x-b": [1e2, -0.5, true, null, {}],
            	"x-long-\#(String(repeating: "k", count: 2000))"
            	: 1, "nodes": [{"id":"x","type":"echo","config":{"text":"\u0041"},"wehn":"true"}]}
            """#
        #expect(codes(text, "a.json") == ["E104 3:68"])
        #expect(codes("\u{feff}" + #"{"workflow":"a","nodes":[]}"#, "a.json") == ["E203 1:25"])
        #expect(codes("{workflow: a, nodes: []}", "a.json") == ["E101 1:2"])
        #expect(codes("{workflow: a, nodes: []}", "a.yaml") == ["E203 1:22"])
        #expect(codes(#"{"workflow":"é😀","nodes":[]}"#, "a.json") == ["E107 1:13"])
        #expect(codes(#"{"x-ü€":"😀","workflow":"a","nodes":[]}"#, "a.json") == ["E203 1:36"])
        #expect(codes(#"{"workflow":"a","version":[],"nodes":[01]}"#, "a.json") == ["E101 1:39"])
    }

    @Test
    func `an expression is located inside its text when that is written plainly`() {
        func column(_ scalar: String) -> [String] {
            codes("workflow: a\nnodes:\n  - {id: x, type: echo, config: {text: hi}, when: \(scalar)}")
        }
        #expect(column("true && nope") == ["E301 3:59"])
        #expect(column("'true && nope'") == ["E301 3:60"])
        #expect(column("\"é${ nope }\"").isEmpty == false)
        #expect(column("\"${ true && nope }\"") == ["E301 3:63"])
        #expect(column("'''x'' == nope'") == ["E301 3:51"])
    }

    @Test
    func `a document may have a directive, marks and comments around it`() {
        let text =
            "# first\n%YAML 1.2\n---\nworkflow: a\nnodes: [{id: x, type: echo, config: {text: hi}}]\n...\n# last\n"
        #expect(codes(text) == [])
    }

    @Test
    func `a diagnostic has a line for people and an object for programs`() throws {
        let result = compile(Array("workflow: a\nnodes:\n- {id: x, type: echo}\n- {id: x, type: echo}".utf8))
        let wrong = try #require(result.errors.first)
        #expect(wrong.path == "/nodes/0/config")
        #expect(wrong.text(fileName: "a.yaml").hasPrefix("a.yaml:3:3: error E403: "))
        let doubled = compile(
            Array(
                "workflow: a\nnodes: [{id: x, type: http, config: {url: 'http://a/'}}, &n {id: x, type: echo, config: {text: a}}]"
                    .utf8
            )
        )
        let diagnostic = try #require(doubled.errors.first)
        #expect(
            diagnostic.text(fileName: "f")
                == "f:2:66: error E201: two nodes have the id `x`; rename one\n  f:2:14: the first one is here"
        )
        #expect(
            diagnostic.json == [
                "code": "E201", "severity": "error", "message": "two nodes have the id `x`; rename one",
                "path": "/nodes/1/id", "line": 2, "column": 66,
                "related": [["path": "/nodes/0/id", "message": "the first one is here", "line": 2, "column": 14]],
            ]
        )
    }

    @Test
    func `a word of a megabyte is not repeated in full`() {
        let word = String(repeating: "k", count: 1 << 20)
        let result = compile(Array(#"{"workflow": "a", "\#(word)": 1, "nodes": []}"#.utf8))
        #expect(result.diagnostics.map(\.code) == [.unknownKey])
        #expect(result.diagnostics.allSatisfy { $0.message.utf8.count < 2000 })
    }
}
