// Baton
// SPDX-License-Identifier: Apache-2.0

public import Secrets

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
    /// What it reads after ``input``, while it runs; its input then ends when that is closed.
    public var liveInput: ProgramInput?
    /// When it is stopped, and what it may use.
    public var limits: ProgramLimits
    /// Hides what it finds in what the program writes, before anything is kept or cut off.
    public var masker: Masker?
    /// Ports of its own loopback address that somebody outside answers; only for programs in a sandbox.
    public var ports: [SandboxPort] = []
    /// Sees what it writes while it runs, and may end it.
    public var watch: ProgramWatch?
    /// The launcher waits for this before it starts what is inside, so that ``ports`` are open and it is in its ``group`` by then.
    var gate: Descriptor?
    /// What is inside is put into it before it starts; only together with ``gate``.
    var group: ControlGroup?
    /// Descriptors the child gets as 3, 4, …
    var descriptors: [Descriptor] = []
    /// The child gets one more pipe after `descriptors`; see ``ProgramResult/report``.
    var writesReport = false

    /// A program without input.
    public init(
        path: String,
        arguments: [String] = [],
        environment: [String: String] = [:],
        workingDirectory: String = "/",
        input: [UInt8]? = nil,
        limits: ProgramLimits = ProgramLimits()
    ) {
        self.path = path
        self.arguments = arguments
        self.environment = environment
        self.workingDirectory = workingDirectory
        self.input = input
        self.limits = limits
    }
}
