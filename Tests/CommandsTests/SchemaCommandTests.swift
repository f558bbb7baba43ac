// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import Engine
import FoundationEssentials
import JSON
import Testing

@testable import Commands

@Suite struct SchemaCommandTests {
    @Test func `schemas, kinds and codes are listed and shown`() throws {
        let program = try Program()
        let shown = try program.baton("schema show workflow")
        #expect(try JSONValue(parsing: shown.output) == DocumentSchema.schema(for: .workflow))
        #expect(try program.baton("schema list").output.contains("/v1/schemas/workflow.json"))
        let kinds = try program.baton("schema kinds -o json").json.arrayValue ?? []
        #expect(kinds.compactMap { $0["kind"]?.stringValue } == NodeType.allCases.map(\.rawValue))
        let http = try #require(kinds.first { $0["kind"] == "http" })
        #expect(http["status"] == "available" && http["category"] == "action" && http["timeout"] == "30s")
        #expect(http["outputs"]?.arrayValue?.contains("body") == true && http["unsupported"] == ["profile"])
        let url = http["fields"]?.arrayValue?.first { $0["key"] == "url" }
        #expect(
            url == [
                "key": "url", "type": "text template", "required": true, "bounds": "at most 8192 bytes",
                "summary": "where to",
            ]
        )
        let agent = try #require(kinds.first { $0["kind"] == "agent" })
        #expect(agent["status"] == "available" && agent["unsupported"]?.arrayValue?.contains("session") != true)
        let function = try #require(kinds.first { $0["kind"] == "function" })
        #expect(function["status"] == "unavailable" && function["reason"]?.stringValue?.contains("no executor") == true)
        let text = try program.baton("schema kind conditional").output
        #expect(
            text.contains("branch: Chooses one way") && text.contains("on_error (`fail`, `default`, `next`; default")
        )
        #expect(try program.baton("schema kind http --schema").json == NodeType.http.configSchema)
        #expect(try program.baton("schema code e204").output.contains("in a circle"))
        #expect(try program.baton("schema code -o json").json.arrayValue?.count == Diagnostic.Code.allCases.count)
    }

    @Test func `the page of definitions names what is not carried out`() throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../docs/definitions.md")
        let page = String(decoding: try Data(contentsOf: file), as: UTF8.self)
        let section = try #require(page.firstRange(of: "## What is not carried out yet")).upperBound
        let text = page[section...]
        for key in EngineCapabilities.unsupportedKeys where !key.hasPrefix("phase.") {
            let words = key.replacing("=", with: ": ")
            let isNamed = text.contains("`\(words)`") || text.contains("`\(words.drop { $0 != "." }.dropFirst())`")
            #expect(isNamed, "\(key)")
        }
        let kinds = try #require(text.firstRange(of: "- Node kinds:")).upperBound
        let line = text[kinds...].prefix { $0 != "\n" }
        for type in NodeType.allCases {
            #expect(line.contains("`\(type.rawValue)`") != EngineCapabilities.nodeTypes.contains(type), "\(type)")
        }
    }

    @Test func `what does not exist is said with a hint`() throws {
        let program = try Program()
        for (words, hint) in [
            ("schema show workflwo", "schema list"), ("schema kind htpp", "did you mean `http`"),
            ("schema code E999", "schema code"),
        ] {
            let result = try program.baton(words)
            #expect(result.exit == 3 && result.errors.contains(hint), "\(words): \(result.errors)")
        }
    }
}
