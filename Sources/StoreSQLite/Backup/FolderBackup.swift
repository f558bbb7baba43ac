// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Hashing
import Model
public import Store

/// A backup of a data folder: a folder with copies of its databases, its blobs and its settings, and a manifest.
///
/// It is made while another process works in the data folder, which is not slowed down but by the disk. The folders of
/// runs (`workspaces`) are not in it.
public struct FolderBackup: Sendable {
    /// The backup's folder; an absolute path.
    public let path: String

    /// Names a backup, whether or not it is there.
    public init(at path: String) {
        self.path = path
    }

    /// Copies a data folder.
    ///
    /// First the database and then the blobs: a blob is durable before the event that names it, so every blob that the
    /// copy of the database names is in the copy of the blobs. Large blobs never change, so on one file system they get
    /// a second name instead of being copied. What is made appears under its name only when it is whole and flushed.
    /// - Parameter program: The version of the program, for the manifest.
    /// - Throws: `missing` when the data folder has no database, `conflict` when something is at the backup's path,
    ///   `full` or `failed`. Nothing is left behind then.
    public func create(of folder: String, program: String) throws(StoreError) -> BackupManifest {
        try Self.checkEmpty(path)
        let reader = try SQLiteRunStore.openForReading(folder)
        defer { reader.close() }
        return try Self.build(path, suffix: "part") { part throws(StoreError) in
            var names: [String] = []
            var blobs = (count: 0, bytes: 0 as Int64)
            try BackupLock.copying(folder) { () throws(StoreError) in
                for name in [SQLiteRunStore.fileName, SQLiteBlobStore.fileName] {
                    // A process may have died before it made the second one.
                    guard FileTree.exists("\(folder)/\(name)") else { continue }
                    try Self.copyDatabase("\(folder)/\(name)", to: "\(part)/\(name)")
                    CrashPoint.insideBackup.reach()
                    names.append(name)
                }
                blobs = try Self.copyBlobs(of: folder, to: part) { source, target throws(StoreError) in
                    try FileTree.link(source, to: target)
                }
            }
            if FileTree.exists("\(folder)/\(Self.settings)") {
                names.append(Self.settings)
                try FileTree.copy("\(folder)/\(Self.settings)", to: "\(part)/\(Self.settings)")
            }
            let manifest = try Self.manifest(of: part, names, blobs, source: folder, program: program)
            try FileTree.write(manifest.text, to: "\(part)/\(BackupManifest.fileName)")
            return manifest
        }
    }

    static let settings = "config.yaml"
    static let blobFolder = "blobs"

    /// Fills a folder beside `path` and gives it that name when it is whole.
    static func build<Value>(
        _ path: String,
        suffix: String,
        _ fill: (String) throws(StoreError) -> Value
    ) throws(StoreError) -> Value {
        let part = "\(path).\(suffix)"
        // What a process that was killed left.
        try FileTree.remove(part)
        try makeFolder(part)
        do throws(StoreError) {
            let value = try fill(part)
            try FileTree.flush(part)
            CrashPoint.beforeBackupRename.reach()
            guard rename(part, path) == 0 else {
                throw errno == ENOTEMPTY || errno == EEXIST ? .notEmpty(path) : .system("rename", path, errno)
            }
            try FileTree.flush(parent(of: path))
            return value
        } catch {
            // The first failure tells more than one of tidying up.
            try? FileTree.remove(part)
            throw error
        }
    }

    /// Refuses a path at which anything but an empty folder is.
    static func checkEmpty(_ path: String) throws(StoreError) {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            guard errno == ENOENT || errno == ENOTDIR else { throw .system("open", path, errno) }
            return
        }
        guard status.st_mode & S_IFMT == S_IFDIR, try FileTree.names(in: path).isEmpty else { throw .notEmpty(path) }
    }

    private static func parent(of path: String) -> String {
        let parent = path[..<(path.lastIndex(of: "/") ?? path.startIndex)]
        return parent.isEmpty ? "/" : String(parent)
    }

    /// A snapshot of a database while another process writes it, without room that is free.
    private static func copyDatabase(_ source: String, to target: String) throws(StoreError) {
        let connection = try Connection.open(source, .copy)
        try connection.copy(into: target)
        // SQLite leaves this to whoever wants it.
        guard chmod(target, 0o600) == 0 else { throw .system("chmod", target, errno) }
        try FileTree.flush(target)
    }

    /// Copies the files of large blobs from one folder to another.
    static func copyBlobs(
        of folder: String,
        to part: String,
        _ copy: (String, String) throws(StoreError) -> Void
    ) throws(StoreError) -> (count: Int, bytes: Int64) {
        try makeFolder("\(part)/\(blobFolder)")
        var (count, bytes) = (0, 0 as Int64)
        let files = BlobFiles(reading: "\(folder)/\(blobFolder)")
        var made: Set<Substring> = []
        var last = ""
        while true {
            let page = try files.blobs(after: last, limit: 1000)
            for stored in page {
                let inner = stored.blob.hash.prefix(2)
                let target = "\(part)/\(blobFolder)/\(inner)"
                if made.insert(inner).inserted { try makeFolder(target) }
                try copy(files.path(of: stored.blob), "\(target)/\(stored.blob.hash.dropFirst(2))")
                count += 1
                bytes += Int64(stored.blob.size)
            }
            guard let next = page.last?.blob.hash else { break }
            last = next
        }
        for inner in made { try FileTree.flush("\(part)/\(blobFolder)/\(inner)") }
        try FileTree.flush("\(part)/\(blobFolder)")
        return (count, bytes)
    }

    private static func manifest(
        of part: String,
        _ names: [String],
        _ blobs: (count: Int, bytes: Int64),
        source: String,
        program: String
    ) throws(StoreError) -> BackupManifest {
        let copy = try SQLiteRunStore.openFrozen(part)
        defer { copy.close() }
        var files: [BackupManifest.File] = []
        for name in names {
            let (digest, size) = try FileTree.hash("\(part)/\(name)")
            files.append(.init(path: name, size: size, hash: SHA256.hexadecimal(digest)))
        }
        return BackupManifest(
            program: program,
            createdAt: wallTime(),
            source: source,
            databaseFormat: try copy.format(),
            lastSequence: try copy.lastSequence(),
            files: files,
            blobFiles: blobs.count,
            blobFileBytes: blobs.bytes
        )
    }
}

extension StoreError {
    static func notEmpty(_ path: String) -> Self {
        Self(.conflict, "There is something at \(path) already. Choose a path where nothing is.")
    }
}
