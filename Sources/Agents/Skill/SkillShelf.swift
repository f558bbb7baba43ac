// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON
public import Model
import Text

/// All skills by name.
public struct SkillShelf: Sendable {
    private let skills: [String: Skill]

    /// These skills; of two with one name the last counts.
    public init(_ skills: [Skill]) {
        self.skills = Dictionary(skills.map { ($0.name, $0) }) { $1 }
    }

    /// Those that come with the program, some of them replaced, and more.
    public static func builtIn(adding more: [Skill] = []) -> SkillShelf { SkillShelf(BuiltInSkills.all + more) }

    /// The skill of a name; `nil` when there is none.
    public subscript(_ name: String) -> Skill? { skills[name] }

    /// Sorted by name.
    public var all: [Skill] { skills.values.sorted { $0.name < $1.name } }

    /// All skills without their instructions, as the API has them.
    public var list: [JSONValue] { all.map { .object($0.json) } }

    /// A skill with its instructions; `nil` when there is none of that name.
    public func show(_ name: String) -> JSONValue? {
        guard let skill = skills[name] else { return nil }
        var json = skill.json
        json["instructions"] = .string(skill.instructions)
        return .object(json)
    }

    /// The skill of a name.
    ///
    /// - Throws: `skill.unavailable` with the nearest name.
    public func skill(_ name: String) throws(TaskError) -> Skill {
        if let skill = skills[name] { return skill }
        throw TaskError(
            code: "skill.unavailable",
            errorClass: .permanent,
            message: "there is no skill \"\(name)\"" + (nearestName(to: name).map { "; did you mean \($0)?" } ?? "")
        )
    }

    /// The name that a wrong one was probably meant to be.
    public func nearestName(to name: String) -> String? {
        var speller = Speller()
        return speller.nearest(to: name, among: skills.keys.sorted())
    }

    /// The arguments of a call that is made with a skill, outside of a task: with its defaults, and what holds for them checked.
    ///
    /// - Throws: `skill.unavailable`, `skill.constraint`.
    public func apply(_ name: String, to tool: String, _ arguments: JSONObject) throws(TaskError) -> JSONObject {
        let skill = try skill(name)
        let filled = skill.filled(.object(arguments), for: tool)
        if let reason = skill.constraints.lazy.compactMap({ $0.refusal(of: tool, filled, after: []) }).first {
            throw TaskError(code: "skill.constraint", errorClass: .permanent, message: "\(skill.name): \(reason)")
        }
        if skill.confirmations[tool] != nil {
            throw TaskError(
                code: "skill.constraint",
                errorClass: .permanent,
                message: "\(skill.name): a person approves each call of \(tool), so call it in a run"
            )
        }
        return filled.objectValue ?? arguments
    }
}

extension Skill {
    /// The tools whose calls a person approves, and how that is said.
    var confirmations: [String: String] {
        constraints.reduce(into: [:]) { tools, constraint in
            guard case .requireConfirmation(let tool) = constraint else { return }
            tools[tool] = "require_confirmation of the skill \(name)"
        }
    }

    /// The arguments with its defaults where there are none.
    func filled(_ arguments: JSONValue, for tool: String) -> JSONValue {
        guard let own = defaults[tool], var object = arguments.objectValue else { return arguments }
        for member in own.members where object[member.key] == nil { object[member.key] = member.value }
        return .object(object)
    }

    /// What a model is told of it.
    var text: String {
        switch disclosure {
        case .full: "## Skill: \(name)\n\n\(summary)\n\n\(instructions)"
        case .summary:
            "## Skill: \(name)\n\n\(summary)\n\nCall skill_read with its name before you begin: it has the instructions."
        }
    }
}

/// The files of `Skills`, as they were when the program was built.
enum BuiltInSkills {
    static let all: [Skill] = files.map { name, text in
        do {
            return try Skill(text, fileName: name, from: .builtIn)
        } catch {
            preconditionFailure("\(error)")
        }
    }

    private static let files: [(String, [UInt8])] = [
        ("documentation.md", PackageResources.documentation_md), ("networking.md", PackageResources.networking_md),
        ("python_debugging.md", PackageResources.python_debugging_md),
        ("rust_optimization.md", PackageResources.rust_optimization_md),
        ("security_audit.md", PackageResources.security_audit_md), ("systemd.md", PackageResources.systemd_md),
        ("tdd_workflow.md", PackageResources.tdd_workflow_md),
    ]
}
