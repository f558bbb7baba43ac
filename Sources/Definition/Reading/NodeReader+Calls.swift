// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON

/// Kinds that call something by name: `agent`, `function`, `workflow`.
extension NodeReader {
    mutating func agent(_ config: SourceValue) -> JSONObject? {
        guard let object = shapes.object(config, as: NodeTypeDescription.agent.config) else { return nil }
        var names: [SourceValue] = config.member("agents")?.items ?? []
        if let agent = config.member("agent") { names.append(agent) }
        for value in names { checkAgent(value, config) }
        checkTeam(config, object)
        if let match = config.member("match") { checkCapabilities(match) }
        for value in config.member("skills")?.items ?? [] {
            checkName(value, registry.skills, "skill")
        }
        if let profile = config.member("profile") { checkName(profile, registry.profiles?(), "profile") }
        for key in ["tools", "approve_tools"] {
            for value in config.member(key)?.items ?? [] { checkTool(value) }
        }
        return object
    }

    /// What says how agents work together is there only when it has a meaning.
    private func checkTeam(_ config: SourceValue, _ object: JSONObject) {
        let isTeam = Graph.Team.isTeam(.object(object))
        let strategy = object["strategy"]?.stringValue
        let owners = ["min_succeeded": "parallel", "threshold": "vote", "rounds": "consensus"]
        for key in ["strategy", "min_succeeded", "threshold", "rounds"] {
            guard object[key] != nil, let value = config.member(key) else { continue }
            if !isTeam {
                sink.report(.invalidConfig, at: value, "`\(key)` belongs to `agents` or `match`")
            } else if let owner = owners[key], strategy != owner {
                sink.report(.invalidConfig, at: value, "`\(key)` belongs to `strategy: \(owner)`")
            }
        }
        let size = Graph.Team.size(of: .object(object))
        if isTeam, let least = object["min_succeeded"]?.intValue, least > size,
            let value = config.member("min_succeeded")
        {
            sink.report(.invalidConfig, at: value, "`min_succeeded` is \(least), but only \(size) agents work")
        }
    }

    private func checkAgent(_ value: SourceValue, _ config: SourceValue) {
        guard let agents = registry.agents, let name = value.text, !name.contains("${") else { return }
        guard let agent = agents[name] else {
            let suggestion = sink.suggestion(for: name, among: agents.keys.sorted())
            return sink.report(.unknownName, at: value, "unknown agent `\(name)`\(suggestion)")
        }
        context.resolved["agent:\(name)"] = (agent.capabilities + agent.tools).joined(separator: " ")
        let listed = config.member("tools")?.items?.compactMap(\.text) ?? agent.tools
        for tool in listed where agent.forbiddenTools.contains(tool) {
            let message = "the profile of agent `\(name)` forbids the tool `\(tool)`; take it off the list"
            sink.report(.forbiddenTool, at: config.member("tools") ?? value, message)
        }
        guard let operation = config.member("operation"), let text = operation.text,
            let known = agent.operations, !known.contains(text)
        else { return }
        let suggestion = sink.suggestion(for: text, among: known)
        sink.report(.invalidConfig, at: operation, "agent `\(name)` has no operation `\(text)`\(suggestion)")
    }

    private func checkCapabilities(_ match: SourceValue) {
        guard let agents = registry.agents, let wanted = match.member("capabilities") else { return }
        let known = Set(agents.values.flatMap(\.capabilities))
        let missing = (wanted.items ?? []).compactMap(\.text).filter { !known.contains($0) }
        guard !missing.isEmpty else { return }
        let list = missing.map { "`\($0)`" }.joined(separator: ", ")
        sink.report(.noCapableAgent, at: wanted, "no agent covers \(list)")
    }

    private func checkTool(_ value: SourceValue) {
        guard let name = value.text, registry.tool(name) == nil, !registry.isAbsent(name), !name.hasSuffix("*")
        else { return }
        let suggestion = sink.suggestion(for: name, among: registry.toolNames)
        sink.report(.unknownName, at: value, "unknown tool `\(name)`\(suggestion)")
    }

    /// Reports a name that a registry does not hold.
    func checkName(_ value: SourceValue, _ known: Set<String>?, _ what: String) {
        guard let known, let name = value.text, !known.contains(name) else { return }
        let suggestion = sink.suggestion(for: name, among: known.sorted())
        sink.report(.unknownName, at: value, "unknown \(what) `\(name)`\(suggestion)")
    }

    func checkSecret(_ name: String, _ value: SourceValue) {
        checkName(value, registry.secrets, "secret")
    }

    mutating func function(_ config: SourceValue) -> JSONObject? {
        guard let object = shapes.object(config, as: NodeTypeDescription.function.config) else { return nil }
        if let value = config.member("function") { checkName(value, registry.functions, "function") }
        return object
    }

    mutating func child(_ config: SourceValue) -> JSONObject? {
        guard var object = shapes.object(config, as: NodeTypeDescription.workflow.config, skipping: ["workflow"])
        else { return nil }
        guard let workflow = config.member("workflow") else { return object }
        object["workflow"] = reference(workflow, inputs: config.member("inputs"), object["inputs"])
        // Nobody waits for the outputs of a detached child.
        if object["detach"] == true { found.extras.outputNames = nil }
        return object
    }

    /// A published workflow by name, pinned to its hash; or a whole document, compiled.
    mutating func reference(_ value: SourceValue, inputs: SourceValue?, _ given: JSONValue?) -> JSONValue? {
        guard let name = value.text else { return inline(value, inputs, given) }
        if let own = context.enclosing.first(where: { $0 == Self.definitionName(name) }) {
            sink.report(.tooDeep, at: value, "workflow `\(own)` would run itself without end")
            return nil
        }
        guard let find = registry.workflows else { return ["name": .string(name)] }
        guard let interface = find(name) else {
            sink.report(.unknownName, at: value, "unknown workflow `\(name)`")
            return nil
        }
        context.resolved["workflow:\(name)"] = interface.hash
        if depth + interface.depth > Self.deepest {
            let message = "loops, maps and child workflows are nested deeper than \(Self.deepest) levels"
            sink.report(.tooDeep, at: value, message)
        }
        check(given, inputs, interface.inputs, name, value)
        found.extras.outputNames = interface.outputs
        return ["name": .string(name), "hash": .string(interface.hash)]
    }

    /// `NAME` of `NAME@TAG`.
    private static func definitionName(_ text: String) -> String {
        String(text.prefix { $0 != "@" })
    }

    private mutating func inline(_ value: SourceValue, _ inputs: SourceValue?, _ given: JSONValue?) -> JSONValue? {
        guard depth < Self.deepest else {
            let message = "loops, maps and child workflows are nested deeper than \(Self.deepest) levels"
            sink.report(.tooDeep, at: value, message)
            return nil
        }
        guard let graph = DocumentCompiler(context: context).child(value, depth: depth + 1) else { return nil }
        check(given, inputs, graph.inputs, "the inline workflow", value)
        found.extras.outputNames = graph.json["outputs"]?.objectValue?.keys
        return ["graph": graph.json]
    }

    /// The inputs given must fit what the child declares.
    private func check(
        _ given: JSONValue?,
        _ place: SourceValue?,
        _ declared: [Graph.Input],
        _ name: String,
        _ value: SourceValue
    ) {
        if case .string = given { return }  // One expression gives them all.
        let members = given?.objectValue ?? [:]
        for input in declared where input.defaultValue == nil && members[input.name] == nil {
            sink.report(.wrongInterface, at: place ?? value, "`\(name)` needs the input `\(input.name)`")
        }
        let whole = value
        for (key, value) in members.members.map({ ($0.key, $0.value) }) {
            let at = place?.member(key) ?? place ?? whole
            guard let input = declared.first(where: { $0.name == key }) else {
                let suggestion = sink.suggestion(for: key, among: declared.map(\.name))
                sink.report(.wrongInterface, at: at, "`\(name)` has no input `\(key)`\(suggestion)")
                continue
            }
            guard !value.text.contains("${"), let schema = try? JSONSchema(input.schema) else { continue }
            for violation in schema.validate(value) {
                sink.report(.wrongInterface, at: at, "input `\(key)` of `\(name)`: \(violation)")
            }
        }
    }
}
