// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import CSQLite
import Glibc
import Testing

/// What can be wrong with a data folder: each command says so with exit code 5, says what to do, and changes nothing.
@Suite struct DataFolderFailureTests {
    private static let echo = """
        workflow: echo
        inputs: {text: {type: string}}
        outputs: {text: "${ nodes.upper.output }"}
        nodes: [{id: upper, type: transform, config: {expr: upper(inputs.text)}}]
        """

    /// A folder with a completed run whose log is in the database file.
    private func makeProgram() throws -> Program {
        let program = try Program()
        try program.write("flow.yaml", Self.echo)
        #expect(try program.baton("run start flow.yaml -i text=marker").exit == 0)
        try execute("PRAGMA wal_checkpoint(TRUNCATE)", program)
        return program
    }

    @Test func `a file that is no database is left as it is`() throws {
        let program = try makeProgram()
        for garbage in [[UInt8](repeating: 0xa5, count: 20_000), Array("no database".utf8)] {
            try program.write("data/baton.db", bytes: garbage)
            for words in ["run list", "run get last", "run start flow.yaml -i text=x", "run resume last", "inbox list"]
            {
                try expectUnavailable(program, words, "is damaged or no database")
            }
            #expect(try program.baton("doctor -o json").exit == 5)
            #expect(try program.bytes("data/baton.db") == garbage)
        }
    }

    @Test func `a flipped byte in the log of a run is found, and other runs go on`() throws {
        let program = try makeProgram()
        var bytes = try program.bytes("data/baton.db")
        let marker = Array("\"MARKER\"".utf8)
        let places = bytes.indices.filter { bytes[$0...].starts(with: marker) }
        #expect(!places.isEmpty)
        for place in places { bytes[place + 3] ^= 1 }
        try program.write("data/baton.db", bytes: bytes)
        let run = try #require(try program.baton("run list -o jsonl").lines.first?["id"]?.stringValue)
        for words in ["run get \(run)", "run events \(run)", "run explain \(run)"] {
            try expectUnavailable(program, words, "is damaged at event")
        }
        let doctor = try program.baton("doctor")
        #expect(doctor.exit == 5 && doctor.output.contains("its checksum does not fit"))
        #expect(try program.bytes("data/baton.db") == bytes)
        #expect(try program.baton("run start flow.yaml -i text=other").exit == 0)
        #expect(try program.baton("run get last").exit == 0)
    }

    @Test func `a database of a newer program is refused and left as it is`() throws {
        let program = try makeProgram()
        try execute("PRAGMA user_version = 99; PRAGMA wal_checkpoint(TRUNCATE)", program)
        let bytes = try program.bytes("data/baton.db")
        for words in ["run list", "run start flow.yaml -i text=x", "run resume last"] {
            try expectUnavailable(program, words, "has format 99; this program knows up to")
        }
        #expect(try program.bytes("data/baton.db") == bytes)
    }

    @Test func `a log whose database was lost is not thrown away`() throws {
        let program = try makeProgram()
        var (database, log): ([UInt8], [UInt8]) = ([], [])
        try whileOpen(program) {
            let started = try program.baton("run start flow.yaml -i text=marker")
            #expect(started.exit == 0)
            (database, log) = (try program.bytes("data/baton.db"), try program.bytes("data/baton.db-wal"))
        }
        #expect(!log.isEmpty)
        for damage in ["rm data/baton.db", ": > data/baton.db"] {
            #expect(try program.shell("rm -f data/baton.db-shm; \(damage)").exit == 0)
            try program.write("data/baton.db-wal", bytes: log)
            for words in ["run list", "run start flow.yaml -i text=x"] {
                try expectUnavailable(program, words, "its log \(program.folder)/data/baton.db-wal holds commits")
            }
            #expect(try program.bytes("data/baton.db-wal") == log)
            try program.write("data/baton.db", bytes: database)
            #expect(try program.baton("run list -o jsonl").lines.count == 2)
        }
    }

    @Test func `a folder that is no folder is said to be none`() throws {
        let program = try Program()
        try program.write("flow.yaml", Self.echo)
        try program.write("data", "a file")
        try expectUnavailable(program, "run start flow.yaml -i text=x", "Not a directory")
        #expect(try program.bytes("data") == Array("a file".utf8))
    }

    @Test(.enabled(if: getuid() == 0, "mounting needs root"))
    func `a folder on a read-only disk can be read and says why it cannot be written`() throws {
        let program = try makeProgram()
        // SQLite reads there only what has its small file for readers beside it, as a process that was killed leaves it.
        try whileOpen(program) {
            let copied = try program.shell("cp -r data copy")
            #expect(copied.exit == 0)
        }
        guard try program.shell("mount -t tmpfs tmpfs data").exit == 0 else { return }
        defer { _ = try? program.shell("umount -l data") }
        #expect(try program.shell("cp -r copy/. data").exit == 0)
        #expect(try program.shell("mount -o remount,ro data").exit == 0)
        #expect(try program.baton("run list -o jsonl").lines.count == 1)
        #expect(try program.baton("run get last -o json").json["outputs"]?["text"] == "MARKER")
        try expectUnavailable(program, "run start flow.yaml -i text=x", "Read-only file system")
    }

    private func expectUnavailable(_ program: Program, _ words: String, _ message: String) throws {
        let result = try program.baton(words)
        #expect(result.exit == 5, "\(words): \(result.errors)")
        #expect(result.errors.contains(message), "\(words): \(result.errors)")
        #expect(result.errors.hasPrefix("baton: ") && result.output.isEmpty, "\(words): \(result.output)")
    }

    /// While a database is open elsewhere, closing it leaves its log in place.
    private func whileOpen(_ program: Program, _ body: () throws -> Void) throws {
        var handle: OpaquePointer?
        defer { sqlite3_close(handle) }
        #expect(sqlite3_open("\(program.folder)/data/baton.db", &handle) == SQLITE_OK)
        #expect(sqlite3_exec(handle, "SELECT count(*) FROM run", nil, nil, nil) == SQLITE_OK)
        try body()
    }

    private func execute(_ sql: String, _ program: Program) throws {
        var handle: OpaquePointer?
        defer { sqlite3_close(handle) }
        #expect(sqlite3_open("\(program.folder)/data/baton.db", &handle) == SQLITE_OK)
        #expect(sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK)
    }
}
