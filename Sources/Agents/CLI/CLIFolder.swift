// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Model
import Tools

/// What a program of an agent keeps between the attempts of a task: its home, and the session it goes on with.
///
/// It lies beside the workspace of the run, so that nothing of it is in there.
struct CLIFolder {
    /// The folder of the task.
    let path: String
    /// What the program sees as its home.
    var home: String { "\(path)/home" }
    private var sessionFile: String { "\(path)/session" }

    /// Makes the folders.
    ///
    /// - Parameter key: The idempotency key of the task: `RUN/NODE/…`.
    init(workspace: String, key: String) throws(TaskError) {
        let place = TaskFolder(workspace: workspace, key: key)
        path = place.path
        for folder in [place.parent, path, home] where mkdir(folder, 0o700) != 0 && errno != EEXIST {
            throw TaskError(
                code: "tool.failed",
                errorClass: errno == ENOSPC ? .transient : .permanent,
                message: "the folder \(folder) cannot be made: \(String(cString: strerror(errno)))"
            )
        }
    }

    /// The session of an earlier attempt.
    var session: String? {
        guard let file = fopen(sessionFile, "r") else { return nil }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 256)
        let count = fread(&bytes, 1, bytes.count, file)
        let text = String(decoding: bytes[..<count], as: UTF8.self)
        let isSafe = text.utf8.allSatisfy {
            (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || $0 == 45 || $0 == 95
        }
        return isSafe && !text.isEmpty && text.first != "-" ? text : nil
    }

    func keep(session: String) { write(session, to: sessionFile) }

    func forgetSession() { unlink(sessionFile) }

    /// The task in words, for programs that read it from a file.
    func put(task: String) {
        // The program may have made it a link.
        unlink("\(home)/TASK.md")
        write(task, to: "\(home)/TASK.md")
    }

    private func write(_ text: String, to path: String) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { return }
            written += count
        }
    }
}
