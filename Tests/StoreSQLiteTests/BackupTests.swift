// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Model
import Store
import Synchronization
import TestSupport
import Testing

@testable import StoreSQLite

@Suite struct BackupTests {
    /// Fills a data folder with steps, and blobs of both sizes that events name.
    private func fill(_ path: String, steps: Int = 3) throws {
        let folder = try DataFolder(locking: path, command: "test")
        let (runs, blobs) = (try SQLiteRunStore(in: folder), try SQLiteBlobStore(in: folder))
        defer {
            blobs.close()
            runs.close()
            folder.unlock()
        }
        for number in 0..<steps { _ = try runs.commit(.step(number)) }
        for size in [10, 200_000] { try name(try blobs.put([UInt8](repeating: 1, count: size)), runs, UInt64(size)) }
    }

    private func name(_ blob: BlobRef, _ runs: SQLiteRunStore, _ number: UInt64) throws {
        var commit = Commit()
        let key = try runs.lastRunKey() + 1
        let body = #"[{"type":"t","data":{"output":{"blob":{"hash":"\#(blob.hash)","size":\#(blob.size)}}}}]"#
        let time = Timestamp(milliseconds: Int64(number))
        commit.records = [LogRecord(runKey: key, firstSequence: 1, count: 1, at: time, body: Array(body.utf8))]
        commit.runs = [
            RunRow(
                key: key,
                id: RunID(high: 7, low: number),
                workflow: "w",
                graphHash: "h",
                status: .completed,
                lastSequence: 1,
                createdAt: time
            )
        ]
        _ = try runs.commit(commit)
    }

    @Test func `a backup is whole, and the folder made of it has everything`() throws {
        let temporary = TemporaryFolder()
        // Characters that mean something to SQL and to addresses of files.
        for name in ["plain", "it's 100% a?b#c", "é"] {
            let (data, copy) = ("\(temporary.path)/\(name)", "\(temporary.path)/copy of \(name)")
            try fill(data)
            try writeFile(data + "/config.yaml", Array("limits: {}\n".utf8))
            let backup = FolderBackup(at: copy)
            let manifest = try backup.create(of: data, program: "1.2.3")
            #expect(manifest.lastSequence == 14 && manifest.blobFiles == 1 && manifest.blobFileBytes == 200_000)
            #expect(manifest.files.map(\.path) == ["baton.db", "blobs.db", "config.yaml"])
            let before = try FileTree.names(in: copy)
            let verdict = try backup.verify()
            #expect(verdict.report.isWhole, "\(verdict.report.problems)")
            #expect(verdict.manifest == manifest)
            #expect(verdict.report.runs == 4 && verdict.report.events == 14 && verdict.report.blobs == 2)
            #expect(try FileTree.names(in: copy) == before, "verifying writes nothing")

            let restored = "\(temporary.path)/new/\(name)"
            #expect(try backup.restore(to: restored) == verdict)
            #expect(try FileTree.names(in: restored) == ["baton.db", "blobs", "blobs.db", "config.yaml"])
            try withStore(at: restored) { store in
                try store.verify()
                #expect(
                    try store.records(after: 0, limit: 6).map(\.record) == (0..<3).flatMap { Commit.step($0).records }
                )
                _ = try store.commit(.step(3))
            }
            #expect(try FileTree.names(in: temporary.path + "/new").count == 1, "nothing is left beside it")
            #expect(try FileTree.names(in: temporary.path).filter { $0.hasSuffix(".part") }.isEmpty)
            try FileTree.remove(temporary.path + "/new")
        }
    }

    @Test func `a backup made while others write is of one moment, and every blob it names is in it`() throws {
        let temporary = TemporaryFolder()
        let data = temporary.path + "/data"
        let folder = try DataFolder(locking: data, command: "test")
        let (runs, blobs) = (try SQLiteRunStore(in: folder), try SQLiteBlobStore(in: folder))
        let isOver = Atomic<Bool>(false)
        let writer = Thread {
            var number: UInt64 = 0
            while !isOver.load(ordering: .relaxed) {
                number += 1
                let size = number % 3 == 0 ? 200_000 : 5000
                let bytes = [UInt8](repeating: UInt8(number % 256), count: size + Int(number))
                guard let blob = try? blobs.put(bytes), (try? name(blob, runs, number)) != nil else { return }
            }
        }
        while try runs.lastSequence() < 5 { usleep(1000) }
        var last: Int64 = 0
        for round in 0..<5 {
            let backup = FolderBackup(at: "\(temporary.path)/copy\(round)")
            let manifest = try backup.create(of: data, program: "p")
            let report = try backup.verify().report
            #expect(report.isWhole, "\(report.problems)")
            #expect(report.events == manifest.lastSequence && manifest.lastSequence >= last)
            last = manifest.lastSequence
        }
        isOver.store(true, ordering: .relaxed)
        writer.join()
        #expect(try runs.lastSequence() > last, "the writer went on")
        blobs.close()
        runs.close()
    }

    @Test func `no blob is removed while somebody copies`() throws {
        let temporary = TemporaryFolder()
        let folder = try DataFolder(locking: temporary.path, command: "test")
        let blobs = try SQLiteBlobStore(in: folder)
        let put = try [10, 200_000].map { try blobs.put([UInt8](repeating: 1, count: $0)) }
        let future = Timestamp(milliseconds: .max)
        try BackupLock.copying(temporary.path) { () throws(StoreError) in
            try BackupLock.copying(temporary.path) { () throws(StoreError) in
                #expect(try blobs.remove(put, lastPutBefore: future).isEmpty)
            }
        }
        for blob in put { _ = try blobs.get(blob) }
        #expect(try blobs.remove(put, lastPutBefore: future).count == 2)
        blobs.close()
    }

    @Test func `whatever is damaged in a backup is found, and it is not restored unless that is wanted`() throws {
        let temporary = TemporaryFolder()
        try fill(temporary.path + "/data", steps: 20)
        let original = temporary.path + "/original"
        _ = try FolderBackup(at: original).create(of: temporary.path + "/data", program: "p")
        let files = try FileTree.names(in: original + "/blobs")
        let inner = "blobs/\(files[0])"
        let large = "\(inner)/\(try FileTree.names(in: "\(original)/\(inner)")[0])"
        let cases: [(name: String, problem: String, script: String)] = [
            ("a byte of the log", "checksum does not fit", "sed -i s/n20/n99/ baton.db"),
            ("the database cut", "is not the file", "truncate -s 40960 baton.db"),
            ("the database gone", "baton.db is missing", "rm baton.db"),
            (
                "a small blob", "does not match its hash",
                #"python3 -c "b=bytearray(open('blobs.db','rb').read()); i=b.index(b'\x01'*10); b[i]=2; open('blobs.db','wb').write(b)""#
            ),
            ("the small blobs gone", "named by event 1 of run", "rm blobs.db"),
            (
                "a large blob", "does not match its hash",
                "cp \(large) x; rm \(large); tr '\\001' '\\002' < x > \(large); rm x"
            ),
            (
                "a large blob cut", "does not match its hash",
                "cp \(large) x; rm \(large); head -c 150000 x > \(large); rm x"
            ),
            ("a large blob gone", "files below", "rm \(large)"),
        ]
        for (name, problem, script) in cases {
            let copy = "\(temporary.path)/copy"
            #expect(system("rm -rf '\(copy)' && cp -r '\(original)' '\(copy)' && cd '\(copy)' && \(script)") == 0)
            let backup = FolderBackup(at: copy)
            let report = try backup.verify().report
            #expect(report.problems.contains { $0.contains(problem) }, "\(name): \(report.problems)")
            let target = "\(temporary.path)/target"
            #expect(failure { _ = try backup.restore(to: target) }?.code == .corrupted, "\(name)")
            #expect(!FileTree.exists(target) && !FileTree.exists(target + ".restore"), "\(name)")
            _ = try backup.restore(to: target, allowsDamage: true)
            #expect(FileTree.exists(target), "\(name)")
            try FileTree.remove(target)
        }
        #expect(try FolderBackup(at: original).verify().report.isWhole)
    }

    @Test func `a manifest that is none is refused, and so is one of a newer program`() throws {
        let temporary = TemporaryFolder()
        let backup = FolderBackup(at: temporary.path + "/b")
        #expect(failure { _ = try backup.verify() }?.code == .missing)
        mkdir(backup.path, 0o700)
        #expect(failure { _ = try backup.verify() }?.code == .missing)
        let cases: [(String, StoreError.Code)] = [
            ("", .corrupted), ("[]", .corrupted), (#"{"format":1}"#, .corrupted), (#"{"format":2}"#, .newer),
            (
                #"{"format":1,"program":"p","created_at":"2026-01-01T00:00:00Z","source":"s","database_format":1,"#
                    + #""last_sequence":0,"files":[{"path":"../x","size":1,"sha256":""}],"blob_files":0,"blob_file_bytes":0}"#,
                .corrupted
            ),
        ]
        for (text, code) in cases {
            try writeFile(backup.path + "/manifest.json", Array(text.utf8))
            #expect(failure { _ = try backup.verify() }?.code == code, "\(text)")
            #expect(failure { _ = try backup.restore(to: temporary.path + "/r") }?.code == code, "\(text)")
        }
    }

    @Test func `nothing is written where something is, and leftovers of a killed process are replaced`() throws {
        let temporary = TemporaryFolder()
        let data = temporary.path + "/data"
        #expect(
            failure { _ = try FolderBackup(at: temporary.path + "/b").create(of: data, program: "p") }?.code == .missing
        )
        try fill(data)
        let taken = FolderBackup(at: temporary.path + "/taken")
        try writeFile(taken.path, [1])
        #expect(failure { _ = try taken.create(of: data, program: "p") }?.code == .conflict)
        unlink(taken.path)
        mkdir(taken.path, 0o700)
        for leftover in [taken.path + ".part", temporary.path + "/new.restore"] {
            mkdir(leftover, 0o700)
            try writeFile(leftover + "/baton.db", [1])
        }
        _ = try taken.create(of: data, program: "p")
        #expect(failure { _ = try taken.create(of: data, program: "p") }?.code == .conflict)
        #expect(failure { _ = try taken.restore(to: data) }?.code == .conflict)
        _ = try taken.restore(to: temporary.path + "/new")
        #expect(try FileTree.names(in: temporary.path) == ["data", "new", "taken"])
    }
}
