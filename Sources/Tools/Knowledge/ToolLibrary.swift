// Baton
// SPDX-License-Identifier: Apache-2.0

public import Engine
public import Knowledge
public import Model
internal import Threads

/// The documents that a call may search: those that whoever the run belongs to sees.
public struct ToolLibrary: Sendable {
    let library: Library
    let visibility: Visibility
    let owner: Ownership

    /// - Parameter owner: Whose the run is. Who makes a run that is nobody's has the data folder, as has `local`.
    public init(_ library: Library, for owner: Ownership) {
        (self.library, self.owner) = (library, owner)
        let projects = owner.project.map { [$0] } ?? []
        visibility = .shared(in: owner.tenant, viewer: owner.owner ?? "local", projects: projects)
    }
}

extension ToolLibrary {
    private static let threads = BlockingThreads(named: "library", count: 2)

    /// Asks the library on a thread that may block.
    static func ask<Value: Sendable>(
        _ body: @escaping @Sendable () throws(LibraryError) -> Value
    ) async throws(TaskError) -> Result<Value, LibraryError> {
        do {
            return try await threads.run {
                do throws(LibraryError) { return .success(try body()) } catch { return .failure(error) }
            }
        } catch {
            throw .cancelled
        }
    }
}

extension ExecutionSettings {
    /// What is known in the project of a run, for its agents; `nil` when that is nothing.
    ///
    /// - Throws: `tool.failed` when it cannot be read, `cancelled`.
    public func knowledge(for assignment: Assignment) async throws(TaskError) -> String? {
        guard let library, let project = assignment.ownership.project else { return nil }
        let tenant = assignment.ownership.tenant
        let result = try await ToolLibrary.ask { () throws(LibraryError) in
            try library.block(of: project, in: tenant)
        }
        switch result {
        case .success(let block): return block
        case .failure(let error):
            throw .failed("what is known in the project cannot be read: \(error.message)", .transient)
        }
    }
}
