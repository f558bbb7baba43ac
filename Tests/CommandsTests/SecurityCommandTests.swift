// Baton
// SPDX-License-Identifier: Apache-2.0

import CSQLite
import JSON
import Testing

@Suite struct SecurityCommandTests {
    private static let value = "s3cr3t-value-0815"

    @Test func `secrets come from standard input, are never shown and lie sealed`() throws {
        let program = try Program()
        func set(_ words: String, _ value: String = Self.value) throws -> Program.Result {
            try program.shell("printf '%s\\n' '\(value)' | \"$BATON\" secret set \(words)")
        }
        let first = try set("API_KEY -o json -m begin")
        #expect(first.exit == 0 && first.json["version"] == 1 && first.json["updated_by"] == "user:ann")
        #expect(try set("API_KEY", "another value").output == "API_KEY of tenant has version 2\n")
        #expect(
            try program.baton("secret set TOKEN --scope project:shop --generate 24 -o json").json["kind"] == "generated"
        )
        let list = try program.baton("secret list -o json")
        #expect(list.json.arrayValue?.compactMap { $0["name"]?.stringValue } == ["TOKEN", "API_KEY"])
        #expect(try program.baton("secret list --scope tenant -o jsonl").lines.count == 1)
        let found = try program.shell("grep -rl -e '\(Self.value)' -e 'another value' data; stat -c %a data/secret.key")
        #expect(found.output == "600\n")
        for (name, words, exit) in [
            ("no name", "'a b'", 2), ("no scope", "A --scope x", 2), ("an argument too many", "A \(Self.value)", 2),
        ] as [(String, String, Int32)] {
            let result = try set(words)
            #expect(result.exit == exit, "\(name): \(result.errors)")
        }
        let short = try set("A", "abc")
        #expect(short.exit == 2 && short.errors.contains("4 to 65536 bytes"))
        let before = try program.baton("secret rotate -o json")
        #expect(before.json["sealed"] == 2 && before.json["keys"] == [1, 2])
        #expect(try program.baton("secret rotate --finish --drop-old -o json").json["keys"] == [2])
        #expect(
            try program.baton("secret remove API_KEY").exit == 0 && program.baton("secret remove API_KEY").exit == 3
        )
        _ = try program.shell("chmod 644 data/secret.key")
        let open = try set("B")
        #expect(open.exit == 5 && open.errors.contains("chmod 600"), "\(open.errors)")
    }

    @Test func `the trail tells who did what, and shows when it was changed`() throws {
        let program = try Program()
        #expect(try program.baton("audit verify -o json").json["entries"] == 0)
        for name in ["A", "B", "C"] {
            _ = try program.shell("echo \(Self.value) | \"$BATON\" secret set \(name) -m 'for \(name)'")
        }
        let entries = try program.baton("audit list --action secret -o json").json
        #expect(entries[0]?["n"] == 3 && entries[0]?["reason"] == "for C" && entries[0]?["actor"] == "user:ann")
        #expect(entries[0]?["object"] == "secret:tenant/C")
        let export = try program.baton("audit export").lines
        #expect(export.count == 3 && export[1]["prev_hash"] == export[0]["hash"])
        let verdict = try program.baton("audit verify -o json")
        let end = try #require(verdict.json["end"]?.stringValue)
        #expect(verdict.exit == 0 && verdict.json["is_intact"] == true)
        #expect(
            try program.baton("audit verify --end \(end)").exit == 0 && program.baton("audit verify --end 1").exit == 2
        )
        #expect(try program.baton("audit trim").output == "0 entries removed\n")
        func edit(_ sql: String) -> Bool {
            var handle: OpaquePointer?
            defer { sqlite3_close(handle) }
            return sqlite3_open("\(program.folder)/data/baton.db", &handle) == SQLITE_OK
                && sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK
        }
        #expect(edit("UPDATE audit_entry SET actor = 'user:bob' WHERE n = 2"))
        let changed = try program.baton("audit verify")
        #expect(changed.exit == 5 && changed.output.contains("entry 2 was changed"), "\(changed.output)")
        #expect(edit("DELETE FROM audit_entry WHERE n = 2"))
        #expect(try program.baton("audit verify").output.contains("entry 2 is missing"))
        #expect(edit("DELETE FROM audit_entry WHERE n = 3"))
        #expect(try program.baton("audit verify").exit == 0)
        #expect(try program.baton("audit verify --end \(end)").output.contains("entry 3 was noted"))
    }

    @Test func `accounts are made with a password from standard input`() throws {
        let program = try Program()
        func create(_ words: String, _ password: String = "correct horse") throws -> Program.Result {
            try program.shell("echo '\(password)' | \"$BATON\" user create \(words)")
        }
        let first = try create("Ann@Example.org --role admin --name Ann -o json")
        #expect(first.exit == 0 && first.json["email"] == "ann@example.org" && first.json["role"] == "admin")
        #expect(try create("ann@example.org").exit == 4)
        #expect(try create("bob@example.org", "short").exit == 2)
        #expect(try create("bob").exit == 2)
        #expect(try create("bob@example.org").exit == 0)
        #expect(try program.baton("user list -o json").json.arrayValue?.count == 2)
        #expect(try program.shell("grep -c 'correct horse' -r data | grep -v ':0'").output == "")
        #expect(try program.baton("audit list -o json").json[0]?["action"] == "user.created")
    }
}
