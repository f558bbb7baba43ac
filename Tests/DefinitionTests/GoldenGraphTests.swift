// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import FoundationEssentials
import Glibc
import JSON
import Testing

@Suite struct GoldenGraphTests {
    /// The documents of the folder `Golden` with what the compiler says about it.
    private static let documents = [
        ("order_check", []), ("full_stack_feature", ["W207", "W209"]), ("deploy_production", ["W209"]),
        ("user_api", ["W207"]),
    ]

    /// With BATON_WRITE_EXPECTED in the environment the graphs are written anew.
    @Test
    func `documents compile to the graphs that are kept beside them`() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden")
        for (name, codes) in Self.documents {
            let text = [UInt8](try Data(contentsOf: folder.appending(path: "\(name).yaml")))
            let result = Compiler(registry: .golden).compile(text: text, fileName: "\(name).yaml")
            let said = result.diagnostics.map { $0.text(fileName: name) }.joined(separator: "\n")
            let graph = try #require(result.graph, "\(name): \(said)")
            #expect(Set(result.diagnostics.map(\.code.rawValue)) == Set(codes), "\(said)")
            let file = folder.appending(path: "\(name).json")
            let pretty = graph.json.prettyText + "\n"
            if getenv("BATON_WRITE_EXPECTED") != nil { try Data(pretty.utf8).write(to: file) }
            let expected = (try? Data(contentsOf: file)).map { String(decoding: $0, as: UTF8.self) }
            #expect(pretty == expected, "\(name)")
            let copy = try Graph(canonicalBytes: graph.json.canonicalBytes())
            #expect(copy.hash == graph.hash, "\(name)")
        }
    }

    @Test
    func `the workstack and the plan of the documentation compile`() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let file = root.deletingLastPathComponent().appending(path: "docs/definitions.md")
        let text = String(decoding: try Data(contentsOf: file), as: UTF8.self)
        for kind in ["workstack", "plan"] {
            let block = text.split(separator: "```yaml\n").first { $0.hasPrefix("\(kind):") }
            let document = try #require(block?.split(separator: "\n```").first)
            let result = Compiler(registry: .golden).compile(text: Array(document.utf8), fileName: "a.yaml")
            #expect(result.graph?.documentKind.rawValue == kind, "\(result.diagnostics)")
        }
    }
}

extension Registry {
    /// What the documents of the folder `Golden` name.
    static var golden: Registry {
        let anything: JSONValue = ["type": "object"]
        let tools = [
            "fs.read", "fs.write", "git.reset", "git.revert_task", "scan.secrets", "notify.send", "http.request",
            "container.build", "kubectl_apply",
        ]
        var registry = Registry(tools: tools.compactMap { try? Tool(name: $0, input: anything) })
        registry.agents = [
            "analyst": Agent(), "implementer": Agent(capabilities: ["code_generation"]), "backend_architect": Agent(),
            "rust_pro": Agent(operations: ["build", "test"]), "security_auditor": Agent(),
        ]
        registry.skills = ["tdd_workflow"]
        return registry
    }
}
