// Baton
// SPDX-License-Identifier: Apache-2.0

public import AgentMemory
public import Model
internal import Store
internal import Threads

/// What a call may note down, and where: the notes of the run or session it belongs to, of its project, and of its agent.
public struct NoteAccess: Sendable {
    /// Threads that wait for the disk.
    static let threads = BlockingThreads(named: "notes", count: 2)

    let notebook: Notebook
    /// Whose the run is.
    let ownership: Ownership
    let run: RunID
    let node: String
    /// The session that the agent works in.
    public var session: String?
    /// The agent that calls.
    public var agent: String?

    /// Access for the calls of a node.
    public init(_ notebook: Notebook, run: RunID, of ownership: Ownership, node: String) {
        (self.notebook, self.run, self.ownership, self.node) = (notebook, run, ownership, node)
    }

    /// - Throws: `validation.failed` for a scope that the call has not.
    func place(_ scope: String) throws(TaskError) -> NotePlace {
        switch scope {
        case "project":
            guard let project = ownership.project else {
                throw .argument("scope", "is project, and the run belongs to no project")
            }
            return NotePlace(tenant: ownership.tenant, scope: .project, holder: project)
        case "agent":
            guard let agent else { throw .argument("scope", "is agent, and no agent makes this call") }
            return NotePlace(
                tenant: ownership.tenant,
                scope: .agent,
                holder: agent,
                owner: NotePlace.owner(ownership.owner)
            )
        default:
            guard let session else {
                return .run(run, of: ownership)
            }
            return NotePlace(tenant: ownership.tenant, scope: .session, holder: session)
        }
    }

    /// Who writes.
    var author: String { "\(run)/\(node)" + (agent.map { " (\($0))" } ?? "") }
}
