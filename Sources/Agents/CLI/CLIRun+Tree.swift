// Baton
// SPDX-License-Identifier: Apache-2.0

import Engine
import JSON
import Model
import Threads
import Tools

/// Work in a working tree of a repository.
extension CLIRun {
    /// The program works in a tree from now on, if its node names a repository.
    mutating func openTree(_ context: inout ToolContext) async throws(TaskError) {
        guard let repository = task.repository else { return }
        let wish = WorkTree.Wish(
            repository: repository,
            base: task.base,
            key: assignment.idempotencyKey,
            author: task.record.id,
            permission: task.permission
        )
        let tree = try await WorkTree.open(wish, context)
        gitContext = tree.forGit(context, task.permission)
        tree.enter(&context)
        self.tree = tree
    }

    /// The output with where the work is, once it is there. A value by a schema stays as it is.
    func delivered(_ output: JSONValue, _ log: inout [String]) async throws(TaskError) -> JSONValue {
        guard let tree, let gitContext else { return output }
        let delivery = try await tree.deliver(task.title, isFinished: true, gitContext)
        log += delivery.lines
        guard task.output.source == nil, var object = output.objectValue else { return output }
        object["repository"] = delivery.json
        return .object(object)
    }

    /// What an attempt left that came to nothing is brought to safety, as far as that is possible.
    func saveUnfinished(after error: TaskError, _ log: inout [String]) async {
        guard let tree, let gitContext, error.code != "agent.repository", !cancellation.isCancelled else { return }
        do throws(TaskError) {
            log += try await tree.deliver(task.title, isFinished: false, gitContext).lines
        } catch {
            log.append("the work is still in the working tree only: \(error)")
        }
    }
}
