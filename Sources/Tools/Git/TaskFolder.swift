// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Where what an agent keeps between the attempts of a task lies: beside the workspace of the run, so that nothing of it is
/// in there.
public struct TaskFolder: Sendable, Hashable {
    /// That of all tasks of the run.
    public let parent: String
    /// That of the task.
    public let path: String

    /// The working tree, if the task has one.
    var tree: String { "\(path)/tree" }
    /// A tree that is being made.
    var making: String { "\(path)/making" }
    /// Where commits lie on their way to the repository.
    var pack: String { "\(path)/pack" }
    /// There as long as the tree may hold work that is nowhere else.
    var unsaved: String { "\(path)/\(Self.unsavedName)" }
    /// Of which repository the tree is.
    var record: String { "\(path)/repository" }

    /// The name of the file in a task's folder that keeps it from being removed.
    public static let unsavedName = "unsaved"

    /// Names the folder; makes nothing.
    ///
    /// - Parameter key: The idempotency key of the task: `RUN/NODE/…`.
    public init(workspace: String, key: String) {
        let name = key.split(separator: "/").dropFirst().joined(separator: "_")
        let safe = name.map { $0.isLetter || $0.isNumber || "_-.#".contains($0) ? $0 : "_" }
        parent = "\(workspace).agents"
        path = "\(parent)/\(String(safe))"
    }

    /// Says that the tree may hold what is nowhere else.
    func markUnsaved() -> Bool {
        Descriptor(open(unsaved, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)) != nil
    }
}
