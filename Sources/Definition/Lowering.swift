// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import GraphCore
import Hashing
import JSON

/// Turns a checked draft into the graph that the engine interprets.
struct Lowering {
    let context: ReadingContext

    func graph(of draft: WorkflowDraft, _ body: ResolvedBody, kind: DocumentKind, _ source: SourceNode) -> Graph? {
        var json = draft.head
        json["format_version"] = .int(GraphDecoder.formatVersion)
        json["document"] = .string(kind.rawValue)
        json["source_hash"] = .string("sha256:" + SHA256.hex(source.canonicalBytes()))
        json["registry_hash"] = .string(registryHash)
        var lowered = LoweredBody(body, isLastUse: context.inspect == nil)
        if context.optimises {
            var optimiser = Optimiser()
            optimiser.run(&lowered)
            if draft.outputUses.contains(where: \.expression.isConstant), let outputs = json["outputs"] {
                json["outputs"] = optimiser.folding.template(outputs)
            }
        }
        lowered.store(into: &json)
        context.parsed.rewind()
        do {
            return try Graph(json: .object(json), parsed: context.parsed)
        } catch {
            context.sink.report(.invalidValue, at: draft.value, "the graph cannot be built: \(error)")
            return nil
        }
    }

    /// Of what the document used, so that a change elsewhere does not change the graph.
    private var registryHash: String {
        let used = context.resolved.sorted { $0.key < $1.key }.map {
            JSONObject.Member(key: $0.key, value: .string($0.value))
        }
        return "sha256:" + SHA256.hex(JSONValue.object(JSONObject(members: used)).canonicalBytes())
    }
}
