// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Store
import Synchronization

/// Reads packed records from the blobs of a data folder, which are opened when the first are asked for.
final class ArchiveReader: Sendable {
    private struct State: Sendable {
        var blobs: SQLiteBlobStore?
        /// The segments read last, the newest at the end: pages of one log follow on each other.
        var segments: [(hash: String, segment: ArchiveSegment)] = []
        var isClosed = false
    }

    private let folder: String
    private let isFrozen: Bool
    private let state = Mutex(State())
    private static let kept = 2

    /// - Parameter isFrozen: Nobody writes in the folder, and nothing may be written there.
    init(folder: String, isFrozen: Bool) {
        self.folder = folder
        self.isFrozen = isFrozen
    }

    /// The records of a segment, checked.
    ///
    /// - Throws: `missing` or `corrupted` when the blob is not there or not what was packed.
    func segment(_ place: PackedSegment) throws(StoreError) -> ArchiveSegment {
        if let known = state.withLock({ $0.segments.first { $0.hash == place.blob.hash }?.segment }) { return known }
        let bytes = try blobs().get(place.blob)
        let segment = try ArchiveSegment(
            packed: bytes,
            runKey: place.runKey,
            from: place.firstSequence,
            to: place.end
        )
        state.withLock { state in
            state.segments.append((place.blob.hash, segment))
            if state.segments.count > Self.kept { state.segments.removeFirst() }
        }
        return segment
    }

    private func blobs() throws(StoreError) -> SQLiteBlobStore {
        try state.withLock { (state) throws(StoreError) in
            if let blobs = state.blobs { return blobs }
            guard !state.isClosed else { throw .closed }
            let blobs =
                isFrozen ? try SQLiteBlobStore.openFrozen(folder) : try SQLiteBlobStore.openForReading(folder)
            state.blobs = blobs
            return blobs
        }
    }

    func close() {
        state.withLock { state in
            state.blobs?.close()
            state = State(isClosed: true)
        }
    }
}
