// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Store
import StoreSQLite

/// The store of a data folder, for as long as a command needs it. Belongs to the command's thread.
enum FolderStore {
    /// Opens the folder for reading, which works while another process drives runs; `nil` when nothing was ever stored
    /// there.
    static func reading<Value>(
        _ context: CommandContext,
        _ body: (SQLiteRunStore?) throws(CommandFailure) -> Value
    ) throws(CommandFailure) -> Value {
        let store: SQLiteRunStore
        do throws(StoreError) {
            store = try SQLiteRunStore.openForReading(context.dataFolder)
        } catch {
            guard error.code == .missing else { throw CommandFailure(error) }
            return try body(nil)
        }
        defer { store.close() }
        return try body(store)
    }

    /// Locks the folder and opens it for writing.
    static func writing<Value>(
        _ context: CommandContext,
        _ settings: Settings,
        _ body: (DataFolder, SQLiteRunStore) throws(CommandFailure) -> Value
    ) throws(CommandFailure) -> Value {
        // What is made here is for its owner alone.
        let mask = umask(0o077)
        defer { umask(mask) }
        let folder = try storeCall { () throws(StoreError) in
            try DataFolder(locking: context.dataFolder, command: context.commandLine)
        }
        defer { folder.unlock() }
        var options = SQLiteRunStore.Options()
        options.durability = settings.durability
        let store = try storeCall { () throws(StoreError) in try SQLiteRunStore(in: folder, options) }
        defer { store.close() }
        return try body(folder, store)
    }
}
