// Baton
// SPDX-License-Identifier: Apache-2.0

public import Store

extension FolderBackup {
    /// Makes a data folder of a backup. It appears under its name only when it is whole and flushed.
    ///
    /// Runs go on where they were when the backup was made, so what they did outside since may be done again.
    /// - Parameter allowsDamage: Also a backup that is not whole is taken: what is damaged is refused when it is used.
    /// - Returns: What verifying it came to, which is done first.
    /// - Throws: `conflict` when anything is in the data folder, `corrupted` with the first problem when the backup is
    ///   not whole, and what ``verify()`` throws. Nothing is left behind then.
    public func restore(to folder: String, allowsDamage: Bool = false) throws(StoreError) -> Verdict {
        try Self.checkEmpty(folder)
        let verdict = try verify()
        if let problem = verdict.report.problems.first, !allowsDamage {
            let count = verdict.report.problemCount
            throw StoreError(
                .corrupted,
                "The backup at \(path) is not whole: \(problem)\(count > 1 ? " There are \(count - 1) more problems." : "")"
            )
        }
        return try Self.build(folder, suffix: "restore") { part throws(StoreError) in
            for file in verdict.manifest.files where FileTree.exists("\(path)/\(file.path)") {
                try FileTree.copy("\(path)/\(file.path)", to: "\(part)/\(file.path)")
            }
            _ = try Self.copyBlobs(of: path, to: part) { source, target throws(StoreError) in
                try FileTree.copy(source, to: target)
            }
            return verdict
        }
    }
}
