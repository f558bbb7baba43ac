// Baton
// SPDX-License-Identifier: Apache-2.0

import Hashing
import JSON
import Model
import Store

extension DefinitionCatalog {
    /// Takes over the definitions of an archive that ``export(_:owner:)`` made, with their versions, tags and hashes.
    ///
    /// Everything is checked first: the hash of each blob, that each version comes to its hash, and where each tag was.
    /// Then the blobs are stored, and the rows in one transaction; so nothing is stored of an archive that is wrong. Names
    /// that are taken get a number behind them, which changes no content and so no hash.
    /// - Throws: `invalid`, saying what is wrong with the archive.
    public func importArchive(_ bytes: [UInt8], owner: String) throws(CatalogError) -> ImportReport {
        let files = try TarReader.read(bytes)
        let manifest = try Self.manifest(files, owner: owner)
        let content = try Self.verifiedBlobs(manifest, files)
        try verify(manifest, content)
        return try repeating { () throws(CatalogError) in
            var report = ImportReport()
            var rest = manifest
            for definition in manifest.definitions {
                try plan(definition, &rest, &report)
            }
            guard !rest.definitions.isEmpty else { return report }
            let ids = try freeIDs(for: rest.artifacts, &report)
            for blob in rest.blobs {
                guard let bytes = content[blob.hash] else { continue }
                _ = try put(bytes)
            }
            var change = CatalogChange()
            change.definitions = rest.definitions
            change.artifacts = rest.artifacts.map { $0.renumbered(ids) }
            change.moves = rest.moves.map { $0.renumbered(ids) }
            try apply(change)
            return report
        }
    }

    private static func manifest(
        _ files: [String: ArraySlice<UInt8>],
        owner: String
    ) throws(CatalogError) -> ExportManifest {
        guard let bytes = files[ExportManifest.fileName] else {
            throw TarReader.failure("it has no \(ExportManifest.fileName)")
        }
        guard let json = try? JSONValue(parsing: Array(bytes), limits: JSONLimits(maxBytes: TarReader.byteLimit)) else {
            throw TarReader.failure("its \(ExportManifest.fileName) is no JSON")
        }
        let manifest = try ExportManifest(json, owner: owner)
        let expected = Set(manifest.blobs.map(ExportManifest.fileName(of:)) + [ExportManifest.fileName])
        if let stray = Set(files.keys).subtracting(expected).min() {
            throw TarReader.failure("`\(stray)` belongs to nothing in it")
        }
        return manifest
    }

    private static func verifiedBlobs(
        _ manifest: ExportManifest,
        _ files: [String: ArraySlice<UInt8>]
    ) throws(CatalogError) -> [String: [UInt8]] {
        var content: [String: [UInt8]] = [:]
        for blob in manifest.blobs {
            guard let bytes = files[ExportManifest.fileName(of: blob)].map(Array.init) else {
                throw TarReader.failure("blob \(blob.hash) is missing")
            }
            guard bytes.count == blob.size, SHA256.hex(bytes) == blob.hash else {
                throw TarReader.failure("blob \(blob.hash) does not match its hash")
            }
            content[blob.hash] = bytes
        }
        return content
    }

    /// Makes every version in a catalogue in memory, which checks rows, chains and hashes as the real one would.
    private func verify(_ manifest: ExportManifest, _ content: [String: [UInt8]]) throws(CatalogError) {
        let names = Set(manifest.definitions.map(\.name))
        guard names.count == manifest.definitions.count else { throw TarReader.failure("a definition is there twice") }
        let trial = DefinitionCatalog(
            store: MemoryCatalogStore(),
            blobs: Snapshot(content: content),
            compiler: compiler,
            now: now
        )
        try Self.checkLinks(manifest, names)
        do throws(CatalogError) {
            var change = CatalogChange()
            (change.definitions, change.artifacts) = (manifest.definitions, manifest.artifacts)
            change.moves = manifest.moves
            try storage { () throws(StoreError) in try trial.store.apply(change) }
            for row in manifest.artifacts where row.kind == .version || row.kind == .patchSet {
                _ = try trial.document(of: row)
            }
        } catch {
            throw TarReader.failure(error.message)
        }
    }

    /// Rows lead only to rows of the archive, and chains only towards their base.
    private static func checkLinks(_ manifest: ExportManifest, _ names: Set<String>) throws(CatalogError) {
        let rows = Dictionary(manifest.artifacts.map { ($0.id, $0) }) { first, _ in first }
        for row in manifest.artifacts {
            let links = [row.base, row.previous, row.compactedFrom].compactMap(\.self)
            let depth = row.kind == .patchSet ? row.previous.flatMap { rows[$0] }.map { $0.depth + 1 } : 0
            let isVersion = row.kind == .version || row.kind == .patchSet
            let isNamed = isVersion ? (row.number ?? 0) > 0 : row.hash == "sha256:\(row.blob.hash)"
            guard names.contains(row.name), links.allSatisfy({ rows[$0]?.name == row.name }), depth == row.depth,
                isNamed
            else { throw TarReader.failure("artifact \(row.id) does not fit the others") }
        }
        for move in manifest.moves {
            let targets = [move.from, move.to].compactMap(\.self)
            let parts = move.name.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let isKnown = targets.allSatisfy { target in
                rows[target.artifact].map { $0.hash == target.hash && $0.name == parts[0] } ?? false
            }
            guard isKnown, parts.count == 2, (try? VersionReference.selector(parts[1])) == .tag(parts[1]) else {
                throw TarReader.failure("a move of the tag `\(move.name)` leads to nothing in it")
            }
        }
    }

    /// Decides what becomes of one definition: nothing when it is here already, else a free name.
    private func plan(
        _ definition: DefinitionName,
        _ manifest: inout ExportManifest,
        _ report: inout ImportReport
    ) throws(CatalogError) {
        let name = definition.name
        let rows = manifest.artifacts.filter { $0.name == name }
        let known = try self.rows(of: name, owner: definition.owner)
        var entry = ImportReport.Definition(
            name: name,
            importedAs: name,
            versions: Set(rows.compactMap(\.number)).count,
            isKnown: !rows.isEmpty
                && rows.allSatisfy { row in known.contains { $0.id == row.id && $0.hash == row.hash } }
        )
        if entry.isKnown {
            manifest.definitions.removeAll { $0.name == name }
            manifest.artifacts.removeAll { $0.name == name }
            manifest.moves.removeAll { $0.belongs(to: name) }
        } else if !known.isEmpty {
            let taken = Set(try definitions(owner: definition.owner).map(\.name) + manifest.definitions.map(\.name))
            entry.importedAs = Self.freeName(name, taken)
            manifest.rename(name, to: entry.importedAs)
        }
        report.definitions.append(entry)
    }

    private static func freeName(_ name: String, _ taken: Set<String>) -> String {
        var number = 2
        while true {
            let suffix = "-\(number)"
            let candidate = String(name.prefix(200 - suffix.utf8.count)) + suffix
            if !taken.contains(candidate) { return candidate }
            number += 1
        }
    }

    /// New ids for artifacts whose ids are taken.
    private func freeIDs(
        for rows: [ArtifactRow],
        _ report: inout ImportReport
    ) throws(CatalogError) -> [ArtifactID: ArtifactID] {
        let time = now()
        // In the order of the old ids, so that later ones stay later.
        for row in rows.sorted(by: { $0.id < $1.id }) {
            guard try storage({ () throws(StoreError) in try store.artifact(row.id) }) != nil else { continue }
            report.renumbered[row.id] = makeID(at: time)
        }
        return report.renumbered
    }
}

extension ExportManifest {
    fileprivate mutating func rename(_ name: String, to new: String) {
        for index in definitions.indices where definitions[index].name == name { definitions[index].name = new }
        for index in artifacts.indices where artifacts[index].name == name { artifacts[index].name = new }
        for index in moves.indices where moves[index].belongs(to: name) {
            moves[index].name = new + moves[index].name.dropFirst(name.count)
        }
    }
}

extension ArtifactRow {
    fileprivate func renumbered(_ ids: [ArtifactID: ArtifactID]) -> ArtifactRow {
        var row = self
        row.id = ids[id] ?? id
        row.base = base.map { ids[$0] ?? $0 }
        row.previous = previous.map { ids[$0] ?? $0 }
        row.compactedFrom = compactedFrom.map { ids[$0] ?? $0 }
        return row
    }
}

extension TagMoveRow {
    fileprivate func belongs(to definition: String) -> Bool { name.hasPrefix("\(definition)@") }

    fileprivate func renumbered(_ ids: [ArtifactID: ArtifactID]) -> TagMoveRow {
        var move = self
        move.to.artifact = ids[to.artifact] ?? to.artifact
        move.from = from.map { TagTarget(artifact: ids[$0.artifact] ?? $0.artifact, hash: $0.hash) }
        return move
    }
}

/// Blobs that were checked already.
private struct Snapshot: BlobStore {
    let content: [String: [UInt8]]

    func put(_ bytes: [UInt8]) throws(StoreError) -> BlobRef {
        throw StoreError(.failed, "a trial stores nothing")
    }

    func get(_ blob: BlobRef) throws(StoreError) -> [UInt8] {
        guard let bytes = content[blob.hash] else { throw .blobMissing(blob) }
        return bytes
    }
}
