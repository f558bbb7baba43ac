// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Store

/// The tables outside the log whose rows name blobs, and how to read them page by page.
enum BlobNameTables {
    /// A table, and what to select from it: a text with hashes, and hash and size of a blob that names others. Their
    /// order is part of a page's position, which nobody keeps.
    private static let all = [
        (table: "outbox", columns: "body, NULL, NULL"), (table: "snapshot", columns: "body, blob, size"),
        (table: "idem", columns: "answer, NULL, NULL"), (table: "signal", columns: "payload, NULL, NULL"),
        (table: "cache", columns: "output, NULL, NULL"),
    ]

    static func page(
        after position: BlobNamePage.Position?,
        limit: Int = 500,
        _ connection: borrowing Connection
    ) throws(StoreError) -> BlobNamePage {
        let start = position ?? .init(table: 0, row: .min)
        guard all.indices.contains(start.table) else { return BlobNamePage(names: [], next: nil) }
        let (table, columns) = all[start.table]
        let following = BlobNamePage.Position(table: start.table + 1, row: .min)
        let isLast = !all.indices.contains(following.table)
        guard try connection.hasTable(table) else { return BlobNamePage(names: [], next: isLast ? nil : following) }
        let statement = try Statement(
            connection,
            "SELECT rowid, \(columns) FROM \(table) WHERE rowid > ? ORDER BY rowid LIMIT ?"
        )
        let rows = try statement.rows(start.row, limit) { ($0.int64(0), BlobNames(row: $0)) }
        let names = rows.map(\.1)
        if rows.count == limit, let last = rows.last {
            return BlobNamePage(names: names, next: .init(table: start.table, row: last.0))
        }
        return BlobNamePage(names: names, next: isLast ? nil : following)
    }
}

extension BlobNames {
    fileprivate init(row: Row) {
        self = row.isNull(1) ? .list(BlobRef(hash: row.text(2), size: row.int(3))) : .text(row.bytes(1))
    }
}
