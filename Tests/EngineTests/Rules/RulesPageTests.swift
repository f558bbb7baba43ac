// Baton
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Testing

/// `docs/rules.md` names the test that proves each rule: every one of them must exist.
@Suite struct RulesPageTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../..")
        .standardized

    /// What the rules are about that are not carried out.
    private static let excuses = [
        "agents", "plans", "server", "verification", "workers", "secrets", "functions", "open",
    ]

    /// Names of tests by suite, as the sources have them.
    private static func tests() throws -> [String: Set<String>] {
        var found: [String: Set<String>] = [:]
        let folder = root.appending(path: "Tests").path
        for path in try FileManager.default.subpathsOfDirectory(atPath: folder) where path.hasSuffix("Tests.swift") {
            let data = FileManager.default.contents(atPath: "\(folder)/\(path)") ?? Data()
            var suite = ""
            for line in String(decoding: data, as: UTF8.self).split(separator: "\n") {
                if let name = line.firstMatch(of: /^(?:@Suite.* )?struct (\w+)/)?.1 { suite = String(name) }
                if let name = line.firstMatch(of: /func `([^`]+)`/)?.1 {
                    found[suite, default: []].insert(String(name))
                }
            }
        }
        return found
    }

    @Test func `every test that the page of rules names exists`() throws {
        let data = try Data(contentsOf: Self.root.appending(path: "docs/rules.md"))
        let tests = try Self.tests()
        var count = 0
        for (number, line) in String(decoding: data, as: UTF8.self).split(
            separator: "\n",
            omittingEmptySubsequences: false
        ).enumerated() {
            guard line.hasPrefix("| "), !line.hasPrefix("| rule") else { continue }
            let proofs = line.matches(of: /(\w+Tests): `([^`]+)`/)
            for proof in proofs {
                count += 1
                let isThere = tests[String(proof.1)]?.contains(String(proof.2)) == true
                #expect(isThere, "docs/rules.md:\(number + 1): there is no test `\(proof.2)` in \(proof.1)")
            }
            let isExcused = Self.excuses.contains { line.hasSuffix("| \($0) |") }
            #expect(!proofs.isEmpty || isExcused, "docs/rules.md:\(number + 1): neither a test nor what is missing")
        }
        #expect(count > 100, "the page is not read as it is written")
    }
}
