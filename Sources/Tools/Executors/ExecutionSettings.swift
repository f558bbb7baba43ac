// Baton
// SPDX-License-Identifier: Apache-2.0

public import AgentMemory
public import Engine
public import HTTP
public import Knowledge
public import Model

/// What executors in this process share.
public struct ExecutionSettings: Sendable {
    /// The tools that nodes may call.
    public var tools: ToolRegistry
    /// Sends requests; its policy decides where to.
    public var http: HTTPClient
    /// How programs are confined.
    public var sandbox: SandboxSettings
    /// The folder that holds one workspace for each run, named by its id.
    public var workspaces: String
    /// Opens the secrets that nodes name; `nil` where there are none.
    public var secrets: (any SecretSource)?
    /// What agents keep; `nil` where nothing is kept.
    public var notebook: Notebook?
    /// The sessions in which agents work; `nil` where there are none.
    public var sessions: AgentSessions?
    /// Where the programs of agents are looked for.
    public var programPath = ProgramSearch.defaultPath
    /// What nodes and agents may be permitted, by name.
    public var profiles = ToolProfiles(ToolProfile.presets)
    /// Documents that are searched; `nil` where there are none.
    public var library: LibrarySearch?
    /// Keeps calls to what profiles say about how often.
    let gate = ProfileGate()

    /// Puts settings together.
    public init(tools: ToolRegistry, http: HTTPClient, sandbox: SandboxSettings, workspaces: String) {
        self.tools = tools
        self.http = http
        self.sandbox = sandbox
        self.workspaces = workspaces
    }

    /// The executors of this process by node kind.
    public var executors: [String: any NodeExecutor] {
        ["tool": ToolExecutor(settings: self), "http": HTTPExecutor(settings: self)]
    }

    /// The folder in which a run's tools work; made by the first attempt that needs it.
    public func workspace(of run: RunID) -> String {
        "\(workspaces)/\(run)"
    }
}
