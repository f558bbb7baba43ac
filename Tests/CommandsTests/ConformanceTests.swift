// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Testing

@testable import Commands

@Suite struct ConformanceTests {
    @Test func `cases are answered line by line whatever they are`() throws {
        let program = try Program()
        try program.write(
            "patches",
            """
            {"id": 1, "doc": {"a": 1}, "patch": [{"op": "add", "path": "/b", "value": 2}]}
            no case

            [1]
            {"id": ["x"], "doc": 1}
            {"id": null, "doc": {}, "patch": [{"op": "remove", "path": "/b"}]}
            """
        )
        let patches = try program.baton("conformance json-patch < patches")
        #expect(patches.exit == 0 && patches.lines.count == 5)
        #expect(patches.lines.first == ["id": 1, "ok": true, "result": ["a": 1, "b": 2]])
        #expect(patches.lines[1...2].allSatisfy { $0["id"] == .null && $0["error"] != nil })
        #expect(patches.lines[3] == ["id": ["x"], "error": "the case has no \"patch\""])
        #expect(patches.lines[4]["ok"] == false && patches.lines[4]["error"] != nil)

        try program.write(
            "schemas",
            """
            {"id":1,"schema":{"$ref":"http://a/b"},"registry":{"http://a/b":{"format":"uri"}},"format":true,"instances":["x",1]}
            {"id":2,"schema":{"format":"uri"},"instances":["x"]}
            {"id":3,"schema":{"type":1},"instances":[]}
            """
        )
        let schemas = try program.baton("conformance json-schema < schemas")
        #expect(schemas.lines.prefix(2) == [["id": 1, "valid": [false, true]], ["id": 2, "valid": [true]]])
        #expect(schemas.lines.last?["error"] != nil)
    }

    @Test func `texts come in base 64 and have a canonical form`() throws {
        let program = try Program()
        // [1e2,9007199254740993]  {"a":1,"a":2}  [  not base 64
        let texts = ["WzFlMiw5MDA3MTk5MjU0NzQwOTkzXQ==", "eyJhIjoxLCJhIjoyfQ==", "Ww==", "%"]
        try program.write("texts", texts.map { "{\"id\":1,\"text_base64\":\"\($0)\"}" }.joined(separator: "\n"))
        let lines = try program.baton("conformance json < texts").lines
        #expect(lines.first == ["id": 1, "ok": true, "canonical": "[100,9007199254740992]"])
        #expect(lines[1] == ["id": 1, "ok": true] && lines[2]["ok"] == false && lines[3]["ok"] == nil)
    }

    @Test func `an answer does not wait for the next case`() throws {
        let program = try Program()
        let script = """
            coproc "$BATON" conformance json-patch
            for id in 1 2; do
                echo "{\\"id\\":$id,\\"doc\\":$id,\\"patch\\":[]}" >&"${COPROC[1]}"
                timeout 20 head -n 1 <&"${COPROC[0]}"
            done
            """
        #expect(try program.shell(script).lines.map { $0["result"] } == [1, 2])
    }
}
