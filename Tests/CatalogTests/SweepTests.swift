// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import Hashing
import JSON
import Model
import Store
import StoreSQLite
import TestSupport
import Testing

@testable import Catalog

@Suite struct SweepTests {
    @Test func `hashes are found wherever they stand`() {
        let hash = SHA256.hex([1])
        let cases: [(String, Bool)] = [
            ("\(hash)", true), ("{\"blob\":{\"hash\":\"\(hash)\",\"size\":1}}", true), ("sha256:\(hash) ", true),
            ("[\(hash)", true), ("0\(hash)", false), ("\(hash)0", false), (String(hash.dropLast()), false), ("", false),
        ]
        for (text, isMarked) in cases {
            var marks = BlobMarks()
            marks.insertHashes(in: Array(text.utf8))
            #expect(marks.contains(hash) == isMarked, "\(text)")
        }
        #expect(BlobMarks().contains("no hash"), "what is no hash is not ours to remove")
    }

    @Test func `what nothing names goes after its grace, and not before`() throws {
        let shelf = Shelf()
        let sweep = BlobSweep(runs: shelf.runs, catalog: shelf.store, blobs: shelf.blobs, pageSize: 2)
        try shelf.publish(workflow("a"))
        let orphans = (0..<5).map { shelf.blobs.put([UInt8($0)]) }
        let start = shelf.now
        #expect(try sweep.run(lastPutBefore: Timestamp(milliseconds: start.milliseconds - 60_000)).removed == 0)
        shelf.wait(.seconds(25 * 3600))
        let renewed = shelf.blobs.put([0])
        let cutoff = shelf.now + .seconds(-24 * 3600)
        var expected = BlobSweep.Report()
        (expected.examined, expected.referenced, expected.young) = (8, 3, 1)
        (expected.removed, expected.removedBytes) = (4, 4)
        #expect(try sweep.run(lastPutBefore: cutoff, isTrial: true) == expected)
        #expect(try shelf.blobs.get(orphans[1]) == [1], "a trial removes nothing")
        #expect(try sweep.run(lastPutBefore: cutoff) == expected)
        #expect(try shelf.blobs.get(renewed) == [0])
        #expect(throws: StoreError.self) { try shelf.blobs.get(orphans[1]) }
        #expect(try shelf.document("a")["workflow"] == "a")
        #expect(try sweep.run(lastPutBefore: cutoff).removed == 0, "there is nothing left")
    }

    @Test func `what a list of blobs names is kept, and a list that is lost stops the sweep`() throws {
        let shelf = Shelf()
        let inner = shelf.blobs.put([1, 2, 3])
        let list = shelf.blobs.put(Array(#"{"parts":["sha256:\#(inner.hash)"]}"#.utf8))
        var change = CatalogChange()
        change.artifacts = [
            ArtifactRow(
                id: ArtifactID(high: 1, low: 1),
                kind: .runSnapshot,
                owner: "local",
                name: "s",
                hash: "sha256:\(list.hash)",
                blob: list,
                mediaType: "m",
                creator: "u",
                createdAt: shelf.now
            )
        ]
        try shelf.store.apply(change)
        let sweep = BlobSweep(runs: shelf.runs, catalog: shelf.store, blobs: shelf.blobs)
        let future = Timestamp(milliseconds: .max)
        #expect(try sweep.run(lastPutBefore: future).removed == 0)
        _ = shelf.blobs.remove([list], lastPutBefore: future)
        #expect(throws: StoreError.self) { try sweep.run(lastPutBefore: future) }
        #expect(try shelf.blobs.get(inner) == [1, 2, 3])
    }

    @Test func `snapshots, signals, answers and the cache keep what they name`() throws {
        let shelf = Shelf()
        let leaf = (1...5).map { shelf.blobs.put([UInt8($0)]) }
        func name(_ blob: BlobRef, _ key: String = "blob") -> [UInt8] {
            Array(#"{"x":[{"\#(key)":{"hash":"\#(blob.hash)","size":\#(blob.size)}}]}"#.utf8)
        }
        // A state whose part names a value and a further part.
        let inner = shelf.blobs.put(name(leaf[0]))
        let list = [[UInt8(ascii: "[")], name(leaf[1]), [UInt8(ascii: ",")], name(inner, "part"), [UInt8(ascii: "]")]]
        let part = shelf.blobs.put(Array(list.joined()))
        let state = shelf.blobs.put(name(part, "part"))
        let orphan = shelf.blobs.put([9])
        var commit = Commit()
        let time = Timestamp(milliseconds: 1)
        commit.snapshots = [
            SnapshotRow(runKey: 1, sequence: 1, content: .blob(state), takenAt: time),
            SnapshotRow(runKey: 1, sequence: 2, content: .inline(name(leaf[2])), takenAt: time),
            SnapshotRow(
                runKey: 1,
                sequence: 3,
                content: .blob(BlobRef(hash: String(repeating: "0", count: 64), size: 1)),
                takenAt: time
            ),
        ]
        commit.signals = [
            SignalRow(key: .init(target: "t", dedupeKey: "d"), type: "t", payload: name(leaf[3]), arrivedAt: time)
        ]
        commit.cache = [
            CacheRow(
                key: .init(scope: "s", hash: "h"),
                workflow: "w",
                node: "n",
                run: RunID(high: 1, low: 1),
                task: 0,
                output: name(leaf[4]),
                size: 1,
                duration: .zero,
                cost: .zero,
                createdAt: time,
                expiresAt: time
            )
        ]
        _ = try shelf.runs.commit(commit)
        let sweep = BlobSweep(runs: shelf.runs, catalog: shelf.store, blobs: shelf.blobs)
        #expect(try sweep.run(lastPutBefore: Timestamp(milliseconds: .max)).removed == 1)
        #expect(throws: StoreError.self) { try shelf.blobs.get(orphan) }
        for blob in leaf + [inner, part, state] { _ = try shelf.blobs.get(blob) }

        // Without its snapshots a run keeps only what its log names.
        commit = Commit()
        commit.staleSnapshots = [StaleSnapshots(runKey: 1, before: .max)]
        _ = try shelf.runs.commit(commit)
        #expect(try sweep.run(lastPutBefore: Timestamp(milliseconds: .max)).removed == 6)
    }

    /// What may be asked of a catalogue, in any order, on both kinds of stores.
    @Test(arguments: [false, true])
    func `whatever happens, nothing that something names is ever removed`(isOnDisk: Bool) throws {
        let temporary = TemporaryFolder()
        let folder = try DataFolder(locking: temporary.path, command: "test")
        for seed in 1...(isOnDisk ? 1 : 6) as ClosedRange<UInt64> {
            let shelf = Shelf()
            if isOnDisk {
                let runs = try SQLiteRunStore(in: folder)
                let blobs = try SQLiteBlobStore(in: folder) { shelf.now }
                defer {
                    blobs.close()
                    runs.close()
                }
                var story = Story(seed, shelf, runs, runs, blobs)
                try story.play()
            } else {
                var story = Story(seed, shelf, shelf.runs, shelf.store, shelf.blobs)
                try story.play()
            }
        }
        folder.unlock()
    }
}

/// A random sequence of everything that makes, names and removes blobs.
private struct Story {
    private var random: SplitMix
    private let shelf: Shelf
    private let runs: any RunStore
    private let blobs: any SweepableBlobStore
    private let catalog: DefinitionCatalog
    private let sweep: BlobSweep
    /// Payloads that events name, by run.
    private var payloads: [BlobRef] = []
    /// What nothing names and must be gone in the end.
    private var orphans: [BlobRef] = []
    private var runKey: Int64

    init(
        _ seed: UInt64,
        _ shelf: Shelf,
        _ runs: any RunStore,
        _ store: any CatalogStore,
        _ blobs: any SweepableBlobStore
    ) {
        random = SplitMix(state: seed)
        self.shelf = shelf
        self.runs = runs
        self.blobs = blobs
        catalog = DefinitionCatalog(
            store: store,
            blobs: blobs,
            compiler: Compiler(registry: Registry()),
            now: { shelf.now }
        )
        sweep = BlobSweep(runs: runs, catalog: store, blobs: blobs, pageSize: 3)
        runKey = Int64(seed) * 1000
    }

    mutating func play() throws {
        for _ in 0..<60 { try step() }
        shelf.wait(.seconds(100 * 3600))
        try clean(grace: .seconds(24 * 3600))
        for orphan in orphans { #expect(throws: StoreError.self) { try blobs.get(orphan) } }
    }

    private mutating func step() throws {
        let name = ["a", "b", "c"].randomElement(using: &random) ?? "a"
        let value = Int64.random(in: 0..<40, using: &random)
        let isThere = try catalog.definitions(owner: "local").contains { $0.name == name }
        switch Int.random(in: 0..<11, using: &random) {
        case 0, 1:
            _ = try catalog.publish(Array(workflow(name, value: "\(value)").utf8), fileName: "w.yaml", by: .ann)
        case 2, 3, 4:
            guard isThere else { return }
            let ops: JSONValue = [["op": "replace", "path": "/nodes/@n1/config/set/x", "value": .int(value)]]
            _ = try catalog.patch(name, DefinitionPatch(ops), by: .ann)
        case 5:
            guard isThere else { return }
            let count = try catalog.versions(of: name, owner: "local").count
            let number = Int.random(in: 1...count, using: &random)
            _ = try catalog.setTag("t", to: VersionReference(name: name, .number(number)), by: .ann)
            if Bool.random(using: &random) { _ = try? catalog.undo("t", of: name, by: .ann) }
        case 6:
            guard isThere else { return }
            _ = try catalog.compact(catalog.version(VersionReference(name: name), owner: "local"), atDepth: 2, by: .ann)
        case 7: try run(value)
        case 8:
            // A process that died between storing and naming.
            orphans.append(try blobs.put(Array("orphan \(UInt64.random(in: 0...UInt64.max, using: &random))".utf8)))
        case 9: shelf.wait(.seconds(Int64.random(in: 1...20, using: &random) * 3600))
        default: try clean(grace: .seconds(24 * 3600))
        }
    }

    /// A run whose event names a large value; the time between storing and naming is less than the grace.
    private mutating func run(_ value: Int64) throws {
        let blob = try blobs.put(Array("payload \(value)".utf8))
        orphans.removeAll { $0 == blob }
        shelf.wait(.seconds(Int64.random(in: 0...3600 * 10, using: &random)))
        if Bool.random(using: &random) { try clean(grace: .seconds(24 * 3600)) }
        runKey += 1
        var commit = Commit()
        let body =
            #"[{"type":"task.completed","data":{"output":{"blob":{"hash":"\#(blob.hash)","size":\#(blob.size)}}}}]"#
        commit.records = [LogRecord(runKey: runKey, firstSequence: 1, count: 1, at: shelf.now, body: Array(body.utf8))]
        _ = try runs.commit(commit)
        payloads.append(blob)
    }

    /// Sweeps, and then everything that can be asked for must still be there.
    private func clean(grace: Duration) throws {
        _ = try sweep.run(lastPutBefore: Timestamp(milliseconds: shelf.now.milliseconds - grace.milliseconds))
        for payload in payloads { _ = try blobs.get(payload) }
        for definition in try catalog.definitions(owner: "local") {
            for version in try catalog.versions(of: definition.name, owner: "local") {
                _ = try catalog.document(of: version)
                if let graph = version.graph { _ = try blobs.get(graph) }
                _ = try catalog.source(of: version)
            }
            _ = try catalog.export([definition.name], owner: "local")
        }
    }
}
