// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Model
import Store
import StoreSQLite

/// Checks of the data folder.
struct FolderChecks {
    let folder: String

    func findings() -> [Finding] {
        // Makes the folder, with the mode that it must have.
        let lock = Result { () throws(StoreError) in try DataFolder(locking: folder, command: "baton doctor").unlock() }
        let writable = writable(lock)
        guard writable.grade != .fail else { return [writable] }
        return [writable, space(), sync(), use(lock), database(), blobs()]
    }

    private func writable(_ lock: Result<Void, StoreError>) -> Finding {
        let check = "data folder"
        if case .failure(let error) = lock, error.code != .locked {
            let remedy = "--data FOLDER or BATON_HOME chooses another"
            return Finding(check: check, grade: .fail, message: error.message, remedy: remedy)
        }
        let file = probeFile
        let descriptor = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            return Finding(
                check: check,
                grade: .fail,
                message: "\(folder) cannot be written: \(String(cString: strerror(errno)))"
            )
        }
        close(descriptor)
        unlink(file)
        var status = stat()
        if stat(folder, &status) == 0, status.st_mode & 0o077 != 0 {
            return Finding(
                check: check,
                grade: .warn,
                message: "\(folder) is open to others",
                remedy: "chmod 700 \(folder.shellQuoted)"
            )
        }
        return Finding(check: check, grade: .ok, message: "\(folder) is writable")
    }

    private var probeFile: String { "\(folder)/doctor.\(getpid())" }

    private func space() -> Finding {
        var status = statvfs()
        guard statvfs(folder, &status) == 0 else {
            return Finding(check: "disk space", grade: .warn, message: "unknown: \(String(cString: strerror(errno)))")
        }
        let mebibytes = (UInt64(status.f_bavail) * UInt64(status.f_frsize)) >> 20
        let grade: Finding.Grade = mebibytes < 64 ? .fail : mebibytes < 1024 ? .warn : .ok
        let remedy = grade == .ok ? "" : "make room: when the disk is full runs wait, nothing is lost"
        return Finding(check: "disk space", grade: grade, message: "\(mebibytes) MiB free", remedy: remedy)
    }

    /// The time of one flush bounds how many commits a second are possible.
    private func sync() -> Finding {
        let check = "disk flush"
        let file = probeFile
        let descriptor = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            return Finding(check: check, grade: .fail, message: String(cString: strerror(errno)))
        }
        defer {
            close(descriptor)
            unlink(file)
        }
        let page = [UInt8](repeating: 0, count: 4096)
        var spans: [Duration] = []
        for _ in 0..<7 {
            let start = ContinuousClock.now
            guard write(descriptor, page, page.count) == page.count, fdatasync(descriptor) == 0 else {
                return Finding(check: check, grade: .fail, message: String(cString: strerror(errno)))
            }
            spans.append(ContinuousClock.now - start)
        }
        let median = spans.sorted()[spans.count / 2]
        let (seconds, attoseconds) = median.components
        let microseconds = seconds * 1_000_000 + attoseconds / 1_000_000_000_000
        let isSlow = microseconds > 50_000
        return Finding(
            check: check,
            grade: isSlow ? .warn : .ok,
            message: "\(microseconds) µs for a commit's flush",
            remedy: isSlow ? "runs will be slow; a local disk helps" : ""
        )
    }

    private func use(_ lock: Result<Void, StoreError>) -> Finding {
        switch lock {
        case .success: Finding(check: "in use", grade: .ok, message: "no process drives runs here")
        case .failure(let error): Finding(check: "in use", grade: .ok, message: error.message)
        }
    }

    private func database() -> Finding {
        do throws(StoreError) {
            let store = try SQLiteRunStore.openForReading(folder)
            defer { store.close() }
            try store.verify()
            let events = try store.lastSequence()
            let runs = try store.lastRunKey()
            return Finding(check: "database", grade: .ok, message: "\(runs) runs, \(events) events, all records intact")
        } catch {
            return missing("database", error)
        }
    }

    private func blobs() -> Finding {
        do throws(StoreError) {
            let store = try SQLiteBlobStore.openForReading(folder)
            store.close()
            return Finding(check: "blobs", grade: .ok, message: "can be read")
        } catch {
            return missing("blobs", error)
        }
    }

    private func missing(_ check: String, _ error: StoreError) -> Finding {
        error.code == .missing
            ? Finding(check: check, grade: .ok, message: "none yet; the first run makes it")
            : Finding(check: check, grade: .fail, message: error.message)
    }
}
