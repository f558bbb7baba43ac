// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import FoundationEssentials
import Glibc
import Testing

@Suite struct BrokenDocumentTests {
    /// `Broken/` holds the documents and `expected.txt` what the compiler says about them: for each file its name,
    /// then one indented line for each diagnostic. With BATON_WRITE_EXPECTED in the environment the table is
    /// written anew.
    @Test
    func `every broken document is reported with code, place and advice`() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Broken")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path(percentEncoded: false)).sorted()
        var actual: [String: [String]] = [:]
        for name in names where name != "expected.txt" {
            let text = [UInt8](try Data(contentsOf: folder.appending(path: name)))
            let result = Compiler(registry: .sample).compile(text: text, fileName: name)
            #expect((result.graph == nil) == name.hasPrefix("E"), "\(name)")
            let code = String(name.prefix { $0 != "-" })
            #expect(code == "W2xx" || result.diagnostics.contains { $0.code.rawValue == code }, "\(name)")
            actual[name] = result.diagnostics.map { "  " + $0.text(fileName: "").dropFirst() }
        }
        #expect(actual.count >= 50)
        let table = folder.appending(path: "expected.txt")
        if getenv("BATON_WRITE_EXPECTED") != nil {
            let lines = actual.sorted { $0.key < $1.key }.flatMap { [$0.key] + $0.value }
            try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: table)
        }
        let expected = Self.read(String(decoding: try Data(contentsOf: table), as: UTF8.self))
        for name in Set(actual.keys).union(expected.keys).sorted() {
            #expect(actual[name]?.joined(separator: "\n") == expected[name], "\(name)")
        }
    }

    private static func read(_ table: String) -> [String: String] {
        var result: [String: [Substring]] = [:]
        var name = ""
        for line in table.split(separator: "\n") {
            if line.hasPrefix("  ") {
                result[name, default: []].append(line)
            } else {
                name = String(line)
                result[name] = []
            }
        }
        return result.mapValues { $0.joined(separator: "\n") }
    }
}
