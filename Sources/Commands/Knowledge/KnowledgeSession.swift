// Baton
// SPDX-License-Identifier: Apache-2.0

import Engine
import Glibc
import Knowledge
import Model
import Store
import StoreSQLite

/// The documents of a data folder. Belongs to the command's thread.
enum KnowledgeSession {
    /// What the command line sees: whoever can read the folder may do everything in it.
    static let visibility = Visibility.everything(of: Ownership.defaultTenant)

    /// Opens the folder for reading, which works while another process drives runs.
    static func reading<Value>(
        _ context: CommandContext,
        _ body: (Library) throws(CommandFailure) -> Value
    ) throws(CommandFailure) -> Value {
        try FolderStore.reading(context) { store throws(CommandFailure) in
            try body(library(store ?? MemoryKnowledgeStore()))
        }
    }

    /// Locks the folder and opens it for writing.
    static func writing<Value>(
        _ context: CommandContext,
        _ body: (Library) throws(CommandFailure) -> Value
    ) throws(CommandFailure) -> Value {
        try FolderStore.writing(context, try SettingsReader.read(context)) { _, store throws(CommandFailure) in
            try body(library(store))
        }
    }

    private static func library(_ store: any KnowledgeStore) -> Library {
        Library(store: store, now: { SystemClock().wall() })
    }
}

extension CommandFailure {
    init(_ error: LibraryError) {
        if let storage = error.storage, error.code == .storage {
            self.init(storage)
            return
        }
        let exit: ExitCode =
            switch error.code {
            case .notFound: .notFound
            case .conflict: .conflict
            case .invalid: .usage
            case .storage: .unavailable
            }
        self.init(exit, error.code.rawValue, error.message)
    }
}

/// Calls the library from a command.
func libraryCall<Value>(_ body: () throws(LibraryError) -> Value) throws(CommandFailure) -> Value {
    do throws(LibraryError) {
        return try body()
    } catch {
        throw CommandFailure(error)
    }
}
