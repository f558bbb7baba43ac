// Baton
// SPDX-License-Identifier: Apache-2.0

import Cryptography
import JSON
import Model
import Store
import TestSupport
import Testing

@testable import Secrets

@Suite struct VaultTests {
    private let store = MemorySecurityStore()
    private let time = Timestamp(milliseconds: 1_700_000_000_000)

    private func vault(_ ring: Keyring) -> SecretVault {
        let time = time
        return SecretVault(store: store, ring: ring, now: { time })
    }

    private func code(_ body: () throws -> Void) -> SecretError.Code? {
        do {
            try body()
            return nil
        } catch {
            return (error as? SecretError)?.code
        }
    }

    @Test func `values are sealed, found in the nearest scope, listed without values and removed`() throws {
        let vault = vault(Keyring())
        func set(_ scope: SecretScope, _ value: String, tenant: String = "t") throws -> SecretDescription {
            try vault.set("API_KEY", in: scope, tenant: tenant, value: Array(value.utf8), by: "user:a")
        }
        #expect(try set(.tenant, "first value").version == 1)
        #expect(try set(.tenant, "of tenant").version == 2)
        _ = try set(.project("p"), "of project")
        _ = try set(.application("a"), "of application")
        _ = try set(.tenant, "of other", tenant: "other")
        func value(_ scopes: [SecretScope], tenant: String = "t") throws -> String {
            String(decoding: try vault.value("API_KEY", in: scopes, tenant: tenant), as: UTF8.self)
        }
        #expect(try value([.application("a"), .project("p"), .tenant]) == "of application")
        #expect(try value([.application("b"), .project("p"), .tenant]) == "of project")
        #expect(try value([.tenant]) == "of tenant" && value([.tenant], tenant: "other") == "of other")
        #expect(code { _ = try value([.project("q")]) } == .notFound)
        #expect(code { _ = try vault.value("NONE", tenant: "t") } == .notFound)
        #expect(try vault.list(tenant: "t").map(\.scope) == [.application("a"), .project("p"), .tenant])
        #expect(try vault.list(tenant: "t", scope: .tenant).map(\.version) == [2])
        #expect(try vault.values(tenant: "t").count == 3)
        let stored = store.secrets(tenant: "t", scope: nil).flatMap { $0.sealed + $0.wrappedKey }
        #expect(!String(decoding: stored, as: UTF8.self).contains("of "))
        let drawn = try vault.generate("TOKEN", tenant: "t", by: "user:a")
        #expect(drawn.kind == .generated)
        #expect(try vault.value("TOKEN", tenant: "t").count == 43)
        try vault.remove("API_KEY", tenant: "t", by: "user:a", reason: "old")
        #expect(code { try vault.remove("API_KEY", tenant: "t", by: "user:a") } == .notFound)
        let trail = store.auditEntries(tenant: "t", after: 0, limit: 99)
        #expect(trail.map(\.draft.action).suffix(3) == ["secret.set", "secret.set", "secret.removed"])
        #expect(trail[2].draft.object == "secret:project:p/API_KEY")
        let told = trail.map { JSONValue.object($0.json).text }.joined()
        #expect(!told.contains("of ") && !told.contains("first"))
    }

    @Test func `names, scopes, sizes and references are checked`() throws {
        let vault = vault(Keyring())
        let cases: [(String, SecretScope, [UInt8])] = [
            ("", .tenant, [1, 2, 3, 4]), ("1a", .tenant, [1, 2, 3, 4]), ("a b", .tenant, [1, 2, 3, 4]),
            ("ä", .tenant, [1, 2, 3, 4]), (String(repeating: "a", count: 101), .tenant, [1, 2, 3, 4]),
            ("a", .project(""), [1, 2, 3, 4]), ("a", .project("\n"), [1, 2, 3, 4]), ("a", .tenant, [1, 2, 3]),
            ("a", .tenant, [UInt8](repeating: 1, count: 65_537)),
        ]
        for (name, scope, value) in cases {
            let result = code { _ = try vault.set(name, in: scope, tenant: "t", value: value, by: "x") }
            #expect(result == .invalid, "\(name) \(scope) \(value.count)")
        }
        _ = try vault.set("K.a-1", tenant: "t", value: Array("from vault".utf8), by: "x")
        let folder = TemporaryFolder()
        #expect(try PrivateFile.create(folder.path + "/f", Array("from file\n".utf8)))
        let environment = ["V": "from variable"]
        let expected = ["secret://K.a-1": "from vault", "env:V": "from variable", "file:\(folder.path)/f": "from file"]
        for (text, value) in expected {
            let reference = try #require(SecretReference(text), "\(text)")
            #expect(try reference.resolve(vault, tenant: "t", environment: environment) == Array(value.utf8), "\(text)")
        }
        for text in ["", "K", "secret://", "secret://a b", "env:", "file:", "http://a"] {
            #expect(SecretReference(text) == nil, "\(text)")
        }
        for text in ["secret://NONE", "env:NONE", "file:/none/such"] {
            let result = code {
                _ = try SecretReference(text)?.resolve(vault, tenant: "t", environment: environment)
            }
            #expect(result == .notFound, "\(text)")
        }
        #expect(
            SecretScope("project:a:b") == .project("a:b") && SecretScope("project:") == nil && SecretScope("x") == nil
        )
    }

    @Test func `a new key seals what the old one sealed, and then the old one can go`() throws {
        let old = Keyring()
        for name in ["A", "B", "C"] {
            _ = try vault(old).set(name, tenant: "t", value: Array("value \(name)".utf8), by: "x")
        }
        let new = old.rotated()
        #expect(code { _ = try vault(new.withoutOld()).value("A", tenant: "t") } == .sealed)
        #expect(code { _ = try vault(new.withoutOld()).rewrap() } == .sealed)
        let before = store.secrets(tenant: "t", scope: nil).map(\.sealed)
        #expect(try vault(new).rewrap(limit: 2) == 2 && vault(new).rewrap(limit: 2) == 1 && vault(new).rewrap() == 0)
        #expect(store.secrets(tenant: "t", scope: nil).map(\.sealed) == before)
        #expect(try vault(new.withoutOld()).value("C", tenant: "t") == Array("value C".utf8))
        #expect(code { _ = try vault(old).value("A", tenant: "t") } == .sealed)
        #expect(try vault(Keyring()).values(tenant: "t").isEmpty)
    }

    @Test func `a row that was moved or changed does not open`() throws {
        let vault = vault(Keyring())
        for name in ["A", "B"] { _ = try vault.set(name, tenant: "t", value: Array("value \(name)".utf8), by: "x") }
        let row = try #require(store.secret(.init(tenant: "t", scope: .tenant, name: "A")))
        for change in 0..<4 {
            var moved = row
            switch change {
            case 0: moved.key.name = "C"
            case 1: moved.key.tenant = "other"
            case 2:
                moved.version = 1
                moved.key.scope = .project("p")
            default: (moved.version, moved.sealed) = (2, row.sealed)
            }
            var write = SecurityChange()
            write.secrets = [moved]
            try store.apply(write)
            let result = code { _ = try vault.value(moved.key.name, in: [moved.key.scope], tenant: moved.key.tenant) }
            #expect(result == .sealed, "\(change)")
        }
    }
}
