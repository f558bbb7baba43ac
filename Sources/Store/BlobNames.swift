// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// What a row names blobs by; hashes in the log are not among them.
public enum BlobNames: Sendable, Equatable {
    /// Text in which hashes may stand anywhere.
    case text([UInt8])
    /// A blob whose bytes name others, such as a snapshot.
    case list(BlobRef)
}

/// Some of the rows that name blobs.
public struct BlobNamePage: Sendable, Equatable {
    /// Where a page ends, for the next one.
    public struct Position: Sendable, Equatable {
        /// The table that the page ended in; a number of the store's own.
        public var table: Int
        /// The last row in it.
        public var row: Int64

        /// Puts a position together.
        public init(table: Int, row: Int64) {
            self.table = table
            self.row = row
        }
    }
    /// What the rows name, in no order that means anything.
    public var names: [BlobNames]
    /// Where to go on; `nil` at the end.
    public var next: Position?

    /// Puts a page together.
    public init(names: [BlobNames], next: Position?) {
        self.names = names
        self.next = next
    }
}
