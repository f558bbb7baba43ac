// Baton
// SPDX-License-Identifier: Apache-2.0

import Agents
import Definition
import Engine
import Glibc
import HTTP
import JSON
import Model
import Tools

/// What workflows may call, as the settings have it.
struct Toolbox: Sendable {
    let tools: ToolRegistry
    let policy: AddressPolicy
    let sandbox: SandboxSettings
    let workspaces: Workspaces
    let agents: AgentRegistry

    init(_ settings: Settings, dataFolder: String) throws(CommandFailure) {
        tools = try Self.registry(settings.toolsFolder)
        policy = AddressPolicy(allowed: settings.allowedTargets)
        sandbox = SandboxSettings(isRequired: settings.requiresSandbox, hiddenPaths: [dataFolder])
        workspaces = Workspaces(dataFolder: dataFolder)
        let roster = AgentRoster.builtIn(adding: try settings.agentsFolder.map(AgentFiles.read) ?? [])
        let skills = SkillShelf.builtIn(adding: try settings.skillsFolder.map(AgentFiles.readSkills) ?? [])
        agents = AgentRegistry(roster, skills: skills) { SystemClock().wall() }
    }

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
            let known = try tools.definitions.map { tool throws(JSONSchemaError) in
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
    func makeExecutors(secrets: any SecretSource, models: AgentModels) -> [String: any NodeExecutor] {
        var settings = ExecutionSettings(
            tools: tools,
            http: HTTPClient(policy: policy),
            sandbox: sandbox,
            workspaces: workspaces.root
        )
        settings.secrets = secrets
        settings.programPath = Self.programPath
        var executors = settings.executors
        executors["agent"] = AgentExecutor(settings: settings, agents: agents, models: models)
        return executors
    }
}
