// Baton
// SPDX-License-Identifier: Apache-2.0

import BatonClient
import Glibc
import Model
import TestSupport
import Testing

@testable import Commands

@Suite struct ProfileFileTests {
    private static let tokens = LoginTokens(
        access: "abc.def",
        expiresAt: Timestamp(milliseconds: 1_800_000_000_000),
        refresh: "r-1: #x"
    )

    @Test func `what is written is read again, and is for its owner alone`() throws {
        let folder = TemporaryFolder()
        let file = ProfileFile(path: "\(folder.path)/home/profiles.yaml")
        #expect(try file.read() == Profiles())
        var wanted = Profiles()
        wanted.current = "work"
        wanted.entries["work"] = Profile(
            server: try ServerAddress("https://baton.example.org"),
            email: "ann@example.org",
            tokens: Self.tokens
        )
        wanted.entries["127.0.0.1-7420"] = Profile(server: try ServerAddress("127.0.0.1:7420"))
        try file.change { $0 = wanted }
        #expect(try file.read() == wanted)
        #expect(wanted.name(of: try ServerAddress("localhost:7420")) == nil)
        #expect(wanted.name(of: try ServerAddress("http://127.0.0.1:7420/")) == "127.0.0.1-7420")
        var status = stat()
        #expect(stat(file.path, &status) == 0 && status.st_mode & 0o777 == 0o600)
        chmod(file.path, 0o644)
        #expect(throws: CommandFailure.self) { try file.read() }
    }

    @Test func `a file that holds something else is refused with its place`() throws {
        let folder = TemporaryFolder()
        let path = "\(folder.path)/profiles.yaml"
        for (text, part) in [
            ("current: [a]\n", "profiles.yaml:1:1: `current`"), ("profiles:\n  a: {server: x y}\n", "no address"),
            ("profiles:\n  a:\n    color: red\n", "profiles.yaml:3:5: `profiles.a.color`"), ("a: [", "profiles.yaml"),
        ] {
            let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
            _ = text.withCString { write(descriptor, $0, strlen($0)) }
            close(descriptor)
            do throws(CommandFailure) {
                let read = try ProfileFile(path: path).read()
                Issue.record("\(text): \(read)")
            } catch {
                #expect(error.exit == .usage && error.message.contains(part), "\(text): \(error.message)")
            }
        }
    }
}
