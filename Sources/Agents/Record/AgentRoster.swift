// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model
import Text

/// All agents by id.
public struct AgentRoster: Sendable {
    private let records: [String: AgentRecord]

    /// The agents of these records; of two with one id the last counts.
    public init(_ records: [AgentRecord]) {
        self.records = Dictionary(records.map { ($0.id, $0) }) { $1 }
    }

    /// The roles that come with the program, some of them replaced, and more.
    public static func builtIn(adding more: [AgentRecord] = []) -> AgentRoster { AgentRoster(BuiltInRoles.all + more) }

    /// Sorted by id.
    public var all: [AgentRecord] { records.values.sorted { $0.id < $1.id } }

    /// The agent of an id.
    ///
    /// - Throws: `agent.unavailable` with the nearest id.
    public func record(_ id: String) throws(TaskError) -> AgentRecord {
        if let record = records[id] { return record }
        var speller = Speller()
        let nearest = speller.nearest(to: id, among: records.keys.sorted())
        throw TaskError(
            code: "agent.unavailable",
            errorClass: .permanent,
            message: "there is no agent \"\(id)\"" + (nearest.map { "; did you mean \($0)?" } ?? "")
        )
    }
}

/// The files of `Roles`, as they were when the program was built.
enum BuiltInRoles {
    static let all: [AgentRecord] = files.map { name, text in
        do {
            return try AgentRecord(text, fileName: name)
        } catch {
            preconditionFailure("\(error)")
        }
    }

    private static let files: [(String, [UInt8])] = [
        ("analyst.md", PackageResources.analyst_md), ("architect.md", PackageResources.architect_md),
        ("claude-code.md", PackageResources.claude_code_md), ("codex.md", PackageResources.codex_md),
        ("debugger.md", PackageResources.debugger_md), ("implementer.md", PackageResources.implementer_md),
        ("integrator.md", PackageResources.integrator_md), ("judge.md", PackageResources.judge_md),
        ("noop.md", PackageResources.noop_md), ("planner.md", PackageResources.planner_md),
        ("qa.md", PackageResources.qa_md), ("reasoner.md", PackageResources.reasoner_md),
        ("security_auditor.md", PackageResources.security_auditor_md),
        ("validator.md", PackageResources.validator_md),
    ]
}
