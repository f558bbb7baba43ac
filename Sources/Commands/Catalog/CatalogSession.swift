// Baton
// SPDX-License-Identifier: Apache-2.0

import Catalog
import Definition
import Engine
import JSON
import Model
import Store
import StoreSQLite

/// The definitions of a data folder. Belongs to the command's thread.
struct CatalogSession {
    /// Whose definitions the command line works on.
    static let owner = "local"

    let catalog: DefinitionCatalog
    let store: any CatalogStore
    let blobs: any BlobStore
    /// Runs of the folder; `nil` when nothing was ever stored there.
    let runs: (any RunStore)?
    private let close: () -> Void

    /// Opens the folder for reading, which works while another process drives runs.
    static func reading<Value>(
        _ context: CommandContext,
        _ compiler: Compiler,
        _ body: (CatalogSession) throws(CommandFailure) -> Value
    ) throws(CommandFailure) -> Value {
        let runs = try optional { () throws(StoreError) in try SQLiteRunStore.openForReading(context.dataFolder) }
        let blobs = try optional { () throws(StoreError) in try SQLiteBlobStore.openForReading(context.dataFolder) }
        let session = CatalogSession(runs, runs ?? MemoryCatalogStore(), blobs ?? MemoryBlobStore(), compiler) {
            blobs?.close()
            runs?.close()
        }
        defer { session.close() }
        return try body(session)
    }

    /// Locks the folder and opens it for writing.
    static func writing<Value>(
        _ context: CommandContext,
        _ body: (CatalogSession, SQLiteBlobStore) throws(CommandFailure) -> Value
    ) throws(CommandFailure) -> Value {
        let settings = try SettingsReader.read(context)
        let compiler = try Toolbox(settings, context).makeCompiler(for: .check)
        return try FolderStore.writing(context, settings) { folder, runs throws(CommandFailure) in
            let blobs = try storeCall { () throws(StoreError) in
                try SQLiteBlobStore(in: folder, durability: settings.durability)
            }
            defer { blobs.close() }
            return try body(CatalogSession(runs, runs, blobs, compiler) {}, blobs)
        }
    }

    private init(
        _ runs: (any RunStore)?,
        _ store: any CatalogStore,
        _ blobs: any BlobStore,
        _ compiler: Compiler,
        _ close: @escaping () -> Void
    ) {
        self.runs = runs
        self.store = store
        self.blobs = blobs
        self.close = close
        catalog = DefinitionCatalog(store: store, blobs: blobs, compiler: compiler, now: { SystemClock().wall() })
    }

    /// Who owns what the name stands for: the local owner, or the one whose definitions are shared.
    func owner(of name: String) throws(CatalogError) -> String {
        try catalog.version(VersionReference("\(name)@1"), owner: Self.owner).owner
    }

    /// What is not there is nothing; every other failure is one.
    private static func optional<Value>(_ body: () throws(StoreError) -> Value) throws(CommandFailure) -> Value? {
        do throws(StoreError) {
            return try body()
        } catch {
            guard error.code == .missing else { throw CommandFailure(error) }
            return nil
        }
    }
}

extension CommandContext {
    /// Who acts on the catalogue, and why.
    func catalogActor(reason: String? = nil) -> CatalogActor {
        CatalogActor(owner: CatalogSession.owner, name: actor, reason: reason)
    }

    /// A compiler for documents that are looked at or published, not run at once.
    func makeCompiler() throws(CommandFailure) -> Compiler {
        try Toolbox(try SettingsReader.read(self), self).makeCompiler(for: .check)
    }
}

/// Calls a store from a command, where `reading` names something else.
func storeCall<Value>(_ body: () throws(StoreError) -> Value) throws(CommandFailure) -> Value {
    try reading(body)
}

/// Calls the catalogue from a command; what is wrong with a document is shown on the way.
func catalogCall<Value>(
    _ context: CommandContext,
    fileName: String = "document",
    _ body: () throws(CatalogError) -> Value
) throws(CommandFailure) -> Value {
    do throws(CatalogError) {
        return try body()
    } catch {
        var failure = CommandFailure(error)
        if context.console.settings.format == .table {
            for diagnostic in error.diagnostics where diagnostic.severity == .error {
                context.console.complain(diagnostic.text(fileName: fileName))
            }
        } else if !error.diagnostics.isEmpty {
            failure.details = .array(error.diagnostics.map(\.json))
        }
        throw failure
    }
}
