// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON
import Testing

@Suite struct FixTests {
    @Test
    func `a fix takes its diagnostic away and is part of the form for programs`() throws {
        var count: [Diagnostic.Code: Int] = [:]
        for entry in try DiagnosticTable.entries() {
            let result = entry.compile()
            guard let document = result.document else { continue }
            for diagnostic in result.diagnostics {
                guard let fix = diagnostic.fix else { continue }
                #expect(diagnostic.json["fix"] == fix)
                let fixed = try JSONPatch(fix).apply(to: document)
                let after = Compiler(registry: .full).compile(text: fixed.bytes(), fileName: "a.json").diagnostics
                let before = result.diagnostics.count { $0.code == diagnostic.code }
                let left = after.count { $0.code == diagnostic.code }
                #expect(left < before, "\(entry.name): \(after)")
                count[diagnostic.code, default: 0] += 1
            }
        }
        for code in [Diagnostic.Code.unknownKey, .invalidConfig, .impliedEdge, .alias] {
            #expect(count[code, default: 0] > 0, "\(code.rawValue)")
        }
    }

    @Test
    func `a fix writes what the message says`() throws {
        let text = """
            workflow: a
            nodes:
              - {id: a, type: gate, timeout_ms: 2500, retyr: {max_attempts: 3}}
            """
        let result = Compiler(registry: .sample).compile(text: Array(text.utf8), fileName: "a.yaml")
        #expect(
            result.diagnostics.map(\.fix) == [
                [["op": "replace", "path": "/nodes/0/type", "value": "join"]],
                [
                    ["op": "remove", "path": "/nodes/0/timeout_ms"],
                    ["op": "add", "path": "/nodes/0/timeout", "value": "2s500ms"],
                ],
                [
                    ["op": "remove", "path": "/nodes/0/retyr"],
                    ["op": "add", "path": "/nodes/0/retry", "value": ["max_attempts": 3]],
                ],
            ]
        )
    }

    @Test
    func `a key that would overwrite another is not renamed`() {
        let text = "workflow: a\nnodes: [{id: a, type: gate, retry: {}, retyr: {max_attempts: 3}}]"
        let result = Compiler(registry: .sample).compile(text: Array(text.utf8), fileName: "a.yaml")
        #expect(result.diagnostics.first { $0.code == .unknownKey }?.fix == nil)
    }

    @Test
    func `documents without older spellings say the same as those with them`() throws {
        for entry in try DiagnosticTable.entries() where entry.code == "W209" && entry.raises {
            let result = entry.compile()
            var document = try #require(result.document)
            // Keys of one mapping do not disturb each other.
            for diagnostic in result.diagnostics where diagnostic.code == .alias {
                guard let fix = diagnostic.fix else { continue }
                document = try JSONPatch(fix).apply(to: document)
            }
            let fixed = Compiler(registry: .full).compile(text: document.bytes(), fileName: "a.json")
            let (old, new) = (try #require(result.graph?.json), try #require(fixed.graph?.json))
            #expect(old["nodes"] == new["nodes"] && old["edges"] == new["edges"], "\(entry.name)")
        }
    }
}
