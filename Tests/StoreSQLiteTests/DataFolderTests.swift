// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Store
import Testing
import TestSupport

@testable import StoreSQLite

@Suite struct DataFolderTests {
    @Test func `fault 10: the second one on a folder is refused and told who holds it`() throws {
        let temporary = TemporaryFolder()
        let path = temporary.path + "/deeply/nested"
        let folder = try DataFolder(locking: path, command: "baton serve\n--port 1")
        let error = failure { _ = try DataFolder(locking: path, command: "baton run") }
        #expect(error?.code == .locked)
        for part in ["Process \(getpid()) ", "(baton serve --port 1)", path, "since 20", "BATON_HOME"] {
            #expect(error?.message.contains(part) == true, "\(part) in \(error?.message ?? "")")
        }
        // Another process is refused as well, and the lock is not inherited by a child.
        #expect(system("flock -n \(path)/baton.lock true") != 0)
        folder.unlock()
        #expect(system("flock -n \(path)/baton.lock true") == 0)
        let next = try DataFolder(locking: path, command: "baton run")
        next.unlock()
    }

    @Test func `a folder is made for its owner only`() throws {
        let temporary = TemporaryFolder()
        let path = temporary.path + "/home"
        let folder = try DataFolder(locking: path, command: "test")
        var status = stat()
        #expect(stat(path, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o700)
        folder.unlock()
    }

    @Test func `a lock falls with the process that held it`() throws {
        let temporary = TemporaryFolder()
        let lock = temporary.path + "/baton.lock"
        // Takes the lock, says so, and is killed while it holds it; what it wrote about itself stays.
        let script = "exec 9>\(lock); flock -n 9 && echo pid 1 >&9 && kill -9 $$"
        #expect(system("sh -c '\(script)'") != 0)
        #expect(try readFile(lock) == Array("pid 1\n".utf8))
        let folder = try DataFolder(locking: temporary.path, command: "test")
        folder.unlock()
    }

    @Test func `a folder that cannot be made is named`() {
        let error = failure { _ = try DataFolder(locking: "/dev/null/baton", command: "test") }
        #expect(error?.code == .failed)
        #expect(error?.message.contains("/dev/null/baton") == true)
    }
}
