// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Testing

/// `baton server` on the data folder of a program, on a port that the system chooses; it ends with the value.
final class ServerProgram {
    let url: String
    private let program: Program
    let pid: Int64

    /// Returns when the server answers.
    init(_ program: Program, _ words: String = "") throws {
        // The server writes one line when it listens; reading it is how to wait for that.
        let started = try program.shell(
            """
            mkfifo ready
            "$BATON" server --port 0 -o jsonl \(words) > ready 2> server.err &
            timeout 60 head -n 1 < ready
            rm ready
            """
        )
        let line = try #require(started.lines.first, "\(started.errors)")
        url = try #require(line["url"]?.stringValue)
        pid = try #require(line["pid"]?.intValue)
        self.program = program
    }

    deinit {
        _ = try? stop()
    }

    /// Stops it in order and returns when it has ended.
    func stop() throws {
        _ = try program.shell("kill \(pid) 2>/dev/null; timeout 60 tail --pid=\(pid) -f /dev/null")
    }

    /// Kills it.
    func kill() throws {
        _ = try program.shell("kill -9 \(pid) 2>/dev/null; timeout 60 tail --pid=\(pid) -f /dev/null")
    }
}
