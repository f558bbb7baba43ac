// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import JSON
internal import Model

/// Other configuration for nodes of a run that goes on from another one (spec 6.6).
extension PatchPreparation {
    /// The patch that gives nodes of the graph itself other configuration, and the document that comes of it. Blocks for
    /// as long as compiling takes.
    ///
    /// - Parameter changes: Keys of `config`, by node; null takes one away.
    /// - Throws: `invalid` for unknown nodes and configuration that does not compile; `conflict` when there is no document.
    func configure(
        _ changes: [String: JSONObject],
        _ state: RunState,
        by actor: String
    ) throws(EngineError) -> (patch: AppliedPatch, document: [UInt8]) {
        guard let compiler else {
            throw EngineError(.conflict, "no graph can be compiled here, so no configuration can be changed")
        }
        let document = try document(of: state)
        let operations = JSONValue.array(try operations(changes, on: document, state))
        var progress = state.patchProgress(of: nil)
        // What has begun begins anew; what has ended is refused with the fork.
        progress.started = []
        let graph = state.graph.definition
        let checked = RunPatch(compiler: compiler, limits: limits)
            .check(operations, on: document, graph, base: progress.sequence, by: .person, progress)
        guard let change = checked.change else {
            let findings = checked.diagnostics.filter { $0.severity == .error }
                .map { "\($0.code.rawValue) \($0.message)" }
            throw EngineError(.invalid, "the configuration does not compile: \(findings.joined(separator: "; "))")
        }
        let details = PatchDetails(
            number: state.patches.last + 1,
            author: actor,
            summary: "other configuration of a fork",
            operations: Payload(inline: operations),
            base: progress.sequence,
            key: "configuration"
        )
        let nodes = GraphChange(from: graph, to: change.graph)
        let made = PatchChange(graph: change.graph.hash, changed: nodes.changed)
        return (AppliedPatch(details: details, change: made, definition: change.graph), change.document.bytes())
    }

    private func operations(
        _ changes: [String: JSONObject],
        on document: JSONValue,
        _ state: RunState
    ) throws(EngineError) -> [JSONValue] {
        var result: [JSONValue] = []
        func change(_ operation: String, _ path: String, _ value: JSONValue? = nil) {
            var json: JSONObject = ["op": .string(operation), "path": .string(path)]
            json["value"] = value
            result.append(.object(json))
        }
        for (node, keys) in changes.sorted(by: { $0.key < $1.key }) {
            guard let written = document["nodes"]?.arrayValue?.first(where: { $0["id"]?.stringValue == node }) else {
                throw EngineError(.invalid, "there is no node `\(node)` in the document of \(state.id)")
            }
            let config = "/nodes/@\(node)/config"
            if written["config"]?.objectValue == nil { change("add", config, [:]) }
            for member in keys.members {
                let path = "\(config)/\(member.key.replacing("~", with: "~0").replacing("/", with: "~1"))"
                if member.value != .null {
                    change("add", path, member.value)
                } else if written["config"]?[member.key] != nil {
                    change("remove", path)
                }
            }
        }
        return result
    }
}
