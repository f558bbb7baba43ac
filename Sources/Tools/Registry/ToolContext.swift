// Baton
// SPDX-License-Identifier: Apache-2.0

public import HTTP
public import Secrets
public import Threads

/// The surroundings of one call.
public struct ToolContext: Sendable {
    /// An absolute path of the folder the call works in.
    public var workspace: String
    /// The same for every attempt of one task, so that the other side can recognise repeats.
    public var idempotencyKey: String?
    /// What is left for the attempt; a tool uses the smaller of this and its own.
    public var timeout: Duration
    /// Ends the call early.
    public var cancellation: CancellationSignal
    /// How programs are confined.
    public var sandbox: SandboxSettings
    /// What programs may use; their time and output come from the tool and `timeout`.
    public var limits: ProgramLimits
    /// The most that is kept of an output stream, when a profile says so.
    public var outputBytes: Int?
    /// Sends requests.
    public var http: HTTPClient
    /// What profiles let calls connect to.
    public var egress = EgressBounds()
    /// What it may note down; `nil` outside of runs.
    public var notes: NoteAccess?
    /// Finds the secrets that the call was given, in what programs write; `nil` when there are none.
    public var masker: Masker?
    /// The documents that may be searched; `nil` where there are none.
    public var library: ToolLibrary?

    /// A context with the default profile.
    public init(
        workspace: String,
        http: HTTPClient,
        idempotencyKey: String? = nil,
        timeout: Duration = .seconds(60),
        cancellation: CancellationSignal = CancellationSignal(),
        sandbox: SandboxSettings = SandboxSettings(),
        limits: ProgramLimits = ProgramLimits()
    ) {
        self.workspace = workspace
        self.http = http
        self.idempotencyKey = idempotencyKey
        self.timeout = timeout
        self.cancellation = cancellation
        self.sandbox = sandbox
        self.limits = limits
    }

    /// The limits for a program of a tool: the smallest time wins.
    func limits(for definition: ToolDefinition, timeout: Duration? = nil) -> ProgramLimits {
        var limits = limits
        limits.timeout = min(self.timeout, timeout ?? definition.timeout)
        limits.outputBytes = min(outputBytes ?? .max, definition.maxOutput)
        return limits
    }
}
