// Baton
// SPDX-License-Identifier: Apache-2.0

public import Engine
public import Knowledge
public import Model

/// The documents that a call may search: those that whoever the run belongs to sees.
public struct ToolLibrary: Sendable {
    let search: LibrarySearch
    let visibility: Visibility
    let payer: PaidCaller
    var owner: Ownership { payer.ownership }

    /// - Parameters:
    ///   - owner: Whose the run is. Who makes a run that is nobody's has the data folder, as has `local`.
    ///   - run: The run of the task that asks, and the name of that task; it pays for vectors.
    public init(_ search: LibrarySearch, for owner: Ownership, run: RunID? = nil, task: String? = nil) {
        self.search = search
        payer = PaidCaller(owner, run: run, task: task)
        let projects = owner.project.map { [$0] } ?? []
        visibility = .shared(in: owner.tenant, viewer: owner.owner ?? "local", projects: projects)
    }
}

extension ExecutionSettings {
    /// What is known in the project of a run, for its agents; `nil` when that is nothing.
    ///
    /// - Throws: `tool.failed` when it cannot be read.
    public func knowledge(for assignment: Assignment) async throws(TaskError) -> String? {
        guard let library, let project = assignment.ownership.project else { return nil }
        let tenant = assignment.ownership.tenant
        do throws(LibraryError) {
            return try await library.ask { library throws(LibraryError) in
                try library.block(of: project, in: tenant)
            }
        } catch {
            throw .failed("what is known in the project cannot be read: \(error.message)", .transient)
        }
    }
}
