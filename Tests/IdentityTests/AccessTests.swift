// Baton
// SPDX-License-Identifier: Apache-2.0

import Identity
import Model
import Testing

@Suite struct AccessTests {
    @Test func `roles allow what the specification says`() {
        let table: [(Permission, Set<Role>)] = [
            (.readRuns, [.admin, .operator, .user, .viewer, .agent]), (.startRuns, [.admin, .operator, .user, .agent]),
            (.controlRuns, [.admin, .operator, .user]), (.patchRuns, [.admin, .operator, .user, .agent]),
            (.manageProfile, [.admin, .operator, .user, .viewer]), (.leaseTasks, [.admin, .worker]),
            (.writeSecrets, [.admin, .operator, .user]), (.manageUsers, [.admin]), (.readAudit, [.admin]),
            (.writeBudgets, [.admin]), (.answerHumanTasks, [.admin, .operator, .user, .agent]),
        ]
        for (permission, roles) in table {
            #expect(Set(Role.allCases.filter { $0.allows(permission) }) == roles, "\(permission)")
        }
        #expect(Permission.allCases.allSatisfy { Role.admin.allows($0) })
        #expect(Set(Permission.allCases.map(\.rawValue)).count == Permission.allCases.count)
        #expect(Permission.allCases.allSatisfy { ScopePattern($0.rawValue) != nil })
    }

    @Test func `what belongs to others is hidden, shared or controlled, and other tenants do not exist`() throws {
        let (me, other) = (UserID(high: 1, low: 1), UserID(high: 1, low: 2))
        func principal(_ role: Role, scopes: [String] = ["*"]) -> Principal {
            Principal(
                user: me,
                tenant: "t",
                role: role,
                scopes: scopes.compactMap { ScopePattern($0) },
                credential: .apiKey(APIKeyID(high: 1, low: 1))
            )
        }
        let (mine, theirs) = ("user:\(me)", "user:\(other)")
        let cases: [(Role, Permission, String?, String, ProjectRole?, Access)] = [
            (.user, .readRuns, mine, "t", nil, .allowed), (.user, .controlRuns, mine, "t", nil, .allowed),
            (.user, .readRuns, theirs, "t", nil, .hidden), (.user, .controlRuns, theirs, "t", nil, .hidden),
            (.user, .readRuns, theirs, "t", .viewer, .allowed), (.user, .controlRuns, theirs, "t", .viewer, .denied),
            (.user, .controlRuns, theirs, "t", .operator, .allowed),
            (.operator, .patchRuns, theirs, "t", .viewer, .allowed), (.operator, .patchRuns, theirs, "t", nil, .hidden),
            (.viewer, .readRuns, theirs, "t", .viewer, .allowed),
            (.viewer, .controlRuns, theirs, "t", .operator, .denied),
            (.viewer, .startRuns, mine, "t", nil, .denied), (.admin, .controlRuns, theirs, "t", nil, .allowed),
            (.admin, .readRuns, mine, "other", nil, .hidden), (.user, .readRuns, mine, "other", .operator, .hidden),
            (.user, .readCatalog, nil, "t", nil, .allowed), (.user, .writeCatalog, nil, "t", nil, .denied),
            (.user, .callTools, nil, "t", nil, .allowed), (.user, .controlRuns, nil, "t", nil, .denied),
            (.worker, .leaseTasks, nil, "t", nil, .allowed), (.worker, .readRuns, theirs, "t", nil, .hidden),
            (.user, .leaseTasks, nil, "t", nil, .denied),
        ]
        for (role, permission, owner, tenant, grant, expected) in cases {
            let thing = Ownership(tenant: tenant, owner: owner, project: "p")
            let access = Access.decide(principal(role), permission, on: thing, grant: grant)
            #expect(access == expected, "\(role) \(permission) \(owner ?? "-") \(tenant) \(String(describing: grant))")
        }
        let narrow = principal(.admin, scopes: ["runs.read"])
        let thing = Ownership(tenant: "t", owner: mine)
        #expect(Access.decide(narrow, .readRuns, on: thing, grant: nil) == .allowed)
        #expect(Access.decide(narrow, .controlRuns, on: thing, grant: nil) == .denied)
        #expect(throws: IdentityError.self) { try Access.hidden.check("run run_1") }
        try Access.allowed.check("run run_1")
    }

    @Test func `patterns stand for a name, for all below it or for everything`() {
        let cases: [(String, String, Bool)] = [
            ("runs.read", "runs.read", true), ("runs.read", "runs.reads", false), ("runs.*", "runs.read", true),
            ("runs.*", "runsx.read", false), ("runs.*", "runs", false), ("*", "anything", true),
            ("project.*", "project.create", true), ("deploy.*", "engineering.start", false),
        ]
        for (pattern, name, expected) in cases {
            #expect(ScopePattern(pattern)?.matches(name) == expected, "\(pattern) \(name)")
        }
        for text in ["", ".", "a.", "*.a", "a.*.b", "A", "a b", "a*", String(repeating: "a", count: 101)] {
            #expect(ScopePattern(text) == nil, "\(text)")
        }
    }
}
