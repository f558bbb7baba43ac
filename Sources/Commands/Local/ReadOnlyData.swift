// Baton
// SPDX-License-Identifier: Apache-2.0

import Engine
import Model
import Store
import StoreSQLite

/// The runs of a data folder, for reading; works while another process drives runs.
struct ReadOnlyData {
    let store: any RunStore
    let reader: RunReader
    private let blobs: any BlobStore

    /// `nil` when nothing was ever stored there.
    init?(folder: String) throws(CommandFailure) {
        do throws(StoreError) {
            store = try SQLiteRunStore.openForReading(folder)
        } catch {
            guard error.code == .missing else { throw CommandFailure(error) }
            return nil
        }
        do throws(StoreError) {
            blobs = try SQLiteBlobStore.openForReading(folder)
        } catch {
            guard error.code == .missing else { throw CommandFailure(error) }
            blobs = NoBlobs()
        }
        reader = RunReader(store: store, blobs: blobs)
    }

    /// Text of a blob.
    func text(of blob: BlobRef) throws(CommandFailure) -> String {
        String(decoding: try reading { () throws(StoreError) in try blobs.get(blob) }, as: UTF8.self)
    }
}

/// The blobs of a folder that has none yet.
private struct NoBlobs: BlobStore {
    func put(_ bytes: [UInt8]) throws(StoreError) -> BlobRef {
        throw StoreError(.failed, "the data folder was opened for reading")
    }

    func get(_ blob: BlobRef) throws(StoreError) -> [UInt8] {
        throw StoreError(.missing, "there is no blob \(blob.hash)")
    }
}

/// Calls a store from a command.
func reading<Value>(_ body: () throws(StoreError) -> Value) throws(CommandFailure) -> Value {
    do throws(StoreError) {
        return try body()
    } catch {
        throw CommandFailure(error)
    }
}

/// Calls the engine or its reader from a command.
func engineCall<Value>(_ body: () throws(EngineError) -> Value) throws(CommandFailure) -> Value {
    do throws(EngineError) {
        return try body()
    } catch {
        throw CommandFailure(error)
    }
}
