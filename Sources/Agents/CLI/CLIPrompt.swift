// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Tools

/// What the program of an agent is told.
enum CLIPrompt {
    /// The whole task.
    static func first(_ task: AgentTask, in tree: WorkTree? = nil) -> String {
        var parts = [task.record.instructions]
        if let thread = task.thread?.text { parts.append(thread) }
        parts.append(task.opening)
        if let tree { parts.append(place(tree)) }
        if !task.guidance.isEmpty { parts.append(guidance(task)) }
        parts += task.feedback.map(AgentMachine.words)
        parts.append(ending(task))
        return parts.joined(separator: "\n\n")
    }

    /// For a session that has the task already.
    static func again(_ task: AgentTask, in tree: WorkTree? = nil) -> String {
        var parts = ["You were interrupted. Look at what is done already, and go on with the task."]
        if let tree { parts.append(place(tree)) }
        if !task.guidance.isEmpty { parts.append(guidance(task)) }
        parts += task.feedback.map(AgentMachine.words)
        parts.append(ending(task))
        return parts.joined(separator: "\n\n")
    }

    private static func guidance(_ task: AgentTask) -> String {
        "People said about earlier attempts, the newest last:\n"
            + task.guidance.map { "- \($0)" }.joined(separator: "\n")
    }

    private static func place(_ tree: WorkTree) -> String {
        """
        The current folder is a git working tree of your own, on the branch \(tree.branch), which began at the commit \(tree.base). \
        Work there, stay on that branch, and commit, or leave your changes: what is not committed at the end is committed for \
        you, but for ignored files. There is no remote to push to; the commits are taken from here.
        """
    }

    /// How a result is told.
    private static func ending(_ task: AgentTask) -> String {
        let value =
            task.output.source.map { "a JSON value that satisfies this JSON Schema:\n\($0.text)\n" }
            ?? #"a JSON object such as {"success": true, "summary": "…"}."#
        return """
            When you are done, end your last message with <result>…</result>; between the tags stands nothing but \(value)
            If you cannot do the task, end it with <result>{"success": false, "reason": "…"}</result>.
            """
    }
}
