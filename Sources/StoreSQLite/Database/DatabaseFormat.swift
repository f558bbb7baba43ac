// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
public import Store

/// The format of a database of a data folder, and that of this program.
public struct DatabaseFormat: Sendable, Equatable {
    /// The file's name, for example `baton.db`.
    public var file: String
    /// The format of the file; `nil` when it is not there yet.
    public var found: Int64?
    /// The newest format this program knows.
    public var newest: Int64

    /// Nothing has to be done before this program can write the file.
    public var isCurrent: Bool { (found ?? newest) == newest }

    /// Looks at the databases of a folder without changing anything; works while another process has them open.
    ///
    /// - Throws: `corrupted` for a file that is no database of ours, or `failed`. A newer format is an answer, no error.
    public static func all(in folder: String) throws(StoreError) -> [DatabaseFormat] {
        var formats: [DatabaseFormat] = []
        for (file, schema) in [
            (SQLiteRunStore.fileName, RunSchema.schema), (SQLiteBlobStore.fileName, BlobSchema.schema),
        ] {
            let found = try found("\(folder)/\(file)", schema)
            formats.append(DatabaseFormat(file: file, found: found, newest: schema.newest))
        }
        return formats
    }

    private static func found(_ path: String, _ schema: Schema) throws(StoreError) -> Int64? {
        guard FileTree.exists(path) || WALFile(path).isOrphaned else { return nil }
        let connection = try Connection.open(path, .read)
        do throws(StoreError) {
            let version = try schema.check(connection)
            return version == 0 ? nil : version
        } catch {
            guard error.code == .newer else { throw error }
            return try connection.integer("PRAGMA user_version")
        }
    }
}
