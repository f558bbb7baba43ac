// Baton
// SPDX-License-Identifier: Apache-2.0

import Hashing
public import Store

extension FolderBackup {
    /// What verifying a backup came to.
    public struct Verdict: Sendable, Equatable {
        /// What the backup says it holds.
        public var manifest: BackupManifest
        /// What is in it; problems with its files come first.
        public var report: AuditReport
    }

    /// Reads everything in a backup: files against the manifest, the structure of the databases, the checksums of every
    /// log, every blob against its hash, and that every blob is there that something names. Nothing is written.
    ///
    /// - Throws: `missing` when there is no backup, `corrupted` when its manifest cannot be read, `newer`, `failed`. What
    ///   is wrong with its contents is in the verdict.
    public func verify() throws(StoreError) -> Verdict {
        let manifest = try manifest()
        var problems = AuditReport()
        for file in manifest.files {
            if let problem = try Self.compare(file, "\(path)/\(file.path)") { problems.add(problem) }
        }
        let blobFiles = try count()
        if blobFiles < manifest.blobFiles {
            problems.add(
                "\(manifest.blobFiles - blobFiles) of \(manifest.blobFiles) files below \(path)/blobs are gone."
            )
        }
        do throws(StoreError) {
            var report = try audit(manifest, problems: &problems)
            report.add(first: problems)
            return Verdict(manifest: manifest, report: report)
        } catch {
            // A database so damaged that it does not open: there is nothing more to look at.
            guard error.code == .corrupted || error.code == .missing else { throw error }
            problems.add(error.message)
            return Verdict(manifest: manifest, report: problems)
        }
    }

    func manifest() throws(StoreError) -> BackupManifest {
        let file = "\(path)/\(BackupManifest.fileName)"
        guard let bytes = try FileTree.bytes(file) else {
            throw StoreError(.missing, "There is no backup at \(path): it has no \(BackupManifest.fileName).")
        }
        let manifest = try BackupManifest(text: bytes, path: file)
        // Names become paths, so nothing but those that a backup has may pass.
        let known = [SQLiteRunStore.fileName, SQLiteBlobStore.fileName, Self.settings]
        guard manifest.files.allSatisfy({ known.contains($0.path) }) else {
            throw StoreError(.corrupted, "\(file) names files that no backup has.")
        }
        return manifest
    }

    private static func compare(_ file: BackupManifest.File, _ path: String) throws(StoreError) -> String? {
        guard FileTree.exists(path) else { return "\(path) is missing." }
        let (digest, size) = try FileTree.hash(path)
        guard size == file.size, SHA256.hexadecimal(digest) == file.hash else {
            return "\(path) is not the file that the backup was made with."
        }
        return nil
    }

    private func count() throws(StoreError) -> Int {
        var count = 0
        for inner in try FileTree.names(in: "\(path)/\(Self.blobFolder)") {
            count += try FileTree.names(in: "\(path)/\(Self.blobFolder)/\(inner)").count
        }
        return count
    }

    private func audit(_ manifest: BackupManifest, problems: inout AuditReport) throws(StoreError) -> AuditReport {
        let runs = try SQLiteRunStore.openFrozen(path)
        defer { runs.close() }
        for problem in try runs.structureProblems() { problems.add(problem) }
        // A folder in which a process died before it made them has none.
        guard FileTree.exists("\(path)/\(SQLiteBlobStore.fileName)") else {
            return try StoreAudit(runs: runs, catalog: runs, blobs: MemoryBlobStore(), at: manifest.createdAt).run()
        }
        let blobs = try SQLiteBlobStore.openFrozen(path)
        defer { blobs.close() }
        for problem in try blobs.structureProblems() { problems.add(problem) }
        return try StoreAudit(runs: runs, catalog: runs, blobs: blobs, at: manifest.createdAt).run()
    }
}

extension AuditReport {
    /// Puts the problems of another report before its own.
    fileprivate mutating func add(first other: AuditReport) {
        problems = Array((other.problems + problems).prefix(Self.problemLimit))
        problemCount += other.problemCount
    }
}
