// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON

/// How something is done well (spec 8.7): instructions for a model, with what holds for its calls of tools meanwhile. Active only
/// in the tasks that name it.
///
/// The text form is `SKILL.md`: Markdown with a front matter.
public struct Skill: Sendable, Hashable {
    /// How much of it a model sees by itself.
    public enum Disclosure: String, Sendable, CaseIterable {
        /// What it is for; the rest is there for the asking.
        case summary
        /// All of it.
        case full
    }

    /// Letters in lower case, digits, `_` and `-`.
    public var name: String
    /// One line.
    public var summary: String
    /// In a word.
    public var category: String = ""
    /// For those who look for it.
    public var tags: [String] = []
    /// Tools that it works with; they are added to those of the agent.
    public var tools: [String] = []
    /// 0 to 100; of several skills the one with the lower number comes first.
    public var priority = 50
    /// How much a model sees.
    public var disclosure = Disclosure.summary
    /// Arguments for tools, by their names, where a call has none.
    public var defaults: [String: JSONObject] = [:]
    /// What holds for calls.
    public var constraints: [SkillConstraint] = []
    /// The text.
    public var instructions: String
    /// Its text form; `nil` for one that was put together otherwise.
    public internal(set) var source: [UInt8]?
    /// Where its text form comes from.
    public internal(set) var origin = PromptOrigin.builtIn

    /// A skill without tools and constraints.
    public init(name: String, summary: String = "", instructions: String) {
        (self.name, self.summary, self.instructions) = (name, summary, instructions)
    }

    /// Its text with where that comes from; `nil` when it has none.
    public var prompt: PromptText? { PromptText(source, origin) }

    /// All of it but the instructions.
    public var json: JSONObject {
        var json: JSONObject = [
            "name": .string(name), "description": .string(summary), "category": .string(category),
            "tags": .array(tags.map(JSONValue.string)), "tools": .array(tools.map(JSONValue.string)),
            "priority": .int(Int64(priority)), "disclosure": .string(disclosure.rawValue),
            "defaults": .object(
                JSONObject(
                    members: defaults.sorted { $0.key < $1.key }.map { .init(key: $0.key, value: .object($0.value)) }
                )
            ),
            "constraints": .array(constraints.map(\.json)),
        ]
        for member in (prompt?.json ?? origin.json).members { json[member.key] = member.value }
        return json
    }
}

extension Skill {
    private static let keys = [
        "name", "description", "category", "tags", "tools", "priority", "disclosure", "defaults", "constraints",
    ]

    /// Reads the text form.
    ///
    /// - Parameter expected: The name that it must have.
    public init(
        _ text: [UInt8],
        fileName: String,
        expecting expected: String? = nil,
        from origin: PromptOrigin = .file
    ) throws(AgentRecordError) {
        let file = try FrontMatter(text, fileName: fileName, known: Self.keys)
        guard let name = try file.word("name") else { throw file.wrong("name", rule: "must be there") }
        if let expected, name != expected { throw file.wrong("name", rule: "must stay \(expected)") }
        guard !file.body.isEmpty else { throw AgentRecordError("\(fileName):1", "has no instructions") }
        self.init(name: name, summary: try file.text("description", limit: 1024) ?? "", instructions: file.body)
        (source, self.origin) = (text, origin)
        category = try file.word("category") ?? ""
        tags = try file.words("tags")
        tools = try file.names("tools")
        priority = try file.number("priority", 0...100) ?? priority
        disclosure = try file.choice("disclosure", Disclosure.self) ?? .summary
        for member in try file.mapping("defaults").members {
            guard let arguments = member.value.objectValue else {
                throw file.wrong("defaults", member.key, rule: "must be a mapping of arguments")
            }
            defaults[member.key] = arguments
        }
        guard let list = file["constraints"] else { return }
        guard let items = list.arrayValue, items.count <= 100 else {
            throw file.wrong("constraints", rule: "must be a list")
        }
        for (index, item) in items.enumerated() {
            switch SkillConstraint.read(item) {
            case .success(let constraint): constraints.append(constraint)
            case .failure(let problem): throw file.wrong("constraints", "\(index)", rule: problem.rule)
            }
        }
    }
}
