// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// The failures of reading a blob, worded the same by every store.
extension StoreError {
    /// There are no such bytes.
    public static func blobMissing(_ blob: BlobRef) -> Self {
        Self(.missing, "Blob \(blob.hash) (\(blob.size) bytes) is not stored. Restore it from a backup.")
    }

    /// The bytes are not those that were stored.
    public static func blobCorrupted(_ blob: BlobRef) -> Self {
        Self(
            .corrupted,
            "Blob \(blob.hash) (\(blob.size) bytes) does not match its hash: the disk or another program changed it. "
                + "Restore it from a backup."
        )
    }
}
