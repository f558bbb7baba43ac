// Baton
// SPDX-License-Identifier: Apache-2.0

import Agents
import BatonClient
import Definition
import JSON
import Store

/// `baton agent …`: who can work on tasks.
enum AgentCommands {
    static let group: CommandDescription = .init(
        name: "agent",
        summary: "List agents, show what they can do and how they are, and edit what they are told",
        discussion: """
            Agents come with the program, and from the folder that the setting agents.dir names; what is edited goes before both.
            What they do now is known to the
            server or command in which they work: without a server nothing is under way.
            """,
        children: [list, show, match] + PromptCommands.agents
    )

    private static let list: CommandDescription = .init(
        name: "list",
        summary: "List agents and how they are",
        discussion: """
            STATUS is running (takes work), busy (works on as much as it may), error (failed five times in a row and is left alone
            for a minute) or stopped (switched off).
            """,
        options: [
            OptionDescription(name: "capability", kind: .text("WORD"), summary: "only those that have it")
        ],
        examples: [
            .init(line: "baton agent list", comment: "all of them"),
            .init(line: "baton agent list --capability rust", comment: "who knows Rust?"),
        ],
        exits: [.unavailable],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        var agents = try agents(context)
        if let wanted = context.invocation.text("capability") {
            agents = agents.filter { $0["capabilities"]?.arrayValue?.contains(.string(wanted)) == true }
        }
        var table = Table([
            .init(title: "AGENT"), .init(title: "STATUS", paint: .status), .init(title: "WORKS", isNumber: true),
            .init(title: "DID", isNumber: true), .init(title: "WELL", isNumber: true),
            .init(title: "USD", isNumber: true),
            .init(title: "TIER"), .init(title: "WHAT IT DOES"),
        ])
        for agent in agents {
            let live = agent["live"]
            table.add([
                agent["id"]?.stringValue ?? "", live?["status"]?.stringValue ?? "", live?["running"]?.text ?? "",
                live?["executions"]?.text ?? "", percent(live?["success_rate"]), live?["spent_usd"]?.stringValue ?? "",
                agent["tier"]?.stringValue ?? "", agent["summary"]?.stringValue ?? "",
            ])
        }
        context.console.show(agents, table)
        return .ok
    }

    private static let show: CommandDescription = .init(
        name: "show",
        summary: "Show an agent: what it can do, its operations, its tools, its instructions",
        arguments: [ArgumentDescription(name: "AGENT", summary: "its id, as nodes name it")],
        examples: [.init(line: "baton agent show analyst", comment: "what is it told?")],
        exits: [.notFound, .unavailable],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let id = context.invocation.word("AGENT")
        let agent: JSONValue
        if let server = try context.server() {
            agent = try server.get(APIRequest.path("v1", "agents", id))
        } else {
            let registry = try toolbox(context).agents
            guard let found = registry.show(id) else {
                let guess = registry.roster.nearestID(to: id).map { "did you mean `\($0)`?" }
                throw .notFound("there is no agent `\(id)`", hint: guess ?? "`baton agent list` shows them")
            }
            agent = found
        }
        context.console.show(agent) { text(of: agent) }
        return .ok
    }

    private static let match: CommandDescription = .init(
        name: "match",
        summary: "Show who would be chosen for what is wanted, and why",
        discussion: """
            As nodes with `match` choose: the best for what is still open, and again, until everything is covered or there are
            as many as may be. SCORE is the sum of the terms that -o json shows.
            """,
        arguments: [ArgumentDescription(name: "CAPABILITY", summary: "all of it has to be covered", count: .many)],
        options: [
            OptionDescription(name: "prefer", kind: .text("AGENT"), summary: "one that is preferred", isRepeated: true),
            OptionDescription(name: "max", kind: .number("N", 1...10), summary: "the most agents", defaultValue: "1"),
        ],
        examples: [
            .init(line: "baton agent match rust testing", comment: "who can do both?"),
            .init(line: "baton agent match rust security --max 2", comment: "or two together"),
        ],
        exits: [.notFound, .unavailable],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let invocation = context.invocation
        let capabilities = invocation.words["CAPABILITY"] ?? []
        let (preferred, limit) = (invocation.texts("prefer"), invocation.number("max") ?? 1)
        let found: JSONValue
        if let server = try context.server() {
            found = try server.post(
                "/v1/agents/match",
                [
                    "capabilities": .array(capabilities.map(JSONValue.string)),
                    "prefer": .array(preferred.map(JSONValue.string)), "max_agents": .int(Int64(limit)),
                ]
            )
        } else {
            let wanted = Graph.Team.Match(capabilities: capabilities, preferred: preferred, limit: limit)
            found = try toolbox(context).agents.match(wanted)
        }
        context.console.show(found) { text(ofMatch: found) }
        return found["missing"] == [] ? .ok : .notFound
    }

    private static func text(ofMatch found: JSONValue) -> String {
        func words(_ value: JSONValue?) -> String {
            (value?.arrayValue ?? []).compactMap(\.stringValue).joined(separator: ", ")
        }
        let scores = (found["scores"]?.arrayValue ?? []).map { score in
            let number = score["score"]?.doubleValue.map { String(Int($0.rounded())) } ?? ""
            return "\(score["agent"]?.stringValue ?? ""): \(words(score["covers"])), score \(number)"
        }
        let missing = words(found["missing"])
        return (scores + (missing.isEmpty ? [] : ["nobody covers \(missing)"])).joined(separator: "\n") + "\n"
    }

    /// As the API has them.
    private static func agents(_ context: CommandContext) throws(CommandFailure) -> [JSONValue] {
        if let server = try context.server() { return try server.items("/v1/agents") }
        return try toolbox(context).agents.list
    }

    /// With the agents and skills that are in force in the data folder.
    static func toolbox(_ context: CommandContext) throws(CommandFailure) -> Toolbox {
        let toolbox = try Toolbox(try SettingsReader.read(context), context)
        try SecuritySession.reading(context) { store throws(CommandFailure) in
            try storeCall { () throws(StoreError) in try PromptDesk(store: store, agents: toolbox.agents).load() }
        }
        return toolbox
    }

    private static func percent(_ rate: JSONValue?) -> String {
        rate?.doubleValue.map { "\(Int(($0 * 100).rounded())) %" } ?? ""
    }

    /// Where its text comes from.
    static func origin(of agent: JSONValue) -> String {
        switch agent["source"]?.stringValue {
        case "edited": "edited, version \(agent["version"]?.text ?? "")"
        case "file": "from its file"
        default: "comes with the program"
        }
    }

    private static func text(of agent: JSONValue) -> String {
        func word(_ key: String) -> String { agent[key]?.stringValue ?? "" }
        func words(_ key: String) -> String {
            let words = agent[key]?.arrayValue?.compactMap(\.stringValue) ?? []
            return words.isEmpty ? "none" : words.joined(separator: ", ")
        }
        let live = agent["live"]
        var lines = ["\(word("id")): \(word("summary"))", ""]
        var rows = [
            ("status", live?["status"]?.stringValue ?? ""), ("circuit", live?["circuit"]?["state"]?.stringValue ?? ""),
            ("executions", live?["executions"]?.text ?? ""), ("capabilities", words("capabilities")),
            ("tools", words("tools")), ("tier", word("tier")), ("at a time", agent["max_concurrent"]?.text ?? ""),
            ("text", origin(of: agent)),
        ]
        let rate = percent(live?["success_rate"])
        if !rate.isEmpty { rows.insert(("went well", rate), at: 3) }
        if agent["model"] != nil { rows.append(("model", word("model"))) }
        lines += rows.map { $0.0 + String(repeating: " ", count: 14 - $0.0.count) + $0.1 }
        let operations = agent["operations"]?.objectValue ?? [:]
        if !operations.isEmpty {
            lines += ["", "operations:"]
            for member in operations.members {
                let arguments =
                    member.value["properties"]?.objectValue?.members.map(\.key).joined(separator: ", ") ?? ""
                let what = member.value["description"]?.stringValue ?? ""
                lines.append("  \(member.key)(\(arguments)): \(what)")
            }
        }
        lines += ["", "instructions:", word("instructions")]
        return lines.joined(separator: "\n") + "\n"
    }
}
