// Baton
// SPDX-License-Identifier: Apache-2.0

import Agents
import BatonClient
import JSON

/// `baton skill …`: what agents may be told to do well.
enum SkillCommands {
    static let group: CommandDescription = .init(
        name: "skill",
        summary: "List skills that agents may be given, show what they say, and edit it",
        discussion: """
            Nodes name skills under `skills`. They come with the program, and from the folder that the setting skills.dir names:
            every folder in it with a file SKILL.md is one; what is edited goes before both.
            """,
        children: [list, show] + PromptCommands.skills
    )

    private static let list: CommandDescription = .init(
        name: "list",
        summary: "List skills",
        examples: [.init(line: "baton skill list", comment: "all of them")],
        exits: [.unavailable],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let skills: [JSONValue]
        if let server = try context.server() {
            skills = try server.items("/v1/skills")
        } else {
            skills = try AgentCommands.toolbox(context).agents.skills.list
        }
        var table = Table([
            .init(title: "SKILL"), .init(title: "CATEGORY"), .init(title: "TOOLS"), .init(title: "WHAT IT IS FOR"),
        ])
        for skill in skills {
            table.add([
                skill["name"]?.stringValue ?? "", skill["category"]?.stringValue ?? "", words(skill["tools"]),
                skill["description"]?.stringValue ?? "",
            ])
        }
        context.console.show(skills, table)
        return .ok
    }

    private static let show: CommandDescription = .init(
        name: "show",
        summary: "Show a skill: its tools, what holds for calls, its instructions",
        arguments: [ArgumentDescription(name: "SKILL", summary: "its name, as nodes name it")],
        examples: [.init(line: "baton skill show tdd_workflow", comment: "what does it say?")],
        exits: [.notFound, .unavailable],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let name = context.invocation.word("SKILL")
        let skill: JSONValue
        if let server = try context.server() {
            skill = try server.get(APIRequest.path("v1", "skills", name))
        } else {
            let skills = try AgentCommands.toolbox(context).agents.skills
            guard let found = skills.show(name) else {
                let guess = skills.nearestName(to: name).map { "did you mean `\($0)`?" }
                throw .notFound("there is no skill `\(name)`", hint: guess ?? "`baton skill list` shows them")
            }
            skill = found
        }
        context.console.show(skill) { text(of: skill) }
        return .ok
    }

    private static func words(_ list: JSONValue?) -> String {
        (list?.arrayValue ?? []).compactMap(\.stringValue).joined(separator: ", ")
    }

    private static func text(of skill: JSONValue) -> String {
        func word(_ key: String) -> String { skill[key]?.stringValue ?? "" }
        let constraints = (skill["constraints"]?.arrayValue ?? []).map { "constraint  \($0.text)" }
        let defaults = (skill["defaults"]?.objectValue ?? [:]).members.map { "default     \($0.key) \($0.value.text)" }
        let head = ["\(word("name")): \(word("description"))", "", "tools       \(words(skill["tools"]))"]
        let rest =
            ["disclosure  \(word("disclosure"))", "text        \(AgentCommands.origin(of: skill))"] + defaults
            + constraints + ["", word("instructions")]
        return (head + rest).joined(separator: "\n") + "\n"
    }
}
