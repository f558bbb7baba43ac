// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON
import Testing

@testable import Commands

@Suite struct RunInputsTests {
    private static let document = """
        workflow: inputs
        inputs:
          text: {type: string, default: t}
          count: {type: integer, default: 1}
          tags: {type: array, default: []}
          any: {default: null}
          repo: {type: string, format: path, default: .}
        nodes:
          - {id: a, type: transform, config: {set: {x: 1}}}
        """

    @Test func `values are JSON where the workflow does not ask for text`() throws {
        let inputs = try Self.read(["text=5", "count=5", "tags=[1,\"a\"]", "any={\"a\":true}", "repo=sub/../x"])
        #expect(inputs == ["text": "5", "count": 5, "tags": [1, "a"], "any": ["a": true], "repo": "/here/x"])
        #expect(try Self.read(["any=plain words"])["any"] == "plain words")
    }

    @Test func `paths are taken relative to the person, defaults too`() throws {
        #expect(try Self.read([])["repo"] == "/here")
        #expect(try Self.read(["repo=/abs//x/./y"])["repo"] == "/abs/x/y")
        #expect(try Self.read(["repo=../up"])["repo"] == "/up")
    }

    @Test func `what does not fit is named with what would`() throws {
        let cases = [
            (["cout=5"], "there is no input `cout`; did you mean `count`?"),
            (["count=many"], "input `count`: the value must be an integer, is a string"),
        ]
        for (given, message) in cases {
            do throws(CommandFailure) {
                _ = try Self.read(given)
                Issue.record("accepted: \(given)")
            } catch {
                #expect(error.message == message)
                #expect(error.exit == .usage)
                #expect(
                    error.hint?.hasPrefix("`inputs` takes: text (string, default \"t\"), count (integer, default 1)")
                        == true
                )
            }
        }
    }

    @Test func `the version that is told is that of compiled graphs`() throws {
        let result = Compiler(registry: Registry()).compile(text: Array(Self.document.utf8), fileName: "inputs.yaml")
        #expect(result.graph?.json["format_version"] == .int(Int64(VersionCommand.graphFormat)))
    }

    private static func read(_ given: [String]) throws(CommandFailure) -> JSONObject {
        var invocation = Invocation(command: RunStart.command, path: ["baton", "run", "start"])
        invocation.options["input"] = given
        let context = CommandContext(
            invocation: invocation,
            console: Recorder(.table).console,
            environment: [:],
            currentDirectory: "/here"
        )
        let result = Compiler(registry: Registry()).compile(text: Array(document.utf8), fileName: "inputs.yaml")
        guard let graph = result.graph else { throw .invalid(result.diagnostics.map(\.message).joined()) }
        return try RunInputs(graph: graph, context: context).read()
    }
}

@Suite struct CommandContextTests {
    @Test func `the data folder is an option, a variable or a folder of the person`() {
        let cases: [(option: String?, environment: [String: String], folder: String)] = [
            ("d", ["BATON_HOME": "/b", "HOME": "/h"], "/here/d"), (nil, ["BATON_HOME": "/b", "HOME": "/h"], "/b"),
            (nil, ["BATON_HOME": "", "HOME": "/h"], "/h/.baton"), (nil, [:], "/.baton"),
        ]
        for (option, environment, folder) in cases {
            var invocation = Invocation(command: CommandTree.root, path: ["baton"])
            if let option { invocation.options["data"] = [option] }
            let context = CommandContext(
                invocation: invocation,
                console: Recorder(.table).console,
                environment: environment,
                currentDirectory: "/here"
            )
            #expect(context.dataFolder == folder)
            #expect(context.command("run list") == (option == nil ? "baton run list" : "baton run list --data /here/d"))
        }
    }
}
