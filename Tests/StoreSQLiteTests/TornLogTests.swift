// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Model
import Store
import Testing
import TestSupport

@testable import StoreSQLite

@Suite struct TornLogTests {
    /// The files of a database as a power cut may leave them: 5 steps in the database file, 12 in the log.
    private struct Files {
        var database: [UInt8] = []
        var log: [UInt8] = []
        static let before = 5
        static let after = 12
        static let frame = 4096 + 24

        init() throws {
            let source = TemporaryFolder()
            try withStore(at: source.path) { store in
                for number in 0..<Self.before { _ = try store.commit(.step(number)) }
            }
            try withStore(at: source.path) { store in
                for number in Self.before..<Self.before + Self.after { _ = try store.commit(.step(number)) }
                // By another process: closing the file here would drop this process's locks on it.
                let copies = system(
                    "cp \(source.path)/baton.db \(source.path)/a && cp \(source.path)/baton.db-wal \(source.path)/b"
                )
                #expect(copies == 0)
            }
            database = try readFile(source.path + "/a")
            log = try readFile(source.path + "/b")
        }

        var frames: Int { (log.count - 32) / Self.frame }

        /// Steps whose commit mark is within the first `count` frames.
        func steps(inFrames count: Int) -> Int {
            // Bytes 4 to 7 of a frame's header: the size of the database after a commit, else 0.
            let commits = (0..<count).count {
                log[(32 + $0 * Self.frame + 4)..<(32 + $0 * Self.frame + 8)].contains { $0 != 0 }
            }
            // The first one is that of the process that takes the database over.
            return Self.before + max(0, commits - 1)
        }

        /// A folder with the database and the first bytes of the log.
        func folder(_ change: (inout [UInt8]) -> Void) throws -> TemporaryFolder {
            var log = log
            change(&log)
            let folder = TemporaryFolder()
            try writeFile(folder.path + "/baton.db", database)
            try writeFile(folder.path + "/baton.db-wal", log)
            return folder
        }
    }

    @Test func `fault 3: a log cut anywhere gives the commits before the cut and no other`() throws {
        let files = try Files()
        #expect(files.steps(inFrames: files.frames) == Files.before + Files.after)
        for frame in 0...files.frames {
            for offset in [0, 1, 24, 2000, Files.frame - 1] where frame < files.frames || offset == 0 {
                let size = 32 + frame * Files.frame + offset
                let folder = try files.folder { $0.removeLast($0.count - size) }
                let steps = files.steps(inFrames: frame)
                // Readers recover the log as the writer does; the writer is slower to close.
                let reader = try SQLiteRunStore.openForReading(folder.path)
                #expect(try holds(reader, steps: steps), "frame \(frame), offset \(offset)")
                reader.close()
                guard offset == 0 || frame % 8 == 0 else { continue }
                try withStore(at: folder.path) { store in
                    try store.verify()
                    #expect(try holds(store, steps: steps), "frame \(frame), offset \(offset)")
                    _ = try store.commit(.step(steps))
                }
                try withStore(at: folder.path) { store in
                    let isWhole = try holds(store, steps: steps + 1)
                    #expect(isWhole, "frame \(frame), offset \(offset), once more")
                }
            }
        }
    }

    @Test func `fault 3: a log cut within its own header is an empty one`() throws {
        let files = try Files()
        for size in [0, 1, 31] {
            let folder = try files.folder { $0.removeLast($0.count - size) }
            try withStore(at: folder.path) { store in
                try store.verify()
                #expect(try holds(store, steps: Files.before))
            }
        }
    }

    @Test func `fault 3: a torn sector ends the log where it is`() throws {
        let files = try Files()
        for frame in 0..<files.frames {
            // Another sector of each frame; one that reaches into the next frame is none of the last.
            let offset = min(frame * 512 % Files.frame, Files.frame - 1024)
            let folder = try files.folder { log in
                let start = (32 + frame * Files.frame + offset + 511) / 512 * 512
                for index in start..<start + 512 { log[index] = 0xa5 }
            }
            try withStore(at: folder.path) { store in
                try store.verify()
                #expect(try holds(store, steps: files.steps(inFrames: frame)), "frame \(frame)")
            }
        }
    }
}

/// All bytes of a file.
func readFile(_ path: String) throws -> [UInt8] {
    guard let file = fopen(path, "r") else { throw StoreError(.missing, path) }
    defer { fclose(file) }
    fseek(file, 0, SEEK_END)
    var bytes = [UInt8](repeating: 0, count: ftell(file))
    rewind(file)
    #expect(fread(&bytes, 1, bytes.count, file) == bytes.count)
    return bytes
}

/// Makes or replaces a file.
func writeFile(_ path: String, _ bytes: [UInt8]) throws {
    guard let file = fopen(path, "w") else { throw StoreError(.failed, path) }
    defer { fclose(file) }
    #expect(fwrite(bytes, 1, bytes.count, file) == bytes.count)
}
