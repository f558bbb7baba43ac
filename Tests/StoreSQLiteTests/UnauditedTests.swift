// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Store
import TestSupport
import Testing

@testable import StoreSQLite

@Suite struct UnauditedTests {
    @Test func `a store that keeps no audit trail writes no entries, and leaves those that are there`() throws {
        let temporary = TemporaryFolder()
        func note(_ options: SQLiteRunStore.Options, _ action: String) throws -> [String] {
            var found: [String] = []
            try withStore(at: temporary.path, options) { store in
                var change = SecurityChange()
                let time = Timestamp(milliseconds: 1)
                change.audit = [.init(tenant: "t", at: time, actor: "a", action: action, object: "o")]
                try store.apply(change)
                found = try store.auditEntries(tenant: "t", after: 0, limit: 9).map(\.draft.action)
            }
            return found
        }
        var off = SQLiteRunStore.Options()
        off.keepsAudit = false
        #expect(try note(SQLiteRunStore.Options(), "first") == ["first"])
        #expect(try note(off, "second") == ["first"])
        #expect(try note(SQLiteRunStore.Options(), "third") == ["first", "third"])
    }
}
