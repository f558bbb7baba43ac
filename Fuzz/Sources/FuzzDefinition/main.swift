// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import Driver
import JSON

let anything: JSONValue = ["type": "object"]
let tools = [
    "shell.exec", "fs.read", "fs.write", "http.request", "git.reset", "git.revert_task", "scan.secrets",
].compactMap { try? Registry.Tool(name: $0, input: anything) }
let compiler = Compiler(registry: Registry(tools: tools))

// A graph survives being stored, and the same document gives the same graph.
fuzz { start, count in
    let text = bytes(start, count)
    guard let graph = compiler.compile(text: text, fileName: "fuzz.json").graph else { return 0 }
    let stored = try? Graph(canonicalBytes: graph.json.canonicalBytes())
    require(stored?.hash == graph.hash, "the stored graph is another one")
    let again = compiler.compile(text: text, fileName: "fuzz.json").graph
    require(again?.hash == graph.hash, "compiling is not repeatable")
    for rendering in GraphRendering.allCases { _ = rendering.render(graph) }
    return 0
}
