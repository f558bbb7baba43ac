// Baton
// SPDX-License-Identifier: Apache-2.0

#if CRASH_POINTS
    internal import Glibc
    internal import Synchronization
#endif

/// Places at which tests kill the real process with SIGKILL: before and after everything that must be durable.
///
/// `BATON_CRASH_AT=store.after_commit:3` kills at the third time that point is reached. Only debug builds hold the
/// code; in release builds a call is nothing.
public enum CrashPoint: String, CaseIterable, Sendable {
    /// A large value is about to be stored.
    case blobBeforePut = "blob.before_put"
    /// A large value is durable, no event names it yet.
    case blobAfterPut = "blob.after_put"
    /// Commands are folded, nothing is written.
    case beforeCommit = "store.before_commit"
    /// Rows are written, the transaction is open.
    case insideCommit = "store.inside_commit"
    /// The transaction is durable, nobody knows.
    case afterCommit = "store.after_commit"
    /// Callers are about to be answered.
    case beforeAnswer = "answer.before"
    /// Callers are answered, nothing is dispatched.
    case beforeDispatch = "dispatch.before"
    /// An executor is about to begin its effect.
    case beforeEffect = "effect.before"
    /// The effect happened, nobody knows.
    case afterEffect = "effect.after"
    /// The result is about to be handed to the engine.
    case beforeCompletion = "completion.before"
    /// A due timer is about to be folded.
    case timerBeforeFire = "timer.before_fire"
    /// The database is about to move its log into the main file.
    case beforeCheckpoint = "store.before_checkpoint"
    /// A checkpoint is done.
    case afterCheckpoint = "store.after_checkpoint"
    /// A run is being read back after a start.
    case recovery = "recovery.load"
    /// The database is copied, the blobs are not.
    case insideBackup = "backup.inside"
    /// A backup, or the folder made of one, is whole, but has not got its name.
    case beforeBackupRename = "backup.before_rename"

    /// Records are about to be packed.
    case beforePacking = "archive.before_put"
    /// Packed records are durable, no row names them.
    case afterPacking = "archive.after_put"
    /// The row of packed records is durable, the records are still there.
    case afterArchive = "archive.after_commit"
    /// A run is deleted, its records are still there.
    case afterDeletion = "retention.after_deletion"
    /// Some rows behind an archive or a deletion are gone.
    case afterClearing = "retention.after_clearing"
    /// Free room is about to be given back.
    case insideVacuum = "store.inside_vacuum"
    /// A step of a migration is done, its transaction is open.
    case insideMigration = "store.inside_migration"
    /// A step of a migration is durable.
    case afterMigration = "store.after_migration"

    /// Places that no run passes, but upkeep does.
    public static let upkeep: Set<CrashPoint> = [
        .insideBackup, .beforeBackupRename, .beforePacking, .afterPacking, .afterArchive, .afterDeletion,
        .afterClearing, .insideVacuum, .insideMigration, .afterMigration,
    ]

    /// Dies here if the environment says so.
    @inline(__always)
    public func reach() {
        #if CRASH_POINTS
            Self.armed?.reach(self)
        #endif
    }

    #if CRASH_POINTS
        private static let armed = ArmedCrash(getenv("BATON_CRASH_AT").map { String(cString: $0) })

        private final class ArmedCrash: Sendable {
            private let point: CrashPoint
            private let left: Mutex<Int>

            init?(_ text: String?) {
                let parts = text?.split(separator: ":", maxSplits: 1) ?? []
                guard let name = parts.first, let point = CrashPoint(rawValue: String(name)) else { return nil }
                self.point = point
                left = Mutex(parts.count == 2 ? Int(parts[1]) ?? 1 : 1)
            }

            func reach(_ reached: CrashPoint) {
                guard reached == point else { return }
                let isLast = left.withLock { left in
                    left -= 1
                    return left == 0
                }
                if isLast { kill(getpid(), SIGKILL) }
            }
        }
    #endif
}
