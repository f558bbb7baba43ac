// Baton
// SPDX-License-Identifier: Apache-2.0

/// A program to be run once.
public struct Program: Sendable {
    /// The absolute path of the file.
    public var path: String
    /// The arguments after the program's name.
    public var arguments: [String]
    /// The whole environment; nothing is inherited.
    public var environment: [String: String]
    /// Where it runs; an absolute path.
    public var workingDirectory: String
    /// What it reads; `nil` gives it an empty input.
    public var input: [UInt8]?
    /// When it is stopped, and what it may use.
    public var limits: ProgramLimits
    /// Descriptors the child gets as 3, 4, …
    var descriptors: [Descriptor] = []
    /// The child gets one more pipe after `descriptors`; see ``ProgramResult/report``.
    var writesReport = false

    /// A program without input.
    public init(
        path: String, arguments: [String] = [], environment: [String: String] = [:], workingDirectory: String = "/",
        input: [UInt8]? = nil, limits: ProgramLimits = ProgramLimits()
    ) {
        self.path = path
        self.arguments = arguments
        self.environment = environment
        self.workingDirectory = workingDirectory
        self.input = input
        self.limits = limits
    }
}

/// Bounds for one run of a program.
public struct ProgramLimits: Sendable, Hashable {
    /// After this the program is asked to end.
    public var timeout: Duration
    /// After this again it is killed.
    public var grace: Duration
    /// Kept of each output stream.
    public var outputBytes: Int
    /// Private writable memory of each process (`RLIMIT_DATA`); `nil` is unlimited.
    public var memoryBytes: Int?
    /// Processes and threads; counted only inside a sandbox, where nobody else's count. The kernel does not hold root
    /// to it.
    public var processes: Int?
    /// CPU time of each process.
    public var cpuSeconds: Int?
    /// The largest file it may write.
    public var fileBytes: Int?

    /// The bounds of a profile that says nothing else (spec 8.6).
    public init(
        timeout: Duration = .seconds(60), grace: Duration = .seconds(2), outputBytes: Int = 1 << 20,
        memoryBytes: Int? = 512 << 20, processes: Int? = 64, cpuSeconds: Int? = nil, fileBytes: Int? = nil
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
            ("data", memoryBytes), ("nproc", countsProcesses ? processes : nil), ("cpu", cpuSeconds), ("fsize", fileBytes),
        ]
        let limits = values.compactMap { name, value in value.map { "--\(name)=\($0)" } }
        return limits.isEmpty ? [] : limits + ["--core=0", "--"]
    }
}
