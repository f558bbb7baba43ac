// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Testing

@testable import Commands

/// What people and machines hand over by mistake: each is refused with a place, and nothing is written.
@Suite struct BadInputTests {
    @Test func `documents that cannot be are refused at once`() throws {
        let program = try Program()
        let bomb = (1...11).map { level in
            "  a\(level): &a\(level) [\(Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ","))]\n"
        }
        let nested = String(repeating: "[", count: 10_000) + String(repeating: "]", count: 10_000)
        let large = String(repeating: "a", count: 5 << 20)
        try program.write("utf.yaml", bytes: Array("workflow: ".utf8) + [0xff, 0xfe] + Array("\nnodes: []\n".utf8))
        try program.write("nul.yaml", bytes: Array("workflow: x\0y\nnodes: []\n".utf8))
        let texts = [
            "large.yaml": "workflow: large\nmetadata: {x: \(large)}\nnodes: []\n",
            "bomb.yaml": "workflow: bomb\nmetadata:\n  a0: &a0 [x]\n\(bomb.joined())nodes: []\n",
            "deep.yaml": "workflow: deep\nmetadata: {x: \(nested)}\nnodes: []\n",
            "deep.json": "{\"workflow\": \"deep\", \"metadata\": {\"x\": \(nested)}, \"nodes\": []}",
            "empty.yaml": "",
            "scalar.yaml": "hello\n",
            "keys.yaml": "workflow: keys\nnodes:\n  - {id: a, type: transform, config: {expr: '1'}, dependson: []}\n",
            "cycle.yaml": """
            workflow: cycle
            nodes:
              - {id: a, type: transform, depends_on: [c], config: {expr: '1'}}
              - {id: b, type: transform, depends_on: [a], config: {expr: '1'}}
              - {id: c, type: transform, depends_on: [b], config: {expr: '1'}}
            """,
        ]
        for (name, text) in texts { try program.write(name, text) }
        let cases = [
            ("utf.yaml", "utf.yaml:1:11: error E101: the text is not UTF-8"),
            ("nul.yaml", "nul.yaml:1:1: error E101: "),
            ("large.yaml", "large.yaml:1:1: error E102: the document has 5242922 bytes; at most 4194304 are allowed"),
            ("bomb.yaml", "error E102: aliases stand for more than 100000 values"),
            ("deep.yaml", "deep.yaml:2:77: error E102: nested deeper than 64 levels"),
            ("deep.json", "deep.json:1:102: error E102: nested deeper than 64 levels"),
            ("empty.yaml", "empty.yaml:1:1: error E101: the document is empty"),
            ("scalar.yaml", "scalar.yaml:1:1: error E105: "),
            ("keys.yaml", "keys.yaml:3:51: error E104: unknown key `dependson` in a node; did you mean `depends_on`?"),
            ("cycle.yaml", "cycle.yaml:3:43: error E204: cycle: a → b → c → a; remove one of these edges"),
        ]
        for (name, line) in cases {
            let result = try program.baton("run \(name)")
            #expect(result.exit == 2, "\(name)")
            #expect(result.errors.contains(line), "\(name): \(result.errors)")
            #expect(result.errors.contains("nothing was started"), "\(name)")
            #expect(result.output.isEmpty, "\(name)")
        }
        #expect(try program.baton("run .").exit == 2)
        #expect(try program.baton("run /dev/null").exit == 2)
        #expect(try program.baton("run nofile.yaml").exit == 3)
        #expect(try program.shell("ls data").exit != 0, "nothing was written")
    }

    @Test func `many mistakes are reported together, each with its place`() throws {
        let program = try Program()
        try program.write(
            "many.yaml",
            """
            workflow: many
            typo: 1
            inputs:
              n: {type: nmber}
            nodes:
              - {id: a, type: transfrom, config: {}}
              - {id: b, type: transform, config: {expr: "1 +"}, dependson: [a]}
              - {id: c, type: wait, config: {for: soon}}
              - {id: 9d, type: fs.read, config: {paht: x}}
            """
        )
        let result = try program.baton("run many.yaml")
        #expect(result.exit == 2)
        let expected = [
            "2:1: error E104", "4:13: error E110", "6:19: error E401", "7:49: error E303", "7:53: error E104",
            "8:39: error E109", "9:10: error E107", "9:37: error E403", "9:44: error E403",
        ]
        let lines = result.errors.split(separator: "\n")
        #expect(zip(lines, expected).allSatisfy { $0.hasPrefix("many.yaml:\($1): ") }, "\(result.errors)")
        #expect(lines.last == "baton: definition.invalid: many.yaml has 9 errors; nothing was started")
        #expect(lines.count == 10)

        try program.write(
            "links.yaml",
            """
            workflow: links
            nodes:
              - {id: a, type: transform, config: {expr: "1"}}
              - {id: a, type: transform, config: {expr: "2"}}
              - {id: c, type: transform, config: {expr: "3"}, depends_on: [nobody]}
            edges:
              - {from: a, to: nowhere}
            """
        )
        let links = try program.baton("workflow validate links.yaml -o json")
        #expect(links.exit == 2)
        let codes = links.json[0]?["diagnostics"]?.arrayValue?.compactMap { $0["code"]?.stringValue }
        #expect(codes?.filter { $0.hasPrefix("E") } == ["E201", "E202", "E202"])
        #expect(try program.shell("ls data").exit != 0, "nothing was written")
    }

    @Test func `inputs that do not fit are refused before anything is written`() throws {
        let program = try Program()
        try program.write(
            "in.yaml",
            """
            workflow: in
            inputs: {name: {type: string}, limit: {type: integer, minimum: 1, default: 5}}
            outputs: {sum: "${ inputs.limit }"}
            nodes: [{id: a, type: transform, config: {expr: inputs.name}}]
            """
        )
        try program.write("list.json", "[1]")
        try program.write("broken.json", "{\"name\":\n  x}")
        let cases = [
            ("--input nmae=x", "there is no input `nmae`; did you mean `name`?"),
            ("--input nmae=x", "input `name` is required"),
            ("--input name=x --input limit=abc", "input `limit`: the value must be an integer, is a string"),
            ("--input name=x --input limit=1.5", "input `limit`: the value must be an integer"),
            ("--input name=x --input limit=0", "input `limit`: the value must be at least 1, is 0"),
            ("--input name=x --input limit=null", "input `limit`: "),
            ("--input name", "--input needs NAME=VALUE, not `name`"),
            ("--inputs-file list.json", "list.json:1:1: an object is expected"),
            ("--inputs-file broken.json", "broken.json:2:3: "),
        ]
        for (words, message) in cases {
            let result = try program.baton("run in.yaml \(words)")
            #expect(result.exit == 2, "\(words)")
            #expect(result.errors.contains(message), "\(words): \(result.errors)")
        }
        #expect(try program.shell("ls data").exit != 0, "nothing was written")
    }

    @Test func `every command has help and a wrong command line is said to be wrong`() throws {
        let program = try Program()
        var names: [String] = []
        collect(CommandTree.root, "", &names)
        #expect(names.count > 20)
        for name in names {
            let help = try program.baton("\(name) --help")
            #expect(help.exit == 0 && help.output.contains("Usage: baton") && help.errors.isEmpty, "\(name)")
        }
        for words in ["nonsense", "run --nonsense", "run list extra", "-o xml run list", "completion tcsh", "run get"] {
            let result = try program.baton(words)
            #expect(result.exit == 2 && result.errors.hasPrefix("baton: usage: "), "\(words)")
            #expect(result.output.isEmpty, "\(words)")
        }
        #expect(try program.shell("ls").output.isEmpty, "nothing was written")
    }

    private func collect(_ command: CommandDescription, _ path: String, _ names: inout [String]) {
        names.append(path)
        for child in command.children { collect(child, "\(path) \(child.name)", &names) }
    }
}
