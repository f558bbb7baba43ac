// Baton
// SPDX-License-Identifier: Apache-2.0

import Cryptography
import Model
import Store
import Testing

@testable import Identity

@Suite struct AccountTests {
    @Test func `the first to register is the administrator, then registration is closed unless it is opened`() throws {
        let fixture = Fixture()
        #expect(try fixture.accounts.isEmpty())
        let admin = try fixture.admin()
        #expect(admin.role == .admin && admin.tenant == "default")
        func register(_ fixture: Fixture, _ email: String) throws -> User {
            try fixture.accounts.register(email: email, name: "n", password: Fixture.password)
        }
        #expect(code { _ = try register(fixture, "b@example.org") } == .denied)
        let open = Fixture { $0.opensRegistration = true }
        #expect(try register(open, "A@Example.org").role == .admin)
        let second = try register(open, "b@example.org")
        #expect(second.role == .user && second.email == "b@example.org" && second.revision == 1)
        #expect(code { _ = try register(open, "a@EXAMPLE.org") } == .conflict)
        #expect(open.actions == ["user.registered", "user.registered"])
    }

    @Test func `what people type is checked`() throws {
        let fixture = Fixture()
        let good = Fixture.password
        let cases: [(email: String, name: String, password: String)] = [
            ("", "n", good), ("a", "n", good), ("a@", "n", good), ("@b", "n", good), ("a@b@c", "n", good),
            ("a b@c", "n", good), ("a@b\n", "n", good), (String(repeating: "a", count: 255) + "@b", "n", good),
            ("a@b", "", good), ("a@b", "a\u{7}", good), ("a@b", String(repeating: "n", count: 201), good),
            ("a@b", "n", "elevenchars"), ("a@b", "n", String(repeating: "ab1!", count: 300)),
            ("a@b", "n", "aaaaaaaaaaaab"), ("long.address@b", "n", "Long.Address@B"),
        ]
        for (email, name, password) in cases {
            let result = code { _ = try fixture.accounts.register(email: email, name: name, password: password) }
            #expect(result == .invalid, "\(email) \(name) \(password.count)")
        }
        #expect(try fixture.accounts.isEmpty())
    }

    @Test func `administrators change roles and shut out, users change what is theirs, others see nothing`() throws {
        let fixture = Fixture()
        let admin = try fixture.admin()
        let (ann, bob) = (try fixture.user("ann", by: admin), try fixture.user("bob", by: admin))
        let (annID, bobID) = (try #require(ann.user), try #require(bob.user))
        #expect(try fixture.accounts.users(for: admin).map(\.name) == ["Admin", "ann", "bob"])
        #expect(code { _ = try fixture.accounts.users(for: ann) } == .denied)
        #expect(code { _ = try fixture.accounts.user(bobID, for: ann) } == .notFound)
        #expect(
            code { _ = try fixture.accounts.create(email: "c@d", name: "c", password: nil, role: .admin, by: ann) }
                == .denied
        )
        var patch = UserPatch()
        patch.name = "Ann B."
        #expect(try fixture.accounts.update(annID, patch, by: ann).revision == 2)
        #expect(code { _ = try fixture.accounts.update(bobID, patch, by: ann) } == .notFound)
        patch.revision = 1
        #expect(code { _ = try fixture.accounts.update(annID, patch, by: ann) } == .conflict)
        patch = UserPatch()
        patch.password = "another password"
        #expect(code { _ = try fixture.accounts.update(annID, patch, by: ann) } == .denied)
        patch = UserPatch()
        patch.role = .admin
        #expect(code { _ = try fixture.accounts.update(annID, patch, by: ann) } == .denied)
        #expect(code { _ = try fixture.accounts.update(try #require(admin.user), patch, by: admin) } == .denied)
        #expect(try fixture.accounts.update(annID, patch, by: admin).role == .admin)
        // Another tenant is another world.
        var stranger = admin
        stranger.tenant = "other"
        #expect(code { _ = try fixture.accounts.user(annID, for: stranger) } == .notFound)
        #expect(try fixture.accounts.users(for: stranger).isEmpty)
        #expect(code { _ = try fixture.keys.create(name: "k", for: annID, by: stranger) } == .notFound)
    }

    @Test func `a new password and a locked door end all logins`() throws {
        let fixture = Fixture()
        let admin = try fixture.admin()
        let ann = try fixture.user("ann", by: admin)
        let login = try fixture.logIn("ann")
        #expect(try fixture.authenticator.authenticate(login.accessToken).user == ann.user)
        #expect(
            code { try fixture.accounts.changePassword(of: ann, from: "wrong", to: "another password") } == .required
        )
        try fixture.accounts.changePassword(of: ann, from: Fixture.password, to: "another password")
        #expect(code { _ = try fixture.authenticator.authenticate(login.accessToken) } == .required)
        #expect(code { _ = try fixture.sessions.refresh(login.refreshToken) } == .required)
        #expect(code { _ = try fixture.logIn("ann") } == .required)
        let next = try fixture.logIn("ann", "another password")
        var patch = UserPatch()
        patch.isDisabled = true
        _ = try fixture.accounts.update(try #require(ann.user), patch, by: admin)
        #expect(code { _ = try fixture.authenticator.authenticate(next.accessToken) } == .required)
        #expect(code { _ = try fixture.logIn("ann", "another password") } == .required)
    }

    @Test func `a hash with other parameters is made anew at the next login`() throws {
        let fixture = Fixture()
        _ = try fixture.admin()
        let before = fixture.store.user(email: "admin@example.org")?.password
        var settings = IdentitySettings()
        settings.scrypt = Scrypt(logarithmOfCost: 2, blockSize: 1, parallelism: 1)
        let context = fixture.again(settings, keys: SigningKeys([1: [1]], current: 1))
        for _ in 0..<2 {
            _ = try Sessions(context).logIn(email: "admin@example.org", password: Fixture.password)
        }
        let after = try #require(fixture.store.user(email: "admin@example.org"))
        #expect(before?.hasPrefix("$scrypt$ln=1,r=1,p=1$") == true)
        #expect(after.password?.hasPrefix("$scrypt$ln=2,r=1,p=1$") == true && after.revision == 2)
        #expect(code { _ = try Sessions(context).logIn(email: "admin@example.org", password: "x") } == .required)
        for text in [
            "", "$scrypt$", "$scrypt$ln=99,r=8,p=1$AAAAAAAAAAAA$AAAA", "$scrypt$ln=1,r=1$AAAAAAAAAAAA$A", "plain",
        ] {
            #expect(PasswordHash(text) == nil, "\(text)")
        }
    }

    @Test func `projects are shared with users of the same tenant`() throws {
        let fixture = Fixture()
        let admin = try fixture.admin()
        let ann = try fixture.user("ann", by: admin)
        let (members, id) = (Memberships(fixture.context), try #require(ann.user))
        _ = try members.set(project: "p", user: id, role: .operator, groups: ["approver"], by: admin)
        let rows = try members.memberships(of: ann)
        #expect(rows.grant(tenant: "default", project: "p") == .operator)
        #expect(rows.grant(tenant: "default", project: "q") == nil && rows.grant(tenant: "x", project: "p") == nil)
        #expect(try members.members(of: "p", for: admin).map(\.groups) == [["approver"]])
        var stranger = admin
        stranger.tenant = "other"
        #expect(code { _ = try members.set(project: "p", user: id, role: .viewer, by: stranger) } == .notFound)
        #expect(
            code { _ = try members.set(project: "p", user: id, role: .viewer, groups: ["A b"], by: admin) } == .invalid
        )
        #expect(ann.isAddressed(by: ["role:approver"], owner: nil, groups: ["approver"]))
        #expect(ann.isAddressed(by: ["user:\(id)"], owner: nil, groups: []))
        #expect(ann.isAddressed(by: ["owner"], owner: ann.actor, groups: []))
        #expect(!ann.isAddressed(by: ["owner", "role:approver", "user:x"], owner: "user:x", groups: ["other"]))
        try members.remove(project: "p", user: id, by: admin)
        #expect(try members.memberships(of: ann).isEmpty)
    }
}
