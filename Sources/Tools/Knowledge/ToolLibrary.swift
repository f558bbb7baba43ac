// Baton
// SPDX-License-Identifier: Apache-2.0

public import Knowledge
public import Model

/// The documents that a call may search: those that whoever the run belongs to sees.
public struct ToolLibrary: Sendable {
    let library: Library
    let visibility: Visibility

    /// - Parameter owner: Whose the run is. Who makes a run that is nobody's has the data folder, as has `local`.
    public init(_ library: Library, for owner: Ownership) {
        self.library = library
        let projects = owner.project.map { [$0] } ?? []
        visibility = .shared(in: owner.tenant, viewer: owner.owner ?? "local", projects: projects)
    }
}
