// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Model
import Store
import Synchronization
import Testing

@testable import Audit

@Suite struct AuditTrailTests {
    private func draft(_ number: Int64, tenant: String = "t") -> AuditDraft {
        AuditDraft(
            tenant: tenant,
            at: Timestamp(milliseconds: number * 1000),
            actor: "user:a",
            action: "secret.set",
            object: "secret:tenant/A\(number)",
            reason: number == 2 ? "why" : nil,
            details: ["version": .int(number)]
        )
    }

    private func entries(_ count: Int64) -> [AuditEntryRow] {
        var (end, result) = (AuditEnd.start, [AuditEntryRow]())
        for number in 1...count {
            let entry = draft(number).entry(after: end)
            result.append(entry)
            end = entry.end
        }
        return result
    }

    private func check(_ entries: [AuditEntryRow], anchor: AuditEnd? = nil, expected: AuditEnd? = nil) -> [String] {
        var chain = AuditChain(anchor: anchor, expected: expected)
        for entry in entries { chain.take(entry) }
        chain.finish()
        return chain.problems.map { "\($0.kind) \($0.number)" }
    }

    @Test func `whatever is done to a trail shows, and where`() {
        let whole = entries(6)
        #expect(check(whole).isEmpty && check([]).isEmpty)
        let edits: [(String, [String], (inout [AuditEntryRow]) -> Void)] = [
            ("actor", ["changed 3"], { $0[2].draft.actor = "user:b" }),
            ("time", ["changed 3"], { $0[2].draft.at = Timestamp(milliseconds: 1) }),
            ("details", ["changed 3"], { $0[2].draft.details["version"] = 9 }),
            ("a reason more", ["changed 3"], { $0[2].draft.reason = "" }),
            ("tenant", ["changed 1"], { $0[0].draft.tenant = "other" }),
            ("hash", ["changed 3", "unchained 4"], { $0[2].hash = String(repeating: "f", count: 64) }),
            ("one removed", ["removed 4"], { $0.remove(at: 2) }),
            ("two removed", ["removed 5"], { $0.removeSubrange(2...3) }),
            ("the first removed", ["removed 2"], { $0.removeFirst() }),
            ("two swapped", ["removed 4", "removed 3", "removed 5"], { $0.swapAt(2, 3) }),
            (
                "one forged with a fitting hash", ["unchained 4"],
                { rows in rows[2] = draft(9).entry(after: rows[1].end) }
            ),
            (
                "one put between", ["removed 3"],
                { rows in rows.insert(draft(9).entry(after: rows[1].end), at: 2) }
            ),
        ]
        for (name, expected, edit) in edits {
            var rows = whole
            edit(&rows)
            #expect(check(rows) == expected, "\(name)")
        }
        // The end can go unnoticed, unless it was noted elsewhere.
        let shorter = Array(whole.dropLast(2))
        #expect(check(shorter).isEmpty && check(shorter, expected: whole[5].end) == ["truncated 4"])
        #expect(check(whole, expected: whole[3].end).isEmpty)
        #expect(check(whole, expected: AuditEnd(number: 4, hash: "x")) == ["truncated 4"])
    }

    @Test func `a trail is checked, exported and filtered by tenant`() throws {
        let trail = AuditTrail(store: MemorySecurityStore(), pageSize: 2)
        try trail.append((1...5).map { draft($0) } + [draft(1, tenant: "other")])
        let verdict = try trail.verify(tenant: "t")
        #expect(verdict.isIntact && verdict.count == 5 && verdict.end.number == 5 && verdict.anchor == nil)
        #expect(try trail.verify(tenant: "t", expected: verdict.end).isIntact)
        #expect(try trail.verify(tenant: "none").count == 0 && trail.tenants() == ["other", "t"])
        var lines: [String] = []
        #expect(
            try trail.export(tenant: "t") { (entry) throws(Never) in lines.append(JSONValue.object(entry.json).text) }
                == nil
        )
        #expect(lines.count == 5)
        let first = try JSONValue(parsing: lines[0])
        #expect(first["n"] == 1 && first["at"] == "1970-01-01T00:00:01.000Z" && first["reason"] == nil)
        struct Stop: Error {}
        #expect(try trail.export(tenant: "t") { (_) throws(Stop) in throw Stop() } != nil)
        var filter = AuditFilter()
        filter.limit = 1
        #expect(try trail.entries(tenant: "t", filter).map(\.number) == [5])
    }

    @Test func `old entries go, and what stays proves what was`() throws {
        let store = MemorySecurityStore()
        let trail = AuditTrail(store: store, pageSize: 2)
        try trail.append((1...9).map { draft($0) })
        let noted = try trail.verify(tenant: "t").end
        let now = Timestamp(milliseconds: 100_000)
        func trim(_ seconds: Int64, limit: Int = 100) throws -> Int {
            try trail.trim(tenant: "t", before: Timestamp(milliseconds: seconds * 1000), at: now, limit: limit)
        }
        #expect(try trim(1) == 0 && trim(9, limit: 3) == 3 && trim(9) == 5 && trim(9) == 0)
        let verdict = try trail.verify(tenant: "t", expected: noted)
        #expect(verdict.isIntact && verdict.count == 3 && verdict.anchor?.number == 8, "\(verdict.problems)")
        // Whoever removes by hand and writes an anchor is found out.
        var change = SecurityChange()
        let rows = store.auditEntries(tenant: "t", after: 0, limit: 9)
        change.auditAnchors = [AuditAnchorRow(tenant: "t", end: rows[0].end, at: now)]
        try store.apply(change)
        #expect(try trail.verify(tenant: "t").problems.map(\.kind) == [.unanchored])
        #expect(try trail.verify(tenant: "t").problems[0].description.contains("up to 9"))
    }
}
