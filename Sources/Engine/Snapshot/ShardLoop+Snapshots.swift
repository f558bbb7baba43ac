// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Model
internal import Store

/// Snapshots go with the commit of the last event they have taken in. Large ones and parts are blobs, put before it.
extension ShardLoop {
    /// Adds the state of a run to the commit, if it is time.
    func collectSnapshot(_ run: OpenRun, _ batch: inout Batch) {
        let state = run.state
        let isWaiting = state.status == .waiting && run.machine.events.contains { $0.body.type == .runWaiting }
        guard run.snapshots.isDue(tasks: state.root.tasks.count, isWaiting: isWaiting) else { return }
        let encoded = SnapshotEncoder.encode(state)
        guard run.snapshots.isWorth(encoded.size) else { return }
        for (blob, bytes) in encoded.parts where run.storedParts.insert(blob).inserted { batch.blobs.append(bytes) }
        batch.commit.snapshots.append(
            SnapshotRow(
                runKey: run.key,
                sequence: state.ownSequence,
                content: content(encoded.bytes, &batch),
                takenAt: batch.now
            )
        )
        let known = { (try? store.snapshotSequences(ofRun: run.key)) ?? [] }
        for sequence in run.snapshots.add(state.ownSequence, known: known) {
            let stale = StaleSnapshots(runKey: run.key, after: sequence - 1, before: sequence + 1)
            batch.commit.staleSnapshots.append(stale)
        }
    }

    private func content(_ json: [UInt8], _ batch: inout Batch) -> SnapshotRow.Content {
        let bytes = SnapshotForm.kept(json)
        guard bytes.count > SnapshotRow.inlineLimit else { return .inline(bytes) }
        batch.blobs.append(bytes)
        return .blob(BlobRef(ofBytes: bytes))
    }
}
