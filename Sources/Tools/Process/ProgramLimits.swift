// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Bounds for one run of a program.
public struct ProgramLimits: Sendable, Hashable {
    /// After this the program is asked to end.
    public var timeout: Duration
    /// After this again it is killed.
    public var grace: Duration
    /// Kept of each output stream.
    public var outputBytes: Int
    /// Private writable memory of each process (`RLIMIT_DATA`), and where there are control groups memory of all of
    /// them together with what they keep in places in memory; `nil` is unlimited.
    public var memoryBytes: Int?
    /// Processes and threads; counted only inside a sandbox, where nobody else's count. Without control groups the
    /// kernel does not hold root to it.
    public var processes: Int?
    /// CPU time of each process.
    public var cpuSeconds: Int?
    /// The largest file it may write.
    public var fileBytes: Int?

    /// The bounds of a profile that says nothing else (spec 8.6).
    public init(
        timeout: Duration = .seconds(60),
        grace: Duration = .seconds(2),
        outputBytes: Int = 1 << 20,
        memoryBytes: Int? = 512 << 20,
        processes: Int? = 64,
        cpuSeconds: Int? = nil,
        fileBytes: Int? = nil
    ) {
        self.timeout = timeout
        self.grace = grace
        self.outputBytes = outputBytes
        self.memoryBytes = memoryBytes
        self.processes = processes
        self.cpuSeconds = cpuSeconds
        self.fileBytes = fileBytes
    }

    /// Arguments for `prlimit`; empty when nothing is limited.
    func resourceArguments(countsProcesses: Bool) -> [String] {
        let values: [(String, Int?)] = [
            ("data", memoryBytes), ("nproc", countsProcesses ? processes : nil), ("cpu", cpuSeconds),
            ("fsize", fileBytes),
        ]
        let limits = values.compactMap { name, value in value.map { "--\(name)=\($0)" } }
        return limits.isEmpty ? [] : limits + ["--core=\(Self.coreLimit)", "--"]
    }

    /// No memory is written out when a program crashes. Where the system hands that to a program of its own, only a
    /// limit of one byte keeps it from it; nobody may raise a limit that is 0 already.
    private static let coreLimit: Int = {
        var limit = rlimit()
        let isReadable = getrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit) == 0
        return isReadable && limit.rlim_max >= 1 ? 1 : 0
    }()
}
