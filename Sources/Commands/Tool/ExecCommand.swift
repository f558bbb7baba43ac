// Baton
// SPDX-License-Identifier: Apache-2.0

import BatonClient
import JSON
import Model

/// `baton exec`: one door for what a server can call.
enum ExecCommand {
    static let command: CommandDescription = .init(
        name: "exec",
        summary: "Call a tool, a workflow, an agent or a skill of a server by its name",
        discussion: """
            `workflow_X` and `workstack_X` run what is published as X; `agent_X` asks an agent (prompt, operation, arguments, …);
            `skill_X` calls the tool that the argument `tool` names with a skill; with the argument `coordinate_agents` several agents
            work by a `strategy`; every other name is that of a tool. The call is a run of
            its own, so it has a workspace, a log and an id, and what it does is done once for a --key.
            """,
        arguments: [.init(name: "NAME", summary: "fs.list, workflow_order_check, …")],
        options: ToolCommands.argumentOptions + [
            OptionDescription(
                name: "key",
                kind: .text("KEY"),
                summary: "a repeat with the same key is not carried out again"
            ),
            OptionDescription(
                name: "wait",
                kind: .text("SPAN"),
                summary: "how long the answer is waited for (default: 60s)"
            ),
        ],
        examples: [
            .init(line: "baton exec shell.exec --arg command='uname -a'", comment: "a tool, in the server's sandbox"),
            .init(line: "baton exec workflow_hello --arg name=Ada", comment: "a published workflow"),
            .init(line: "baton exec agent_analyst --arg prompt='What is 3 + 4?'", comment: "an agent"),
        ],
        exits: [.runFailed, .notFound, .unavailable, .denied],
        reach: .server
    ) { context throws(CommandFailure) in
        let server = try context.neededServer()
        let name = context.invocation.word("NAME")
        var schema = JSONValue.null
        let given = try ToolCommands.arguments(context, .null)
        let others = ["workflow_", "workstack_", "agent_", "skill_"]
        if !others.contains(where: name.hasPrefix), given["coordinate_agents"] == nil {
            schema = try server.get(APIRequest.path("v1", "tools", name))["input_schema"] ?? .null
        }
        var body: JSONObject = ["name": .string(name), "arguments": try ToolCommands.arguments(context, schema)]
        body["timeout"] = context.invocation.text("wait").map(JSONValue.string)
        var request = APIRequest("POST", "/v1/execute", json: .object(body))
        request.headers.append(("idempotency-key", context.invocation.text("key") ?? APIClient.makeKey()))
        let patience = context.invocation.text("wait").flatMap { Duration(text: $0) } ?? .seconds(60)
        request.timeout = patience + .seconds(15)
        let answer = try server.send(request)
        context.console.show(answer) {
            if answer["success"] == true { return "\((answer["content"] ?? .null).prettyText)\n" }
            return
                "\(answer["execution_id"]?.stringValue ?? "") failed: \(answer["error"]?["message"]?.stringValue ?? "")\n"
        }
        return answer["success"] == true ? .ok : .runFailed
    }
}
