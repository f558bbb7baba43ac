// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Store

// Columns are read in the order in which CatalogSchema declares them.

extension ArtifactRow {
    init(row: Row) throws(StoreError) {
        self.init(
            id: try row.id(0),
            kind: try row.name(1),
            owner: row.text(2),
            name: row.text(3),
            number: row.isNull(4) ? nil : row.int(4),
            hash: row.text(5),
            blob: BlobRef(hash: row.text(6), size: row.int(7)),
            mediaType: row.text(8),
            creator: row.text(17),
            createdAt: row.time(18)
        )
        source = row.optionalBlob(9)
        graph = row.optionalBlob(11)
        base = try row.optionalID(13)
        previous = try row.optionalID(14)
        depth = row.int(15)
        compactedFrom = try row.optionalID(16)
        note = row.optionalText(19)
    }
}

extension TagRow {
    init(row: Row) throws(StoreError) {
        self.init(
            owner: row.text(0),
            name: row.text(1),
            target: TagTarget(artifact: try row.id(2), hash: row.text(3)),
            revision: row.int(4),
            movedAt: row.time(5)
        )
    }
}

extension TagMoveRow {
    init(row: Row) throws(StoreError) {
        let from: ArtifactID? = try row.optionalID(4)
        self.init(
            owner: row.text(0),
            name: row.text(1),
            number: row.int(2),
            kind: try row.name(3),
            from: from.map { TagTarget(artifact: $0, hash: row.text(5)) },
            to: TagTarget(artifact: try row.id(6), hash: row.text(7)),
            actor: row.text(8),
            at: row.time(9),
            reason: row.optionalText(10)
        )
    }
}

extension Row {
    fileprivate func optionalBlob(_ column: Int32) -> BlobRef? {
        isNull(column) ? nil : BlobRef(hash: text(column), size: int(column + 1))
    }

    fileprivate func optionalID<Kind>(_ column: Int32) throws(StoreError) -> Identifier<Kind>? {
        isNull(column) ? nil : try id(column)
    }
}
