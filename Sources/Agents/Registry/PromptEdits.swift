// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Model
public import Store

/// Texts that administrators gave agents and skills in place of those of their files (spec 8.10).
///
/// They stand over what there is: an agent or a skill whose file is gone is gone, and its edit counts again when it comes back.
public struct PromptEdits: Sendable {
    private var records: [PromptName: PromptRecord] = [:]
    /// What cannot be read, because a program of another version wrote it; the files count there.
    public private(set) var problems: [String] = []

    /// No edits.
    public init() {}

    /// Those that are stored, the newest versions with their texts.
    public init(_ rows: [PromptVersionRow]) {
        for row in rows {
            guard let name = PromptName(row.name), let text = row.text else {
                problems.append("\(row.name): version \(row.version) has no text")
                continue
            }
            do throws(AgentRecordError) {
                records[name] = try PromptRecord(text, of: name, version: row.version)
            } catch {
                problems.append("\(name): version \(row.version) cannot be read: \(error)")
            }
        }
    }

    /// Another text; `nil` for that of the file.
    mutating func set(_ name: PromptName, _ record: PromptRecord?) { records[name] = record }

    func over(_ roster: AgentRoster) -> AgentRoster {
        AgentRoster(
            roster.all.map { record in
                guard case .agent(let edited) = records[PromptName(.agent, record.id)] else { return record }
                return edited
            }
        )
    }

    func over(_ shelf: SkillShelf) -> SkillShelf {
        SkillShelf(
            shelf.all.map { skill in
                guard case .skill(let edited) = records[PromptName(.skill, skill.name)] else { return skill }
                return edited
            }
        )
    }
}
