// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import Engine
internal import JSON
internal import Model

extension RunState {
    /// How an ended call went (spec 8.13): `{mode, success, content, trace, skills, agents, duration_ms, execution_id}`.
    func execution(_ mode: String, _ name: String, agents: [String] = [], skills: [String] = []) -> JSONValue {
        let isTool = mode != "workflow" && mode != "workstack"
        let output = outputs?.value ?? .null
        var json: JSONObject = [
            "mode": .string(mode), "success": .bool(status == .completed),
            "content": status == .completed ? (isTool ? output["result"] ?? .null : output) : .null,
        ]
        // What a tool says of its own failure, without that it was a run.
        let failure = isTool ? allTasks.compactMap { self[$0].error }.first ?? error : error
        json["error"] = failure?.json
        json["trace"] = .array(trace(mode == "tool" || mode == "skill" ? name : nil))
        json["skills"] = .array(skills.map(JSONValue.string))
        json["agents"] = .array(agents.map(JSONValue.string))
        json["duration_ms"] = .int(endedAt.map { ($0 - createdAt).milliseconds } ?? 0)
        json["execution_id"] = .string(id.description)
        return .object(json)
    }

    /// The tasks of the graph that began, in the order in which they did.
    private func trace(_ tool: String?) -> [JSONValue] {
        let begun = allTasks.filter { self[$0].startedAt != nil }.sorted {
            (self[$0].startedAt ?? createdAt, $0) < (self[$1].startedAt ?? createdAt, $1)
        }
        return begun.prefix(1000).enumerated().map { number, task in
            let now = self[task]
            let took = now.endedAt.flatMap { end in now.startedAt.map { (end - $0).milliseconds } }
            let summary = now.error?.message ?? now.output?.value.text ?? now.status.rawValue
            return [
                "n": .int(Int64(number + 1)), "type": .string(node(task).kind.name),
                "name": .string(tool ?? taskName(of: task).description), "ok": .bool(now.status == .completed),
                "ms": .int(took ?? 0), "summary": .string(String(summary.prefix(200))),
            ]
        }
    }
}
