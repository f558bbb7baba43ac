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

    /// The agent of an id; `nil` when there is none.
    public subscript(_ id: String) -> AgentRecord? { records[id] }

    /// Sorted by id.
    public var all: [AgentRecord] { records.values.sorted { $0.id < $1.id } }

    /// The agent of an id.
    ///
    /// - Throws: `agent.unavailable` with the nearest id.
    public func record(_ id: String) throws(TaskError) -> AgentRecord {
        if let record = records[id] { return record }
        let nearest = nearestID(to: id)
        throw TaskError(
            code: "agent.unavailable",
            errorClass: .permanent,
            message: "there is no agent \"\(id)\"" + (nearest.map { "; did you mean \($0)?" } ?? "")
        )
    }
}

extension AgentRoster {
    /// The id that a wrong one was probably meant to be.
    public func nearestID(to id: String) -> String? {
        var speller = Speller()
        return speller.nearest(to: id, among: all.map(\.id))
    }
}

/// The files of `Roles`, as they were when the program was built.
enum BuiltInRoles {
    static let all: [AgentRecord] = files.map { name, text in
        do {
            return try AgentRecord(text, fileName: name, from: .builtIn)
        } catch {
            preconditionFailure("\(error)")
        }
    }

    private static let files: [(String, [UInt8])] = [
        ("analyst.md", PackageResources.analyst_md), ("architect.md", PackageResources.architect_md),
        ("backend_architect.md", PackageResources.backend_architect_md),
        ("claude-code.md", PackageResources.claude_code_md), ("codex.md", PackageResources.codex_md),
        ("context_manager.md", PackageResources.context_manager_md), ("memory.md", PackageResources.memory_md),
        ("debugger.md", PackageResources.debugger_md), ("deployment.md", PackageResources.deployment_md),
        ("implementer.md", PackageResources.implementer_md),
        ("integrator.md", PackageResources.integrator_md), ("judge.md", PackageResources.judge_md),
        ("noop.md", PackageResources.noop_md), ("planner.md", PackageResources.planner_md),
        ("product_owner.md", PackageResources.product_owner_md), ("python_pro.md", PackageResources.python_pro_md),
        ("qa.md", PackageResources.qa_md), ("reasoner.md", PackageResources.reasoner_md),
        ("rust_pro.md", PackageResources.rust_pro_md),
        ("search_specialist.md", PackageResources.search_specialist_md),
        ("security_auditor.md", PackageResources.security_auditor_md),
        ("sequential_thinking.md", PackageResources.sequential_thinking_md),
        ("swift_pro.md", PackageResources.swift_pro_md), ("validator.md", PackageResources.validator_md),
    ]
}
