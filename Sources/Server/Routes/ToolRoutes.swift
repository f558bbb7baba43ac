// Baton
// SPDX-License-Identifier: Apache-2.0

internal import AgentMemory
internal import Definition
internal import Engine
internal import HTTPServer
internal import Identity
internal import JSON
internal import Model
internal import Store

/// Tools, and one door for all that can be called (spec 8.13).
///
/// A call is a run of its own: with its workspace, sandbox and budget, its log, and an answer that outlives the
/// connection. So it is carried out once for each key, and who may see it is as for every run.
struct ToolRoutes: Sendable {
    let service: Service
    let limits: Limits
    /// What is listed: `{name, description, input_schema, …}`, by name.
    let listed: @Sendable () -> [JSONValue]
    var agents = APISettings.Agents()
    var skills = APISettings.Skills()

    private var tools: [JSONValue] { listed() }

    private static let limit = Duration.seconds(600)
    private static let fields: [Shape.Field] = [
        .optional("arguments", .anyObject),
        .optional(
            "timeout",
            .text(2...8, pattern: "^[1-9][0-9]{0,4}(s|m)$"),
            "How long the answer is waited for, 1s to 10m; 60s when left out."
        ),
        .optional("project", .projectName, "The project that pays for it."),
    ]
    private static let late = Contract.Answer.problem(
        408,
        "`timeout`: it goes on as the run `execution_id`; a repeat with the same key waits for it again."
    )

    var routes: [Route] { [list, search, show, executeTool, execute] }

    // MARK: What there is

    private var list: Route {
        Route(
            "GET",
            "/v1/tools",
            Contract("listTools", "Tools by name.", .tools, .may(.readCatalog), .page("Tool"))
        ) { _ throws(Problem) in .page(tools, next: nil) }
    }

    private var search: Route {
        let contract = Contract(
            "searchTools",
            "Tools whose name or description has all words, those that are called so first.",
            .tools,
            .may(.readCatalog),
            query: [.init("q", .word(1...200), "Words.", isRequired: true), .limit],
            .page("Tool")
        )
        return Route("GET", "/v1/tools/search", contract.checkingFurther()) { call throws(Problem) in
            let words = (call.query("q") ?? "").lowercased().split { !$0.isLetter && !$0.isNumber }
            guard !words.isEmpty else { throw .invalid("q", "has no word") }
            let found = tools.compactMap { tool in Self.rank(tool, words).map { (rank: $0, tool: tool) } }
            // The sort is stable: those of one rank stay by name.
            return .page(found.sorted { $0.rank < $1.rank }.prefix(call.limit).map { $0.tool }, next: nil)
        }
    }

    /// 0 when all words are in the name, 1 when they are in what it says; `nil` when they are not.
    private static func rank(_ tool: JSONValue, _ words: [Substring]) -> Int? {
        let name = (tool["name"]?.stringValue ?? "").lowercased()
        if words.allSatisfy({ name.contains($0) }) { return 0 }
        let text = ["description", "category"].compactMap { tool[$0]?.stringValue?.lowercased() }.joined(separator: " ")
        return words.allSatisfy { name.contains($0) || text.contains($0) } ? 1 : nil
    }

    private var show: Route {
        let contract = Contract(
            "showTool",
            "A tool with the schemas of its arguments and result.",
            .tools,
            .may(.readCatalog),
            .ok(.named("Tool"))
        )
        return Route("GET", "/v1/tools/{tool}", contract) { call throws(Problem) in
            .json(try tool(call.parameter("tool")))
        }
    }

    private func tool(_ name: String) throws(Problem) -> JSONValue {
        guard let tool = tools.first(where: { $0["name"]?.stringValue == name }) else {
            throw .notFound("tool `\(name)`")
        }
        return tool
    }

    // MARK: Calls

    private var executeTool: Route {
        let contract = Contract(
            "executeTool",
            "Calls a tool in an empty workspace, and waits for its result.",
            .tools,
            .may(.callTools),
            body: .optional(Self.fields),
            .ok(.named("Execution"), "It was carried out; `success` says how."),
            Self.late
        ).checkingFurther()
        return Route("POST", "/v1/tools/{tool}/execute", contract) { call throws(Problem) in
            try await callTool(call.parameter("tool"), call)
        }
    }

    private var execute: Route {
        let contract = Contract(
            "execute",
            "Calls what has that name: `workflow_X` or `workstack_X` runs what is published as X, `agent_X` asks an agent, `skill_X` "
                + "calls `arguments.tool` with a skill, `arguments.coordinate_agents` asks several agents; else a tool.",
            .tools,
            .may(.callTools),
            body: .json(
                .members(
                    [
                        .required("name", .text(1...300)),
                        .optional(
                            "session",
                            .id("ses"),
                            "Agents go on with their conversations in it; only for agents."
                        ),
                    ] + Self.fields,
                    isClosed: true
                )
            ),
            .ok(.named("Execution"), "It was carried out; `success` says how."),
            Self.late
        ).checkingFurther()
        return Route("POST", "/v1/execute", contract) { call throws(Problem) in
            let name = call.fields.requiredText("name")
            let arguments = call.fields.members("arguments") ?? [:]
            if call.fields.text("session") != nil, arguments["coordinate_agents"] == nil, !name.hasPrefix("agent_") {
                throw .invalid("/session", "is for agents, and `\(name)` is none")
            }
            if let names = arguments["coordinate_agents"] { return try await coordinate(names, arguments, call) }
            if name.hasPrefix("agent_") { return try await ask(String(name.dropFirst(6)), arguments, call) }
            if name.hasPrefix("skill_") { return try await callTool(with: String(name.dropFirst(6)), arguments, call) }
            for kind in [Mode.workflow, .workstack] where name.hasPrefix("\(kind.rawValue)_") {
                return try await run(String(name.dropFirst(kind.rawValue.count + 1)), kind, call)
            }
            return try await callTool(name, call)
        }
    }

    /// What was called.
    enum Mode: String {
        case tool, workflow, workstack, skill, agent
        /// Several agents.
        case agents
    }

    // MARK: Agents and skills

    private static let agentKeys: Set<String> = [
        "operation", "prompt", "arguments", "tools", "skills", "tier", "model", "max_rounds", "output_schema",
    ]
    private static let teamKeys: Set<String> = [
        "coordinate_agents", "strategy", "min_succeeded", "threshold", "rounds",
    ]

    private func ask(_ id: String, _ arguments: JSONObject, _ call: APICall) async throws(Problem) -> HTTPResponse {
        guard agents.show(id) != nil else { throw .notFound("agent `\(id)`") }
        return try await work(["agent": .string(id)], arguments, [id], .agent, id, call)
    }

    private func coordinate(
        _ names: JSONValue,
        _ arguments: JSONObject,
        _ call: APICall
    ) async throws(Problem) -> HTTPResponse {
        let ids = names.arrayValue?.compactMap(\.stringValue) ?? []
        guard (1...10).contains(ids.count), ids.count == names.arrayValue?.count else {
            throw .invalid("/arguments/coordinate_agents", "must be a list of 1 to 10 agents")
        }
        for id in ids where agents.show(id) == nil { throw .notFound("agent `\(id)`") }
        var config: JSONObject = ["agents": names]
        for key in Self.teamKeys where key != "coordinate_agents" { config[key] = arguments[key] }
        return try await work(config, arguments, ids, .agents, call.fields.requiredText("name"), call)
    }

    /// A run of one node of agents. What they are asked is an input, so that nothing in it is read as an expression.
    private func work(
        _ head: JSONObject,
        _ arguments: JSONObject,
        _ ids: [String],
        _ mode: Mode,
        _ name: String,
        _ call: APICall
    ) async throws(Problem) -> HTTPResponse {
        var config = head
        if let session = call.fields.text("session") {
            let row = try await service.session(SessionID(session), "session `\(session)`", call.caller, .callTools)
            let sessions = service.sessions
            try await service.blocking { () throws(NoteError) in try sessions.checkOpen(row) }
            config["session"] = .string(session)
        }
        for member in arguments.members where !(mode == .agents && Self.teamKeys.contains(member.key)) {
            guard Self.agentKeys.contains(member.key) else {
                let known = Self.agentKeys.sorted().joined(separator: ", ")
                throw .invalid("/arguments/\(member.key)", "is none of \(known)")
            }
            let isAsked = member.key == "prompt" || member.key == "arguments"
            config[member.key] = isAsked ? .string("${ inputs.arguments.\(member.key) }") : member.value
        }
        let document: JSONValue = [
            "workflow": .string("\(mode.rawValue)_call"), "inputs": ["arguments": ["type": "object"]],
            "outputs": ["result": "${ nodes.call.output }"],
            // Whoever calls wants to know at once that an agent is left alone.
            "nodes": [
                [
                    "id": "call", "type": "agent", "retry": ["when": "error.code != 'agent.unavailable'"],
                    "config": .object(config),
                ]
            ],
        ]
        let (workflows, text) = (service.workflows, document.bytes())
        let result = try await service.blocking { () throws(Problem) in workflows.compile(text) }
        guard let graph = result.graph else { throw Problem(result.diagnostics) }
        try limits.admitStart(of: graph, by: call.caller)
        let request = StartRequest(
            graph: graph,
            source: text,
            inputs: ["arguments": .object(arguments)],
            actor: call.actor
        )
        return try await finish(request, mode, name, call, agents: ids)
    }

    private func callTool(
        with skill: String,
        _ arguments: JSONObject,
        _ call: APICall
    ) async throws(Problem) -> HTTPResponse {
        guard skills.show(skill) != nil else { throw .notFound("skill `\(skill)`") }
        guard let name = arguments["tool"]?.stringValue else {
            throw .invalid("/arguments/tool", "must be the name of the tool to call")
        }
        let given = arguments["arguments"]?.objectValue ?? [:]
        let filled: JSONObject
        do throws(TaskError) {
            filled = try skills.apply(skill, name, given)
        } catch {
            throw Problem(422, "validation.failed", error.message)
        }
        return try await callTool(name, filled, call, .skill, skills: [skill])
    }

    private func callTool(_ name: String, _ call: APICall) async throws(Problem) -> HTTPResponse {
        try await callTool(name, call.fields.members("arguments") ?? [:], call, .tool)
    }

    private func callTool(
        _ name: String,
        _ arguments: JSONObject,
        _ call: APICall,
        _ mode: Mode,
        skills: [String] = []
    ) async throws(Problem) -> HTTPResponse {
        let definition = try tool(name)
        try check(arguments, definition["input_schema"] ?? [:])
        let document = Self.document(name, arguments)
        let (workflows, text) = (service.workflows, document.bytes())
        let result = try await service.blocking { () throws(Problem) in workflows.compile(text) }
        guard let graph = result.graph else { throw Problem(result.diagnostics) }
        try limits.admitTool(by: call.caller)
        let request = StartRequest(
            graph: graph,
            source: text,
            inputs: ["arguments": .object(arguments)],
            actor: call.actor
        )
        return try await finish(request, mode, name, call, skills: skills)
    }

    /// Arguments are inputs of the run, so that nothing in them is read as an expression.
    private static func document(_ name: String, _ arguments: JSONObject) -> JSONValue {
        var inputs = JSONObject()
        for member in arguments.members {
            inputs.append(member.key, .string("${ inputs.arguments[\(JSONValue.string(member.key).text)] }"))
        }
        return [
            "workflow": .string("tool_\(name)"), "inputs": ["arguments": ["type": "object"]],
            "outputs": ["result": "${ nodes.call.output }"],
            "nodes": [["id": "call", "type": "tool", "config": ["tool": .string(name)], "inputs": .object(inputs)]],
        ]
    }

    private func check(_ arguments: JSONObject, _ schema: JSONValue) throws(Problem) {
        let violations: [JSONSchemaViolation]
        do throws(JSONSchemaError) {
            violations = try JSONSchema(schema).validate(.object(arguments))
        } catch {
            throw Problem(500, "internal", "the schema of the tool is none: \(error)")
        }
        guard !violations.isEmpty else { return }
        let items = violations.prefix(20).map {
            Problem.Item(path: "/arguments\($0.instancePointer)", code: "validation.failed", message: $0.message)
        }
        throw Problem(422, "validation.failed", "the arguments do not fit the tool", items: Array(items))
    }

    private func run(_ name: String, _ mode: Mode, _ call: APICall) async throws(Problem) -> HTTPResponse {
        guard call.caller.may(.startRuns) else { throw Problem(403, "permission.denied", "`runs.start` is not yours") }
        let (workflows, owner) = (service.workflows, call.catalogOwner)
        let found = try await service.blocking { () throws(EngineError) in try workflows.workflow(name, of: owner) }
        guard mode == .workflow || !found.graph.phases.isEmpty else { throw .notFound("workstack `\(name)`") }
        let inputs: JSONObject
        do throws(InputError) {
            inputs = try found.graph.checkInputs(call.fields.members("arguments") ?? [:]).objectValue ?? [:]
        } catch {
            let items = error.violations.map {
                Problem.Item(path: "/arguments\($0.pointer)", code: "validation.failed", message: $0.message)
            }
            throw Problem(422, "validation.failed", "the arguments do not fit `\(name)`", items: items)
        }
        try limits.admitStart(of: found.graph, by: call.caller)
        let request = StartRequest(graph: found.graph, source: found.source, inputs: inputs, actor: call.actor)
        return try await finish(request, mode, name, call)
    }

    /// Starts the run and waits for its end.
    private func finish(
        _ request: StartRequest,
        _ mode: Mode,
        _ name: String,
        _ call: APICall,
        agents: [String] = [],
        skills: [String] = []
    ) async throws(Problem) -> HTTPResponse {
        var patience = Duration.seconds(60)
        if let text = call.fields.text("timeout") {
            guard let span = Duration(text: text), span <= Self.limit else {
                throw .invalid("/timeout", "must be a span from 1s to 10m")
            }
            patience = span
        }
        var wanted = request
        if let project = call.fields.text("project") { try await service.requireStart(in: project, call.caller) }
        wanted.ownership = call.ownership(in: call.fields.text("project"))
        let order = wanted
        let started = try await service.ask(call) { engine throws(EngineError) in try await engine.start(order) }
        try await service.waitForEnd(of: started.id, patience)
        let row = try await service.run(started.id, call.caller, .readRuns)
        guard row.status.isTerminal else {
            var problem = Problem(408, "timeout", "\(started.id) has not ended within \(patience.text), and goes on")
            problem.members["execution_id"] = .string(started.id.description)
            throw problem
        }
        let state = try await service.readRuns { reader throws(EngineError) in try reader.state(ofRun: row.key) }
        return .json(state.execution(mode.rawValue, name, agents: agents, skills: skills))
    }
}
