// Baton
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Commands

@Suite struct ArgumentParserTests {
    @Test func `a command line becomes a command with its values`() throws {
        let cases: [(line: String, path: String, option: String, values: [String])] = [
            ("run start f.yaml --input a=1 --input b=x=y", "baton run start", "input", ["a=1", "b=x=y"]),
            ("run start f.yaml -i a=1 --input=b=2", "baton run start", "input", ["a=1", "b=2"]),
            ("run f.yaml --follow", "baton run start", "follow", ["true"]),
            ("run --input a=1 f.yaml", "baton run start", "input", ["a=1"]),
            ("-o json run list", "baton run list", "output", ["json"]),
            ("run list -ojson", "baton run list", "output", ["json"]),
            ("run list --output=yaml -o jsonl", "baton run list", "output", ["jsonl"]),
            ("run --data /x list", "baton run list", "data", ["/x"]),
            ("run list --limit 7", "baton run list", "limit", ["7"]),
            ("inbox approve last --no-follow", "baton inbox approve", "follow", ["false"]),
            ("approve last", "baton approve", "follow", []),
            ("echo --port 0 sh -c -x --port", "baton echo", "port", ["0"]),
            ("run start -- -f.yaml", "baton run start", "input", []),
        ]
        for (line, path, option, values) in cases {
            let invocation = try Self.parse(line)
            #expect(invocation.path.joined(separator: " ") == path, "\(line)")
            #expect(invocation.options[option] ?? [] == values, "\(line)")
        }
    }

    @Test func `words go to their arguments in order`() throws {
        #expect(try Self.parse("run get last").word("RUN") == "last")
        #expect(try Self.parse("run start -- -f.yaml").word("FILE") == "-f.yaml")
        #expect(try Self.parse("run -").word("FILE") == "-")
        #expect(try Self.parse("run f.yaml").isShortForm)
        #expect(try !Self.parse("run start f.yaml").isShortForm)
        #expect(try Self.parse("workflow validate a b c").words["FILE"] == ["a", "b", "c"])
        #expect(try Self.parse("echo sh -c -x --port").words["COMMAND"] == ["sh", "-c", "-x", "--port"])
        #expect(try Self.parse("echo").words["COMMAND"] == [])
    }

    @Test func `values and defaults are read by kind`() throws {
        let list = try Self.parse("run list")
        #expect(list.number("limit") == 50)
        #expect(list.text("output") == "table")
        #expect(list.text("workflow") == nil)
        #expect(try Self.parse("run resume last").isOn("follow"))
        #expect(try !Self.parse("run start f").isOn("follow"))
        let pairs = try Self.parse("run f -i a=1 -i b=x=y -i c=").pairs("input")
        #expect(pairs.map(\.name) == ["a", "b", "c"])
        #expect(pairs.map(\.value) == ["1", "x=y", ""])
    }

    @Test func `a mistake is named together with what was probably meant`() {
        let cases: [(line: String, message: String, hint: String)] = [
            ("rn list", "there is no command `baton rn`", "did you mean `baton run`?"),
            ("inbox aprove x", "there is no command `baton inbox aprove`", "did you mean `baton inbox approve`?"),
            ("zzzzz", "there is no command `baton zzzzz`", "`baton --help` lists the commands"),
            ("run list --stats x", "`baton run list` has no option --stats", "did you mean --status?"),
            ("run list -x", "`baton run list` has no option -x", "`baton run list --help` lists the options"),
            ("run list --status runing", "--status cannot be `runing`", "did you mean `running`?"),
            ("-o xml run list", "-o cannot be `xml`", "it is one of: table, json, jsonl, yaml, compact"),
            ("run list --limit 0", "--limit cannot be `0`", "N is a whole number from 1 to 1000"),
            ("run list --limit", "--limit needs a value", "write --limit N"),
            ("run f --input --follow", "--input needs a value", "write --input NAME=VALUE"),
            ("run f --input x", "--input needs NAME=VALUE, not `x`", "for example --input limit=5"),
            ("run list --quiet=1", "--quiet takes no value, but was given `1`", "write --quiet alone"),
            (
                "run get", "`baton run get` needs RUN: id of a run, the beginning of one, or `last`",
                "usage: baton run get RUN [--at SEQ]"
            ),
            ("version x", "`baton version` does not know what to do with `x`", "usage: baton version"),
            (
                "inbox reject x", "`baton inbox reject` needs --comment",
                "usage: baton inbox reject REQUEST --comment TEXT [--no-follow] [--timeout SPAN]"
            ),
        ]
        for (line, message, hint) in cases {
            do {
                _ = try Self.parse(line)
                Issue.record("accepted: \(line)")
            } catch {
                #expect(error == UsageError(message: message, hint: hint), "\(line)")
            }
        }
    }

    @Test func `help is wanted wherever it is asked for`() throws {
        for line in ["--help", "run --help", "run start --help", "run f.yaml -h", "inbox reject --help", "-o json -h"] {
            #expect(try Self.parse(line).wantsHelp, "\(line)")
        }
    }

    private static func parse(_ line: String) throws(UsageError) -> Invocation {
        try ArgumentParser.parse(line.split(separator: " ").map(String.init), CommandTree.root)
    }
}
