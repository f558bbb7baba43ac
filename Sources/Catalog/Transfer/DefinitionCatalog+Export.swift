// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Store

extension DefinitionCatalog {
    /// Packs definitions with all their versions, tags and moves into a tar: `manifest.json` and one file for each blob.
    ///
    /// The same definitions give the same bytes. Every blob is checked against its hash on the way.
    /// - Throws: `notFound`, or `storage` when a blob is missing or damaged.
    public func export(_ names: [String], owner: String) throws(CatalogError) -> [UInt8] {
        var manifest = ExportManifest()
        let known = try definitions(owner: owner)
        for name in Set(names).sorted() {
            guard let definition = known.first(where: { $0.name == name }) else {
                throw CatalogError(.notFound, "there is no definition `\(name)`")
            }
            manifest.definitions.append(definition)
            manifest.artifacts += try rows(of: name, owner: owner)
            for tag in try tags(of: name, owner: owner) {
                manifest.moves += try storage { () throws(StoreError) in try store.moves(owner: owner, tag: tag.name) }
            }
        }
        var tar = TarWriter()
        for blob in manifest.blobs {
            tar.add(ExportManifest.fileName(of: blob), try storage { () throws(StoreError) in try blobs.get(blob) })
        }
        tar.add(ExportManifest.fileName, manifest.json.canonicalBytes())
        tar.finish()
        return tar.bytes
    }
}
