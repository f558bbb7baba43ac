// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Model
internal import Store

/// Snapshots go with the commit of the last event they have taken in. Large ones and parts are blobs, put before it.
extension ShardLoop {
    /// Adds the state of a run to the commit, if it is time, and drops what a run that has ended does not need.
    func collectSnapshot(_ run: OpenRun, _ batch: inout Batch) {
        let state = run.state
        let known = { (try? store.snapshotSequences(ofRun: run.key)) ?? [] }
        if state.status.isTerminal {
            return drop(run.snapshots.end(at: state.ownSequence, known: known), of: run, &batch)
        }
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
        drop(run.snapshots.add(state.ownSequence, known: known), of: run, &batch)
    }

    private func drop(_ sequences: [Int64], of run: OpenRun, _ batch: inout Batch) {
        batch.commit.staleSnapshots += sequences.map {
            StaleSnapshots(runKey: run.key, after: $0 - 1, before: $0 + 1)
        }
    }

    private func content(_ json: [UInt8], _ batch: inout Batch) -> SnapshotRow.Content {
        let bytes = SnapshotForm.kept(json)
        guard bytes.count > SnapshotRow.inlineLimit else { return .inline(bytes) }
        batch.blobs.append(bytes)
        return .blob(BlobRef(ofBytes: bytes))
    }
}
