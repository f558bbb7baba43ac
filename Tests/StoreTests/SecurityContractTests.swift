// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Model
import Store
import StoreSQLite
import TestSupport
import Testing

@Suite struct SecurityContractTests {
    private func time(_ milliseconds: Int64) -> Timestamp { Timestamp(milliseconds: milliseconds) }

    private func user(_ number: UInt64, tenant: String = "t") -> UserRow {
        UserRow(
            id: UserID(high: 1, low: number),
            tenant: tenant,
            email: "u\(number)@ü.example",
            name: "Ü \"\(number)\"",
            role: Role.allCases[Int(number) % Role.allCases.count],
            password: number % 2 == 0 ? nil : "$scrypt$",
            createdAt: time(5)
        )
    }

    @Test(arguments: Backend.allCases)
    func `accounts are changed by compare and swap, and an address belongs to one`(backend: Backend) throws {
        try backend.security { store in
            var change = SecurityChange()
            change.requiresNoUsers = true
            change.users = [user(1), user(2), user(3, tenant: "other")]
            try store.apply(change)
            #expect(code { try store.apply(change) } == .conflict)
            change.requiresNoUsers = false
            #expect(code { try store.apply(change) } == .conflict)
            var row = user(2)
            (row.revision, row.name, row.isDisabled, row.password, row.updatedAt) = (2, "n", true, "p", time(9))
            change.users = [row]
            try store.apply(change)
            #expect(code { try store.apply(change) } == .conflict)
            #expect(try store.user(row.id) == row && store.user(email: row.email) == row)
            #expect(try store.user(UserID(high: 9, low: 9)) == nil && store.user(email: "U1@Ü.EXAMPLE") == nil)
            // Nothing of a change that fails is there.
            var (other, taken) = (user(4), user(5))
            taken.email = row.email
            change.users = [other, taken]
            #expect(code { try store.apply(change) } == .conflict)
            #expect(try store.user(other.id) == nil)
            other.email = user(1).email
            change.users = [other]
            #expect(code { try store.apply(change) } == .conflict)
            #expect(try store.users(tenant: nil, after: nil, limit: 9) == [user(1), row, user(3, tenant: "other")])
            #expect(try store.users(tenant: "t", after: user(1).id, limit: 9) == [row])
            #expect(try store.users(tenant: "t", after: nil, limit: 1) == [user(1)])
        }
    }

    @Test(arguments: Backend.allCases)
    func `projects are shared with users`(backend: Backend) throws {
        try backend.security { store in
            func row(_ project: String, _ number: UInt64, _ tenant: String = "t") -> MemberRow {
                MemberRow(
                    key: .init(tenant: tenant, project: project, user: user(number).id),
                    role: number == 1 ? .operator : .viewer,
                    groups: number == 1 ? ["approver", "a\"b"] : [],
                    addedBy: "user:x",
                    addedAt: time(3)
                )
            }
            var change = SecurityChange()
            change.members = [row("b", 2), row("b", 1), row("a", 1), row("b", 1, "other")]
            change.removedMembers = [row("none", 1).key]
            try store.apply(change)
            #expect(try store.members(tenant: "t", project: "b") == [row("b", 1), row("b", 2)])
            #expect(try store.memberships(of: user(1).id).map(\.key.project) == ["a", "b", "b"])
            change = SecurityChange()
            var changed = row("b", 2)
            changed.groups = ["x"]
            change.members = [changed]
            change.removedMembers = [row("b", 1).key]
            try store.apply(change)
            #expect(try store.members(tenant: "t", project: "b") == [changed])
        }
    }

    @Test(arguments: Backend.allCases)
    func `API keys are found by hash, and how they were used is kept`(backend: Backend) throws {
        try backend.security { store in
            func row(_ number: UInt64, _ owner: UInt64) -> APIKeyRow {
                APIKeyRow(
                    id: APIKeyID(high: 2, low: number),
                    tenant: "t",
                    user: user(owner).id,
                    name: "k",
                    prefix: "bat_ab",
                    hash: "h\(number)",
                    role: .user,
                    scopes: ["runs.*"],
                    createdAt: time(1),
                    expiresAt: number == 1 ? time(9) : nil
                )
            }
            var change = SecurityChange()
            change.apiKeys = [row(2, 1), row(1, 1), row(3, 2)]
            change.keyUses = [(row(1, 1).id, time(4)), (APIKeyID(high: 9, low: 9), time(4))]
            try store.apply(change)
            var used = row(1, 1)
            used.lastUsedAt = time(4)
            #expect(try store.apiKeys(of: user(1).id) == [used, row(2, 1)])
            used.revokedAt = time(5)
            change = SecurityChange()
            change.apiKeys = [used]
            try store.apply(change)
            #expect(try store.apiKey(hash: "h1") == used && store.apiKey(used.id) == used)
            #expect(try store.apiKey(hash: "h9") == nil)
        }
    }

    @Test(arguments: Backend.allCases)
    func `a refresh token is exchanged once, and not when its login has ended`(backend: Backend) throws {
        try backend.security { store in
            func family(_ number: UInt64) -> TokenFamilyRow {
                TokenFamilyRow(
                    id: TokenFamilyID(high: 3, low: number),
                    tenant: "t",
                    user: user(number % 2).id,
                    createdAt: time(1),
                    expiresAt: time(number == 4 ? 5 : 50)
                )
            }
            func token(_ number: UInt64) -> RefreshTokenRow {
                RefreshTokenRow(hash: "h\(number)", family: family(number).id, expiresAt: family(number).expiresAt)
            }
            var change = SecurityChange()
            change.families = (1...4).map(family)
            change.refreshTokens = (1...4).map(token)
            try store.apply(change)
            change = SecurityChange()
            change.spentTokens = [("h1", time(7))]
            try store.apply(change)
            var spent = token(1)
            spent.spentAt = time(7)
            #expect(try store.refreshToken(hash: "h1") == spent)
            #expect(code { try store.apply(change) } == .conflict)
            change.spentTokens = [("none", time(7))]
            #expect(code { try store.apply(change) } == .conflict)
            change = SecurityChange()
            change.revokedFamilies = [(family(2).id, time(8)), (TokenFamilyID(high: 9, low: 9), time(8))]
            change.revokedUsers = [(user(0).id, time(9))]
            try store.apply(change)
            #expect(
                try (1...4).map { try store.tokenFamily(family($0).id)?.revokedAt } == [nil, time(8), nil, time(9)]
            )
            change = SecurityChange()
            change.spentTokens = [("h3", time(9)), ("h2", time(9))]
            #expect(code { try store.apply(change) } == .conflict)
            #expect(try store.refreshToken(hash: "h3") == token(3))
            change = SecurityChange()
            change.forgetsBefore = time(6)
            change.loginFailures = [
                .init(key: "a", times: [time(1), time(5)], lockedUntil: nil),
                .init(key: "b", times: [time(1), time(6)], lockedUntil: time(10)),
                .init(key: "c", times: [time(7)], lockedUntil: nil),
            ]
            change.clearedFailures = ["c", "none"]
            try store.apply(change)
            #expect(try store.tokenFamily(family(4).id) == nil && store.refreshToken(hash: "h4") == nil)
            #expect(try store.tokenFamily(family(3).id) == family(3))
            #expect(try store.loginFailure("a") == nil && store.loginFailure("c") == nil)
            #expect(try store.loginFailure("b") == change.loginFailures[1])
        }
    }

    @Test(arguments: Backend.allCases)
    func `secrets have one value, by versions without gaps`(backend: Backend) throws {
        try backend.security { store in
            func row(_ scope: SecretScope, _ name: String, _ version: Int = 1, tenant: String = "t") -> SecretRow {
                SecretRow(
                    key: .init(tenant: tenant, scope: scope, name: name),
                    version: version,
                    kind: .generated,
                    keyVersion: 1,
                    wrappedKey: [1, 0],
                    sealed: [UInt8(version)],
                    createdAt: time(1),
                    updatedAt: time(2),
                    updatedBy: "user:a"
                )
            }
            var change = SecurityChange()
            let rows = [
                row(.application("x:y"), "b"), row(.project("p"), "a"), row(.project("p"), "ä"), row(.tenant, "a"),
            ]
            change.secrets = rows.reversed() + [row(.tenant, "a", tenant: "other")]
            try store.apply(change)
            #expect(code { try store.apply(change) } == .conflict)
            #expect(try store.secrets(tenant: "t", scope: nil) == rows)
            #expect(try store.secrets(tenant: "t", scope: .project("p")) == [rows[1], rows[2]])
            change.secrets = [row(.tenant, "a", 2)]
            try store.apply(change)
            change.secrets = [row(.tenant, "a", 4)]
            #expect(code { try store.apply(change) } == .conflict)
            change = SecurityChange()
            change.rewrappedSecrets = [
                .init(key: rows[3].key, version: 1, keyVersion: 2, wrappedKey: [7]),
                .init(key: rows[0].key, version: 1, keyVersion: 2, wrappedKey: [8]),
            ]
            try store.apply(change)
            #expect(try store.secret(rows[3].key) == row(.tenant, "a", 2))
            #expect(try store.secret(rows[0].key)?.wrappedKey == [8])
            #expect(try store.secrets(notWrappedWith: 2, limit: 2).map(\.key.tenant) == ["other", "t"])
            change = SecurityChange()
            change.removedSecrets = [rows[0].key]
            try store.apply(change)
            #expect(code { try store.apply(change) } == .conflict)
            #expect(try store.secret(rows[0].key) == nil)
        }
    }

    @Test(arguments: Backend.allCases)
    func `the trail of each tenant is numbered and chained, filtered, and removed up to an anchor`(
        backend: Backend
    ) throws {
        try backend.security { store in
            func draft(_ number: Int64, _ action: String = "a.b", tenant: String = "t") -> AuditDraft {
                AuditDraft(
                    tenant: tenant,
                    at: time(number),
                    actor: "user:\(number % 2)",
                    action: action,
                    object: "o\0ö",
                    before: number == 1 ? nil : "x",
                    after: "y",
                    reason: "\"why\"",
                    address: "::1",
                    details: number == 3 ? [:] : ["z": 1, "a": ["b": .null]]
                )
            }
            var change = SecurityChange()
            change.audit = [draft(1), draft(2, "a"), draft(3, "ab"), draft(4, "a.c.d"), draft(1, tenant: "s")]
            try store.apply(change)
            change.audit = [draft(5)]
            try store.apply(change)
            let all = try store.auditEntries(tenant: "t", after: 0, limit: 9)
            #expect(all.map(\.number) == [1, 2, 3, 4, 5] && all.allSatisfy(\.isIntact))
            #expect(all.map(\.previousHash) == [AuditEnd.start.hash] + all.dropLast().map(\.hash))
            #expect(all[0].draft == draft(1) && all[0].json["prev_hash"] == .string(AuditEnd.start.hash))
            #expect(try store.auditEntries(tenant: "t", after: 3, limit: 1) == [all[3]])
            var filter = AuditFilter()
            (filter.action, filter.before, filter.limit) = ("a", 5, 2)
            #expect(try store.auditEntries(tenant: "t", filter).map(\.number) == [4, 2])
            filter = AuditFilter()
            (filter.actor, filter.object, filter.from, filter.until) = ("user:1", "o\0ö", time(2), time(5))
            #expect(try store.auditEntries(tenant: "t", filter).map(\.number) == [3])
            change = SecurityChange()
            change.audit = [draft(6)]
            change.auditAnchors = [.init(tenant: "t", end: all[3].end, at: time(6))]
            try store.apply(change)
            #expect(try store.auditAnchor(tenant: "t") == change.auditAnchors[0])
            #expect(try store.auditEntries(tenant: "t", after: 0, limit: 9).map(\.number) == [5, 6])
            #expect(try store.auditAnchor(tenant: "s") == nil && store.auditTenants() == ["s", "t"])
            // A trail of which nothing is left goes on where it ended.
            change = SecurityChange()
            let last = try #require(try store.auditEntries(tenant: "t", after: 5, limit: 1).first)
            change.auditAnchors = [.init(tenant: "t", end: last.end, at: time(7))]
            try store.apply(change)
            change = SecurityChange()
            change.audit = [draft(7)]
            try store.apply(change)
            let next = try store.auditEntries(tenant: "t", after: 0, limit: 9)
            #expect(next.map(\.number) == [7] && next[0].previousHash == last.hash)
            #expect(try store.auditTenants() == ["s", "t"])
        }
    }

    @Test(arguments: Backend.allCases)
    func `approved tools are kept, marked once when they change, and removed`(backend: Backend) throws {
        try backend.security { store in
            func pin(_ server: String, _ tool: String, _ hash: String = "a") -> ToolPinRow {
                ToolPinRow(
                    key: .init(server: server, tool: tool),
                    hash: hash,
                    definition: Array("{\"name\":\"\(tool)\"}".utf8),
                    approvedAt: time(7),
                    approvedBy: "user:ü"
                )
            }
            #expect(try store.toolPins() == [])
            var change = SecurityChange()
            change.toolPins = [pin("b", "x"), pin("a", "z"), pin("a", "Ä"), pin("a", "b")]
            try store.apply(change)
            #expect(try store.toolPins() == [pin("a", "b"), pin("a", "z"), pin("a", "Ä"), pin("b", "x")])
            change = SecurityChange()
            change.toolPins = [pin("a", "z", "c")]
            change.removedToolPins = [pin("a", "b").key, pin("none", "b").key]
            // Of another hash, of none, and twice.
            change.toolPinChanges = [
                (pin("a", "z").key, "a", time(8)), (pin("none", "z").key, "a", time(8)),
                (pin("b", "x").key, "a", time(8)),
                (pin("b", "x").key, "a", time(9)),
            ]
            try store.apply(change)
            var marked = pin("b", "x")
            marked.changedAt = time(8)
            #expect(try store.toolPins() == [pin("a", "z", "c"), pin("a", "Ä"), marked])
            change = SecurityChange()
            change.toolPins = [pin("b", "x", "d")]
            try store.apply(change)
            #expect(try store.toolPins().last == pin("b", "x", "d"))
        }
    }
}
