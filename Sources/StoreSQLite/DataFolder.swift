// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Model
public import Store
import Synchronization

/// The folder that holds everything a server keeps, owned by this process while the value lives.
///
/// Two processes that write one database lose data, so the folder is locked first and the files are opened after.
/// The lock belongs to the open file: it falls with the process, however that dies, and no child inherits it.
public final class DataFolder: Sendable {
    /// The folder's path.
    public let path: String
    private let lock: Mutex<Int32?>

    /// Makes the folder (mode 0700) when it is not there and takes its lock without waiting.
    ///
    /// - Parameter command: What this process is, for example `baton serve`; the one that comes second shows it.
    /// - Throws: `locked` with the id of the process that holds the folder, `full` or `failed`.
    public init(locking path: String, command: String) throws(StoreError) {
        try makeFolder(path)
        let file = path + "/baton.lock"
        let descriptor = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .system("open", file, errno) }
        guard Self.tryLock(descriptor) else {
            let number = errno
            defer { close(descriptor) }
            guard number == EWOULDBLOCK else { throw .system("flock", file, number) }
            throw .folderHeld(path, by: Self.holder(descriptor))
        }
        Self.write(command, to: descriptor)
        self.path = path
        lock = Mutex(descriptor)
    }

    deinit {
        unlock()
    }

    /// Lets the folder go. The stores in it must be closed before.
    public func unlock() {
        lock.withLock { descriptor in
            guard let open = descriptor else { return }
            // The file stays: taking it away would let two processes lock two files of the same name.
            ftruncate(open, 0)
            // Not left to `close`: a child between fork and exec has a copy of the descriptor.
            flock(open, LOCK_UN)
            close(open)
            descriptor = nil
        }
    }

    /// Takes the lock; for a fifth of a second it is tried again, because a process that was just killed may have left
    /// a child that has not come to its exec yet.
    private static func tryLock(_ descriptor: Int32) -> Bool {
        for _ in 1...10 {
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return true }
            guard errno == EWOULDBLOCK else { return false }
            usleep(20_000)
        }
        errno = EWOULDBLOCK
        return false
    }

    /// The path of a file in the folder.
    func file(_ name: String) -> String { "\(path)/\(name)" }

    /// Who holds the lock. This is for a message only: what counts is the lock, so a failed write is no failure.
    private static func write(_ command: String, to descriptor: Int32) {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        let started = Timestamp(milliseconds: Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000)
        let line = command.split(whereSeparator: \.isNewline).joined(separator: " ")
        let text = Array("pid \(getpid())\nstarted \(started)\ncommand \(line)\n".utf8)
        ftruncate(descriptor, 0)
        _ = pwrite(descriptor, text, text.count, 0)
    }

    private static func holder(_ descriptor: Int32) -> [String: String] {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = max(0, pread(descriptor, &buffer, buffer.count, 0))
        let lines = String(decoding: buffer.prefix(count), as: UTF8.self).split(separator: "\n")
        let pairs = lines.map { $0.split(separator: " ", maxSplits: 1).map(String.init) }.filter { $0.count == 2 }
        return Dictionary(pairs.map { ($0[0], $0[1]) }) { first, _ in first }
    }
}

extension StoreError {
    fileprivate static func folderHeld(_ path: String, by holder: [String: String]) -> Self {
        guard let pid = holder["pid"] else {
            return Self(.locked, "Another process holds \(path). Try again, or choose another folder with BATON_HOME.")
        }
        let command = holder["command"].map { " (\($0))" } ?? ""
        let since = holder["started"].map { " since \($0)" } ?? ""
        return Self(
            .locked,
            "Process \(pid)\(command) holds \(path)\(since). Stop it first (kill \(pid)), "
                + "or choose another folder with BATON_HOME."
        )
    }
}

/// Makes a folder that only its owner may enter, and those above it; one that exists is left as it is.
func makeFolder(_ path: String) throws(StoreError) {
    if mkdir(path, 0o700) == 0 || errno == EEXIST { return }
    guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex else {
        throw .system("mkdir", path, errno)
    }
    try makeFolder(String(path[..<slash]))
    guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw .system("mkdir", path, errno) }
}
