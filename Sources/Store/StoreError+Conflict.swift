// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model

/// The conflicts a commit can meet, worded the same by every store.
extension StoreError {
    /// A record does not continue its run's log.
    public static func sequenceTaken(run key: Int64, next: Int64, given: Int64) -> Self {
        Self(.conflict, "The next event of run \(key) is number \(next), not \(given): another writer was faster.")
    }

    /// A run's key or id belongs to another run.
    public static func runTaken(key: Int64, id: RunID) -> Self {
        Self(.conflict, "Run \(id) cannot have the key \(key): the key or the id belongs to another run.")
    }

    /// A timer's number was used before.
    public static func timerTaken(_ number: Int64) -> Self {
        Self(.conflict, "Timer number \(number) is taken: another writer was faster.")
    }

    /// A run took a message in before.
    public static func messageTaken(_ row: InboxRow) -> Self {
        Self(.conflict, "Run \(row.runKey) took the message '\(row.message)' in before: another writer was faster.")
    }

    /// An entry of the cache that was to answer is gone.
    public static func cacheEntryGone(_ key: CacheRow.Key) -> Self {
        Self(.conflict, "The cache has no entry \(key.hash) of \(key.scope) any more: another writer was faster.")
    }

    /// A schedule's name belongs to another schedule.
    public static func scheduleTaken(_ row: ScheduleRow) -> Self {
        Self(.conflict, "There is a schedule `\(row.name)` already, so \(row.id) cannot have that name.")
    }

    /// A usage record's id belongs to another one.
    public static func usageTaken(_ id: UsageID) -> Self {
        Self(.conflict, "The usage record \(id) exists already: another writer was faster.")
    }

    /// Packed records are not what the log holds, or do not follow on what is packed.
    public static func archiveUnfit(_ row: ArchiveRow) -> Self {
        Self(
            .conflict,
            "What was packed of run \(row.runKey) up to event \(row.end.sequence) does not fit its log: another writer was "
                + "faster."
        )
    }

    /// There is no such run.
    public static func runGone(_ key: Int64) -> Self {
        Self(.conflict, "There is no run with the key \(key).")
    }

    /// A run that is to be deleted is open, held or pinned, or went on.
    public static func runStays(_ key: Int64) -> Self {
        Self(.conflict, "Run \(key) stays: it goes on, is held, or another run needs its beginning.")
    }

    /// A move does not follow the tag's last one.
    public static func tagMoved(_ move: TagMoveRow) -> Self {
        Self(.conflict, "The tag \(move.name) of \(move.owner) was moved meanwhile: another writer was faster.")
    }

    /// An artifact's id or number belongs to another one.
    public static func artifactTaken(_ row: ArtifactRow) -> Self {
        let number = row.number.map { ", version \($0) of \(row.name)" } ?? ""
        return Self(.conflict, "The artifact \(row.id)\(number) exists already: another writer was faster.")
    }
}
