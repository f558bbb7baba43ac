// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import JSON

/// `baton server` on a data folder and a port that the system chooses. Calls block.
final class ServerProcess {
    /// Where it listens, on the loopback address.
    let port: UInt16
    let pid: pid_t
    private let output: Int32

    /// Returns when the server answers.
    init(folder: String, program: String, variables: [String: String] = [:]) throws {
        let pipe = "\(folder)/ready.\(getpid()).\(UInt32.random(in: .min ... .max))"
        guard mkfifo(pipe, 0o600) == 0 else {
            throw BatonProcess.Failure(description: "no pipe \(pipe): errno \(errno)")
        }
        defer { unlink(pipe) }
        let words =
            ["env"] + variables.map { "\($0.key)=\($0.value)" }
            + [program, "server", "--port", "0", "-o", "jsonl", "--data", "\(folder)/data"]
        // The shell opens the pipe, and becomes what sets the variables, and that the program.
        let script = "exec \"$@\" > '\(pipe)' 2>> '\(folder)/server.err'"
        let arguments = (["sh", "-c", script, "sh"] + words).map { strdup($0) } + [nil]
        defer { arguments.forEach { free($0) } }
        var pid: pid_t = 0
        guard posix_spawn(&pid, "/bin/sh", nil, nil, arguments, environ) == 0 else {
            throw BatonProcess.Failure(description: "the server cannot be started: errno \(errno)")
        }
        self.pid = pid
        output = open(pipe, O_RDONLY | O_CLOEXEC)
        var line: [UInt8] = []
        var byte: UInt8 = 0
        while read(output, &byte, 1) == 1, byte != 0x0a { line.append(byte) }
        let url = (try? JSONValue(parsing: line))?["url"]?.stringValue ?? ""
        guard let port = url.split(separator: ":").last.flatMap({ UInt16($0) }) else {
            throw BatonProcess.Failure(
                description: "the server did not start: \(String(decoding: line, as: UTF8.self))"
            )
        }
        self.port = port
    }

    /// Ends it as a power cut would.
    func kill() {
        Glibc.kill(pid, SIGKILL)
        waitpid(pid, nil, 0)
        close(output)
    }

    /// Ends it in order; gives the exit code.
    func stop() -> Int32 {
        Glibc.kill(pid, SIGTERM)
        var status: Int32 = 0
        waitpid(pid, &status, 0)
        close(output)
        return status >> 8
    }
}
