// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Model
import Store

/// What an archive says about itself in `manifest.json`: rows of the catalogue, and the hash of every blob.
struct ExportManifest {
    static let fileName = "manifest.json"
    private static let format = "baton-export/1"

    var definitions: [DefinitionName] = []
    var artifacts: [ArtifactRow] = []
    var moves: [TagMoveRow] = []

    /// Every blob that a row names, by hash.
    var blobs: [BlobRef] {
        let all = Dictionary(artifacts.flatMap(\.blobs).map { ($0.hash, $0) }) { first, _ in first }
        return all.values.sorted { $0.hash < $1.hash }
    }

    /// Name of the file that holds a blob.
    static func fileName(of blob: BlobRef) -> String { "blobs/\(blob.hash)" }

    init() {}

    var json: JSONValue {
        [
            "format": .string(Self.format),
            "definitions": .array(definitions.map(\.json)),
            "artifacts": .array(artifacts.map(\.json)),
            "tag_moves": .array(moves.map(\.json)),
            "blobs": .array(blobs.map(\.json)),
        ]
    }

    /// Reads a manifest. Whose definitions they were is not in it; they become those of `owner`.
    init(_ json: JSONValue, owner: String) throws(CatalogError) {
        guard json["format"]?.stringValue == Self.format else {
            throw TarReader.failure("its manifest is not of the format \(Self.format)")
        }
        definitions = try Self.list(json, "definitions") { DefinitionName($0, owner: owner) }
        artifacts = try Self.list(json, "artifacts") { ArtifactRow($0, owner: owner) }
        moves = try Self.list(json, "tag_moves") { TagMoveRow($0, owner: owner) }
        guard try Self.list(json, "blobs", { BlobRef($0) }) == blobs else {
            throw TarReader.failure("its manifest does not list the blobs that its artifacts name")
        }
    }

    private static func list<Row>(
        _ json: JSONValue,
        _ key: String,
        _ read: (JSONValue) -> Row?
    ) throws(CatalogError) -> [Row] {
        guard let items = json[key]?.arrayValue else { throw TarReader.failure("its manifest has no list `\(key)`") }
        var rows: [Row] = []
        for (index, item) in items.enumerated() {
            guard let row = read(item) else { throw TarReader.failure("entry \(index) of `\(key)` cannot be read") }
            rows.append(row)
        }
        return rows
    }
}
