// Baton
// SPDX-License-Identifier: Apache-2.0

import Cryptography
import JSON
import Model
import Store
import TestSupport
import Testing

@testable import Identity

@Suite struct LoginTests {
    @Test func `five failures within the window lock account and address, for as long as the window`() throws {
        let fixture = Fixture()
        let admin = try fixture.admin()
        _ = try fixture.user("ann", by: admin)
        for _ in 0..<4 { #expect(code { _ = try fixture.logIn("ann", "wrong", from: "192.0.2.1") } == .required) }
        // The first leaves the window as the fifth comes.
        fixture.advance(.seconds(300))
        #expect(code { _ = try fixture.logIn("ann", "wrong", from: "192.0.2.1") } == .required)
        #expect(try fixture.logIn("ann", from: "192.0.2.1").user.name == "ann")
        // The account began anew; the address did not.
        for _ in 0..<3 { #expect(code { _ = try fixture.logIn("nobody", "wrong", from: "192.0.2.1") } == .required) }
        #expect(code { _ = try fixture.logIn("nobody2", "wrong", from: "192.0.2.1") } == .required)
        #expect(code { _ = try fixture.logIn("ann", from: "192.0.2.1") } == .locked)
        #expect(try fixture.logIn("ann", from: "192.0.2.2").user.name == "ann")
        for _ in 0..<5 { #expect(code { _ = try fixture.logIn("ann", "wrong") } == .required) }
        do {
            _ = try fixture.logIn("ann")
            Issue.record("not locked")
        } catch let error as IdentityError {
            #expect(error.code == .locked && error.retryAfter == .seconds(300))
        }
        fixture.advance(.seconds(299))
        #expect(code { _ = try fixture.logIn("ann") } == .locked)
        fixture.advance(.seconds(1))
        #expect(try fixture.logIn("ann", from: "192.0.2.1").user.name == "ann")
        #expect(fixture.actions.contains("auth.locked") && fixture.actions.contains("auth.failed"))
        fixture.advance(.seconds(301))
        try fixture.sessions.sweep()
        #expect(fixture.store.loginFailure("address:192.0.2.1") == nil)
    }

    @Test func `attempts under way count, and addresses of one network are one`() throws {
        let fixture = Fixture()
        let keys = LoginGuard.keys(email: "a@b", address: nil)
        for _ in 0..<5 { try fixture.context.guards.begin(keys, at: fixture.now) }
        #expect(code { try fixture.context.guards.begin(keys, at: fixture.now) } == .locked)
        fixture.context.guards.abandoned(keys)
        try fixture.context.guards.begin(keys, at: fixture.now)
        var written = 0
        for _ in 0..<5 {
            try fixture.context.guards.failed(keys, at: fixture.now) { (rows, locked) throws(IdentityError) in
                var change = SecurityChange()
                change.loginFailures = rows
                try fixture.context.apply(change)
                written += locked.count
            }
        }
        #expect(written == 1 && code { try fixture.context.guards.begin(keys, at: fixture.now) } == .locked)
        let cases = [
            "2001:db8:1:2::1": "address:2001:db8:1:2::/64", "2001:db8:1:2:ffff::": "address:2001:db8:1:2::/64",
            "::ffff:192.0.2.1": "address:192.0.2.1", "192.0.2.1": "address:192.0.2.1",
        ]
        for (address, key) in cases { #expect(LoginGuard.keys(email: "", address: address)[1] == key, "\(address)") }
    }

    @Test func `a refresh token is exchanged once, and its reuse ends the whole login`() throws {
        let fixture = Fixture()
        _ = try fixture.admin()
        let first = try fixture.logIn("admin")
        let other = try fixture.logIn("admin")
        fixture.advance(.seconds(60))
        let second = try fixture.sessions.refresh(first.refreshToken)
        #expect(second.family == first.family && second.refreshToken != first.refreshToken)
        #expect(second.refreshExpiresAt == fixture.now + .seconds(7 * 24 * 3600))
        let third = try fixture.sessions.refresh(second.refreshToken)
        #expect(try fixture.authenticator.authenticate(third.accessToken).credential == .login(first.family))
        #expect(code { _ = try fixture.sessions.refresh(first.refreshToken) } == .required)
        #expect(code { _ = try fixture.sessions.refresh(third.refreshToken) } == .required)
        #expect(code { _ = try fixture.authenticator.authenticate(third.accessToken) } == .required)
        #expect(fixture.actions.last == "auth.refresh_reused")
        // Other logins go on.
        let next = try fixture.sessions.refresh(other.refreshToken)
        #expect(code { _ = try fixture.sessions.refresh("bat_refresh_x") } == .required)
        try fixture.sessions.logOut("bat_refresh_x")
        try fixture.sessions.logOut(next.refreshToken)
        #expect(code { _ = try fixture.authenticator.authenticate(next.accessToken) } == .required)
        let last = try fixture.logIn("admin")
        try fixture.sessions.logOut(try fixture.authenticator.authenticate(last.accessToken))
        #expect(code { _ = try fixture.sessions.refresh(last.refreshToken) } == .required)
        let late = try fixture.logIn("admin")
        fixture.advance(.seconds(7 * 24 * 3600))
        #expect(code { _ = try fixture.sessions.refresh(late.refreshToken) } == .required)
    }

    @Test func `an access token ends on the second, and no other token passes for one`() throws {
        let fixture = Fixture()
        let admin = try fixture.admin()
        let login = try fixture.logIn("admin")
        let authenticator = fixture.authenticator
        #expect(login.accessExpiresAt == fixture.now + .seconds(1800))
        let parts = login.accessToken.split(separator: ".").map(String.init)
        func encode(_ text: String) -> String { Base64.encode(Array(text.utf8)) }
        let claims = try #require(Base64.decode(parts[1]))
        let key = [UInt8](repeating: 2, count: 32)
        func signed(_ header: String, _ claims: [UInt8], _ key: [UInt8]) -> String {
            let text = encode(header) + "." + Base64.encode(claims)
            return text + "." + Base64.encode(HMACSHA256.code(Array(text.utf8), key: key))
        }
        let header = #"{"alg":"HS256","typ":"at+jwt","kid":"2"}"#
        // The forger below makes what is accepted, so that the rest fails for the right reason.
        #expect(try authenticator.authenticate(signed(header, claims, key)).user == admin.user)
        func changed(_ name: String, _ value: JSONValue) throws -> String {
            var object = try #require(try JSONValue(parsing: claims).objectValue)
            object[name] = value
            return signed(header, JSONValue.object(object).bytes(), key)
        }
        let forged: [(String, String)] = [
            ("no algorithm", encode(#"{"alg":"none","typ":"at+jwt","kid":"2"}"#) + ".\(parts[1])."),
            ("another algorithm", signed(#"{"alg":"HS512","typ":"at+jwt","kid":"2"}"#, claims, key)),
            ("another order", signed(#"{"typ":"at+jwt","alg":"HS256","kid":"2"}"#, claims, key)),
            ("more in the header", signed(#"{"alg":"HS256","typ":"at+jwt","kid":"2","crit":["b64"]}"#, claims, key)),
            ("unknown key", signed(#"{"alg":"HS256","typ":"at+jwt","kid":"3"}"#, claims, key)),
            ("key of another version", signed(#"{"alg":"HS256","typ":"at+jwt","kid":"1"}"#, claims, key)),
            ("feed header", signed(#"{"alg":"HS256","typ":"feed+jwt","kid":"2"}"#, claims, key)),
            ("empty key", signed(header, claims, [])), ("no signature", parts[0] + "." + parts[1] + "."),
            ("two parts", parts[0] + "." + parts[1]), ("four parts", login.accessToken + ".x"),
            ("padding", login.accessToken + "="), ("empty", ""), ("points", ".."),
            ("issuer", try changed("iss", "x")), ("audience", try changed("aud", "baton.feed")),
            ("audiences", try changed("aud", ["baton"])), ("no end", try changed("exp", .null)),
            ("past", try changed("exp", .int(fixture.now.milliseconds / 1000))),
            ("future", try changed("nbf", .int(fixture.now.milliseconds / 1000 + 31))),
            ("subject", try changed("sub", "usr_x")), ("login", try changed("fam", "fam_x")),
            ("not JSON", signed(header, [1], key)), ("a list", signed(header, Array("[]".utf8), key)),
            ("long", login.accessToken + String(repeating: "A", count: 5000)),
            ("feed token", try fixture.sessions.feedToken(for: admin)), ("refresh token", login.refreshToken),
        ]
        for (name, token) in forged {
            #expect(code { _ = try authenticator.authenticate(token) } == .required, "\(name)")
        }
        // A role that is written into the token does not count; that of the account does.
        #expect(try authenticator.authenticate(changed("role", "viewer")).role == .admin)
        #expect(
            try authenticator.authenticate(changed("nbf", .int(fixture.now.milliseconds / 1000 + 30))).role == .admin
        )
        fixture.advance(.seconds(1799))
        #expect(try authenticator.authenticate(login.accessToken).user == admin.user)
        fixture.advance(.seconds(1))
        #expect(code { _ = try authenticator.authenticate(login.accessToken) } == .required)
        // Tokens of an older key are good while the key is there.
        let old = fixture.again(
            IdentitySettings(),
            keys: SigningKeys([1: [UInt8](repeating: 1, count: 32)], current: 1)
        )
        let token = try Sessions(old).logIn(email: "admin@example.org", password: Fixture.password).accessToken
        #expect(try authenticator.authenticate(token).user == admin.user)
    }

    @Test func `what is remembered of a credential ends with it and with every change of accounts`() throws {
        let fixture = Fixture()
        let admin = try fixture.admin()
        let login = try fixture.logIn("admin")
        let (key, text) = try fixture.keys.create(name: "k", by: admin)
        let authenticator = fixture.authenticator
        for credential in [login.accessToken, text] {
            #expect(authenticator.recall(credential) == nil)
            #expect(authenticator.recall(credential + "x") == nil)
            let principal = try authenticator.authenticate(credential)
            #expect(authenticator.recall(credential) == principal)
        }
        #expect(authenticator.recall(login.accessToken) != nil)
        try fixture.keys.revoke(key.id, by: admin)
        for credential in [login.accessToken, text] { #expect(authenticator.recall(credential) == nil) }
        #expect(code { _ = try authenticator.authenticate(text) } == .required)
        _ = try authenticator.authenticate(login.accessToken)
        fixture.advance(.seconds(1799))
        #expect(authenticator.recall(login.accessToken) != nil)
        fixture.advance(.seconds(1))
        #expect(authenticator.recall(login.accessToken) == nil)
        let other = try fixture.logIn("admin")
        _ = try authenticator.authenticate(other.accessToken)
        try fixture.sessions.logOut(other.refreshToken)
        #expect(authenticator.recall(other.accessToken) == nil)
    }

    @Test func `a token of the live feed lasts a minute and shows events only`() throws {
        let fixture = Fixture()
        let admin = try fixture.admin()
        let login = try fixture.logIn("admin")
        let principal = try fixture.authenticator.authenticate(login.accessToken)
        let token = try fixture.sessions.feedToken(for: principal, project: "p")
        let (feed, project) = try fixture.authenticator.authenticateFeed(token)
        #expect(feed.user == admin.user && project == "p" && feed.credential == .feed)
        #expect(feed.may(.readEvents) && !feed.may(.readRuns) && !feed.may(.manageUsers))
        #expect(code { _ = try fixture.authenticator.authenticateFeed(login.accessToken) } == .required)
        let (key, text) = try fixture.keys.create(name: "k", by: admin)
        let ofKey = try fixture.sessions.feedToken(for: fixture.authenticator.authenticate(text))
        #expect(try fixture.authenticator.authenticateFeed(ofKey).principal.user == admin.user)
        try fixture.keys.revoke(key.id, by: admin)
        #expect(code { _ = try fixture.authenticator.authenticateFeed(ofKey) } == .required)
        fixture.advance(.seconds(59))
        #expect(try fixture.authenticator.authenticateFeed(token).project == "p")
        fixture.advance(.seconds(1))
        #expect(code { _ = try fixture.authenticator.authenticateFeed(token) } == .required)
        let again = try fixture.sessions.feedToken(for: principal)
        try fixture.sessions.logOut(principal)
        #expect(code { _ = try fixture.authenticator.authenticateFeed(again) } == .required)
    }

    @Test func `an API key has at most what its user has, ends and is revoked`() throws {
        let fixture = Fixture()
        let admin = try fixture.admin()
        let (ann, bob) = (try fixture.user("ann", .operator, by: admin), try fixture.user("bob", by: admin))
        let authenticator = fixture.authenticator
        let (key, text) = try fixture.keys.create(
            name: "ci",
            role: .user,
            scopes: ["runs.*", "usage.read"],
            expiresAt: fixture.now + .seconds(90),
            by: ann
        )
        #expect(text.hasPrefix(key.prefix) && key.prefix.utf8.count == 12 && text.utf8.count == 51)
        let principal = try authenticator.authenticate(text)
        #expect(principal.user == ann.user && principal.role == .user && principal.credential == .apiKey(key.id))
        #expect(principal.may(.startRuns) && principal.may(.readUsage) && !principal.may(.callTools))
        #expect(!principal.may(.manageProfile))
        try authenticator.flushKeyUses()
        #expect(try fixture.keys.keys(for: ann).map(\.lastUsedAt) == [fixture.now])
        #expect(code { _ = try authenticator.authenticate(text + "x") } == .required)
        for (role, owner, expected): (Role, Principal, IdentityError.Code?) in [
            (.admin, ann, .denied), (.worker, ann, .denied), (.operator, bob, .denied), (.viewer, bob, nil),
            (.agent, bob, nil), (.worker, admin, nil), (.admin, admin, nil),
        ] {
            #expect(code { _ = try fixture.keys.create(name: "k", role: role, by: owner) } == expected, "\(role)")
        }
        #expect(code { _ = try fixture.keys.create(name: "k", scopes: ["A"], by: ann) } == .invalid)
        #expect(code { _ = try fixture.keys.create(name: "k", scopes: [], by: ann) } == .invalid)
        #expect(code { _ = try fixture.keys.create(name: "k", expiresAt: fixture.now, by: ann) } == .invalid)
        #expect(code { _ = try fixture.keys.create(name: "k", for: ann.user, by: bob) } == .denied)
        var narrow = ann
        narrow.scopes = ["profile.manage", "runs.*"].compactMap { ScopePattern($0) }
        for (scope, expected): (String, IdentityError.Code?) in [
            ("runs.read", nil), ("runs.*", nil), ("profile.manage", nil), ("*", .denied), ("usage.read", .denied),
            ("profile.*", .denied),
        ] {
            #expect(
                code { _ = try fixture.keys.create(name: "k", scopes: [scope], by: narrow) } == expected,
                "\(scope)"
            )
        }
        #expect(code { try fixture.keys.revoke(key.id, by: bob) } == .notFound)
        let worker = try fixture.keys.create(name: "w", role: .worker, for: bob.user, by: admin).text
        #expect(try authenticator.authenticate(worker).may(.leaseTasks))
        #expect(try !authenticator.authenticate(worker).may(.readRuns))
        // Who lost rights has none of them through old keys.
        let strong = try fixture.keys.create(name: "s", by: ann).text
        var patch = UserPatch()
        patch.role = .viewer
        _ = try fixture.accounts.update(try #require(ann.user), patch, by: admin)
        #expect(try authenticator.authenticate(strong).role == .viewer)
        #expect(try authenticator.authenticate(text).role == .viewer)
        try fixture.keys.revoke(key.id, by: admin)
        #expect(code { _ = try authenticator.authenticate(text) } == .required)
        fixture.advance(.seconds(90))
        let (short, shortText) = try fixture.keys.create(name: "t", expiresAt: fixture.now + .seconds(1), by: bob)
        #expect(try authenticator.authenticate(shortText).credential == .apiKey(short.id))
        fixture.advance(.seconds(1))
        #expect(code { _ = try authenticator.authenticate(shortText) } == .required)
    }

    @Test func `the token file admits who can read it`() throws {
        let folder = TemporaryFolder()
        let token = try LocalToken.make(folder: folder.path)
        #expect(try LocalToken.make(folder: folder.path).text == token.text)
        #expect(try LocalToken.read(folder: folder.path + "/none") == nil)
        let fixture = Fixture()
        let authenticator = Authenticator(fixture.context, localToken: token)
        let principal = try authenticator.authenticate(token.text)
        #expect(principal.role == .admin && principal.actor == "local" && principal.user == nil)
        #expect(code { _ = try authenticator.authenticate(token.text + "x") } == .required)
        #expect(code { _ = try fixture.authenticator.authenticate(token.text) } == .required)
        let feed = try fixture.sessions.feedToken(for: principal)
        #expect(try authenticator.authenticateFeed(feed).principal.actor == "local")
        #expect(code { _ = try fixture.keys.create(name: "k", by: principal) } == .denied)
        try PrivateFile.replace(folder.path + "/token", Array("x".utf8))
        #expect(throws: KeyError.self) { try LocalToken.make(folder: folder.path) }
    }
}
