// Baton
// SPDX-License-Identifier: Apache-2.0

import AgentMemory
import Agents
import Definition
import Engine
import Glibc
import HTTP
import JSON
import Knowledge
import Model
import Store
import Tools

/// What workflows may call, as the settings have it.
struct Toolbox: Sendable {
    let tools: ToolRegistry
    let policy: AddressPolicy
    let sandbox: SandboxSettings
    let workspaces: Workspaces
    /// As their files have them: edits are in the store, and taken when that is open.
    let agents: AgentRegistry
    /// Servers whose approved tools are among the tools; nothing of them is started yet.
    let servers: MCPServers
    let profiles: ToolProfiles

    /// - Parameter serverFolder: Where servers that are programs work; in the data folder, which is then held by this
    ///   process, when not given.
    init(
        _ settings: Settings,
        _ context: CommandContext,
        serverFolder: String? = nil
    ) throws(CommandFailure) {
        let dataFolder = context.dataFolder
        policy = AddressPolicy(allowed: settings.allowedTargets)
        var sandbox = SandboxSettings(isRequired: settings.requiresSandbox, hiddenPaths: [dataFolder])
        sandbox.usesControlGroups = settings.usesControlGroups
        self.sandbox = sandbox
        profiles = ToolProfiles(Array(settings.profiles.values))
        workspaces = Workspaces(dataFolder: dataFolder)
        let keys = ProviderKeys.reading(context)
        let surroundings = MCPSurroundings(
            version: Baton.version,
            folder: serverFolder ?? Self.serverFolder(of: dataFolder),
            sandbox: sandbox,
            policy: policy,
            openHandle: { try keys.key($0) }
        )
        servers = MCPServers(settings.mcpServers.values.compactMap(\.settings), surroundings)
        if !settings.mcpServers.isEmpty { servers.setApproved(try ToolPins.read(context)) }
        var tools = try Self.registry(settings.toolsFolder)
        tools.changing = servers.tools
        self.tools = tools
        let roster = AgentRoster.builtIn(adding: try settings.agentsFolder.map(AgentFiles.read) ?? [])
        let skills = SkillShelf.builtIn(adding: try settings.skillsFolder.map(AgentFiles.readSkills) ?? [])
        agents = AgentRegistry(roster, skills: skills) { SystemClock().wall() }
    }

    /// Where servers that are programs work while the folder is held.
    static func serverFolder(of dataFolder: String) -> String { "\(dataFolder)/mcp" }

    private static func registry(_ folder: String?) throws(CommandFailure) -> ToolRegistry {
        var programs: [ProgramTool] = []
        do throws(ProgramTool.Invalid) {
            if let folder { programs = try ProgramTool.load(folder: folder) }
        } catch {
            throw CommandFailure(.usage, "config.invalid", "tools.dir: \(error)")
        }
        do throws(ToolRegistry.Invalid) {
            return try ToolRegistry.builtIn(adding: programs)
        } catch {
            throw CommandFailure(.usage, "config.invalid", "tools.dir: \(error)")
        }
    }

    /// A compiler that knows these tools and refuses URLs that no request could go to.
    func makeCompiler(for purpose: Compiler.Purpose) throws(CommandFailure) -> Compiler {
        do throws(JSONSchemaError) {
            let fixed = tools.definitions.filter { servers.tools.compiled[$0.name] == nil }
            let known = try fixed.map { tool throws(JSONSchemaError) in
                try Registry.Tool(
                    name: tool.name,
                    input: tool.inputSchema,
                    output: tool.outputSchema,
                    isRead: tool.effects == .read
                )
            }
            var registry = Registry(tools: known, executors: EngineCapabilities.nodeTypes) { [policy] in
                policy.refusal(ofURL: $0)
            }
            registry.absentTools = AbsentTools.names
            registry.changingTools = { [servers] in servers.tools.compiled }
            registry.profiles = { [profiles] in Set(profiles.all.keys) }
            registry.externals = EngineCapabilities.externalTypes
            registry.unsupportedKeys = EngineCapabilities.unsupportedKeys
            return Compiler(registry: registry, purpose: purpose)
        } catch {
            throw CommandFailure(.usage, "config.invalid", "a tool's schema cannot be used: \(error)")
        }
    }

    /// The programs of agents are those that whoever started us would find.
    static var programPath: String {
        let own = getenv("PATH").map { String(cString: $0) } ?? ""
        let places = own.split(separator: ":").filter { $0.hasPrefix("/") } + [Substring(ProgramSearch.defaultPath)]
        return places.joined(separator: ":")
    }

    /// The code behind the node kinds that leave the engine.
    func makeExecutors(
        secrets: any SecretSource,
        models: AgentModels,
        library: LibrarySearch,
        notebook: Notebook,
        sessions: AgentSessions,
        reader: RunReader,
        prompts: any PromptStore
    ) -> [String: any NodeExecutor] {
        let expectations = CostExpectations(reader)
        var settings = ExecutionSettings(
            tools: tools,
            http: HTTPClient(policy: policy),
            sandbox: sandbox,
            workspaces: workspaces.root
        )
        settings.secrets = secrets
        settings.library = library
        settings.notebook = notebook
        settings.sessions = sessions
        settings.programPath = Self.programPath
        settings.profiles = profiles
        var executors = settings.executors
        executors["agent"] = AgentExecutor(settings: settings, agents: agents, models: models, prompts: prompts) {
            await expectations.expected($0)
        }
        executors[ExecutorName.verification] = VerificationExecutor(settings: settings, models: models)
        return executors
    }
}
