// Baton
// SPDX-License-Identifier: Apache-2.0

internal import JSON
public import Model
internal import Store

/// What a backup holds: `manifest.json` in its folder.
public struct BackupManifest: Sendable, Equatable {
    /// A file of the backup.
    public struct File: Sendable, Equatable {
        /// Its path in the backup.
        public var path: String
        /// Its bytes.
        public var size: Int64
        /// SHA-256 of its bytes, 64 hexadecimal digits.
        public var hash: String

        /// Puts an entry together.
        public init(path: String, size: Int64, hash: String) {
            self.path = path
            self.size = size
            self.hash = hash
        }
    }
    /// The version of the program that made it.
    public var program: String
    /// When it was made.
    public var createdAt: Timestamp
    /// The folder it was made of.
    public var source: String
    /// The format of `baton.db`.
    public var databaseFormat: Int64
    /// The number of the last event in it.
    public var lastSequence: Int64
    /// Databases and settings.
    public var files: [File]
    /// Files of large blobs. Their names are their hashes, so they are only counted.
    public var blobFiles: Int
    /// Bytes of these files.
    public var blobFileBytes: Int64

    /// The form of backups this program makes, and the newest it reads.
    static let format: Int64 = 1
    static let fileName = "manifest.json"

    /// Bytes of everything in the backup.
    public var bytes: Int64 { files.reduce(blobFileBytes) { $0 + $1.size } }
}

extension BackupManifest {
    /// The file's text.
    var text: String {
        let json: JSONValue = [
            "format": .int(Self.format), "program": .string(program), "created_at": .string(createdAt.description),
            "source": .string(source), "database_format": .int(databaseFormat), "last_sequence": .int(lastSequence),
            "files": .array(
                files.map { ["path": .string($0.path), "size": .int($0.size), "sha256": .string($0.hash)] }
            ),
            "blob_files": .int(Int64(blobFiles)), "blob_file_bytes": .int(blobFileBytes),
        ]
        return json.prettyText + "\n"
    }

    /// Reads a file's text.
    ///
    /// - Throws: `newer` for a form of a later program, `corrupted` for anything else that is not ours.
    init(text bytes: [UInt8], path: String) throws(StoreError) {
        let json = try? JSONValue(parsing: bytes)
        if let format = json?["format"]?.intValue, format > Self.format {
            throw StoreError(
                .newer,
                "\(path) has form \(format); this program knows form \(Self.format). Use the newer program that made it."
            )
        }
        let files = json?["files"]?.arrayValue?.map { item -> File? in
            guard let path = item["path"]?.stringValue, let size = item["size"]?.intValue,
                let hash = item["sha256"]?.stringValue
            else { return nil }
            return File(path: path, size: size, hash: hash)
        }
        guard let json, let files, !files.contains(nil), json["format"]?.intValue != nil,
            let program = json["program"]?.stringValue,
            let createdAt = json["created_at"]?.stringValue.flatMap(Timestamp.init(rfc3339:)),
            let source = json["source"]?.stringValue, let databaseFormat = json["database_format"]?.intValue,
            let lastSequence = json["last_sequence"]?.intValue, let blobFiles = json["blob_files"]?.intValue,
            let blobFileBytes = json["blob_file_bytes"]?.intValue
        else { throw StoreError(.corrupted, "\(path) is not the manifest of a backup, or it is damaged.") }
        self.init(
            program: program,
            createdAt: createdAt,
            source: source,
            databaseFormat: databaseFormat,
            lastSequence: lastSequence,
            files: files.compactMap(\.self),
            blobFiles: Int(blobFiles),
            blobFileBytes: blobFileBytes
        )
    }
}
