// Baton
// SPDX-License-Identifier: Apache-2.0

import BatonClient
import JSON

/// `baton thinking …`: what agents wrote down while they thought.
enum ThinkingCommands {
    static let group: CommandDescription = .init(
        name: "thinking",
        summary: "Show the thoughts that agents of a run wrote down",
        children: [show]
    )

    private static let show: CommandDescription = .init(
        name: "show",
        summary: "Show thoughts by number, and the branches they are in",
        arguments: [RunCommands.run],
        options: [
            OptionDescription(name: "branch", kind: .text("NAME"), summary: "only what led to the end of that branch")
        ],
        examples: [
            .init(line: "baton thinking show last", comment: "of the newest run"),
            .init(line: "baton thinking show last --branch main", comment: "one line of thought"),
        ],
        exits: [.notFound, .unavailable],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let branch = context.invocation.text("branch")
        let answer: JSONValue
        if let server = try context.server() {
            let path = APIRequest.path("v1", "runs", try server.run(), "thinking")
            answer = try server.get(path, branch.map { [(name: "branch", value: $0)] } ?? [])
        } else {
            var arguments = JSONObject()
            arguments["branch"] = branch.map(JSONValue.string)
            answer = try NoteTarget(run: context.invocation.word("RUN"), context).perform("thinking.list", arguments)
        }
        context.console.show(answer) { text(of: answer["items"]?.arrayValue ?? []) }
        return .ok
    }

    private static func text(of thoughts: [JSONValue]) -> String {
        guard !thoughts.isEmpty else { return "no thoughts\n" }
        return thoughts.map { thought in
            let branch = thought["branch"]?.stringValue ?? ""
            let parent = thought["parent"]?.intValue.map { ", after \($0)" } ?? ""
            let sure = thought["confidence"]?.doubleValue.map { ", \(Int(($0 * 100).rounded())) %" } ?? ""
            let head =
                "\(thought["number"]?.text ?? "") \(thought["type"]?.stringValue ?? "") (\(branch)\(parent)\(sure))"
            let steps = (thought["steps"]?.arrayValue ?? []).compactMap(\.stringValue).enumerated()
                .map { "    \($0 + 1). \($1)" }
            let words = (thought["text"]?.stringValue ?? "").split(separator: "\n").map { "  \($0)" }
            return ([head] + words + steps).joined(separator: "\n") + "\n"
        }.joined()
    }
}
