// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON

extension Registry {
    /// Something of everything that documents can refer to, all of it known.
    static var full: Registry {
        var registry = Registry.sample
        for name in ["shell.exec", "fs.read", "fs.write", "fs.list", "git.diff"] {
            registry.tools[name] = try? Tool(name: name, input: ["type": "object"])
        }
        registry.agents = [
            "analyst": Agent(), "judge": Agent(), "validator": Agent(), "claude-code": Agent(),
            "writer": Agent(capabilities: ["writing"], tools: ["echo"], operations: ["draft"]),
            "guarded": Agent(
                capabilities: ["review"],
                tools: ["echo", "notify.send"],
                forbiddenTools: ["notify.send"]
            ),
        ]
        registry.functions = ["json.parse"]
        registry.skills = ["tdd"]
        registry.queues = ["gpu"]
        registry.roles = ["approver"]
        registry.secrets = ["token"]
        let text = "workflow: child\ninputs: {n: {type: number}}\nnodes: [{id: a, type: gate}]"
        let child = Compiler(registry: .sample).compile(text: Array(text.utf8), fileName: "a.yaml").graph
        registry.workflows = { name in
            guard let child, ["child", "deep"].contains(name) else { return nil }
            return Interface(
                hash: child.hash,
                inputs: child.inputs,
                outputs: ["sum"],
                depth: name == "deep" ? 9 : 1
            )
        }
        registry.absentTools = ["docker_build", "container.*"]
        registry.executors.remove(.signal)
        registry.unsupportedKeys = ["node.cache"]
        return registry
    }
}
