// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import JSON
internal import Model

extension PatchEvent {
    var type: EventType {
        switch self {
        case .applied(let patch): patch.details.isMigration ? .runMigrated : .graphPatched
        case .proposed: .patchProposed
        case .rejected: .patchRejected
        case .superseded: .patchSuperseded
        case .reverted: .patchReverted
        }
    }

    /// The keys of `data`.
    var data: JSONObject {
        switch self {
        case .applied(let patch): return patch.json
        case .proposed(let details, let change, let review):
            var data = details.json
            change.write(into: &data)
            data["human_task"] = .string(review.description)
            return data
        case .rejected(let details, let findings):
            var data = details.json
            data["diagnostics"] = .array(findings.map(\.json))
            return data
        case .superseded(let number, let reason): return ["patch_seq": .int(number), "reason": .string(reason)]
        case .reverted(let number, let other): return ["patch_seq": .int(number), "by": .int(other)]
        }
    }
}

extension AppliedPatch {
    fileprivate var json: JSONObject {
        var data = details.json
        change.write(into: &data)
        if !renamed.isEmpty { data["renamed"] = JSONValue(renamed) }
        if !edges.isEmpty {
            data["edges"] = .array(edges.map { [.int(Int64($0.edge)), .int(Int64($0.state.rawValue))] })
        }
        return data
    }
}

extension PatchDetails {
    /// What has its usual value is left out.
    var json: JSONObject {
        var data: JSONObject = ["patch_seq": .int(number), "author": .string(author)]
        data["task"] = task.map { .int(Int64($0.number)) }
        if !summary.isEmpty { data["description"] = .string(summary) }
        data["ops"] = .object(operations.json)
        data["base_seq"] = .int(base)
        data["key"] = .string(key)
        data["undoes"] = undoes.map(JSONValue.int)
        if depth != 0 { data["depth"] = .int(Int64(depth)) }
        if isMigration { data["migration"] = true }
        return data
    }
}

extension PatchChange {
    func write(into data: inout JSONObject) {
        data["graph"] = .string(graph)
        data["added"] = .array(added.map(JSONValue.string))
        data["removed"] = .array(removed.map(JSONValue.string))
        data["changed"] = .array(changed.map(JSONValue.string))
        data["added_nodes"] = .int(Int64(nodes))
        if agents > 0 { data["added_agent_nodes"] = .int(Int64(agents)) }
    }

    init?(json: JSONValue) {
        guard let graph = json["graph"]?.stringValue else { return nil }
        func texts(_ key: String) -> [String] { json[key]?.arrayValue?.compactMap(\.stringValue) ?? [] }
        self.init(
            graph: graph,
            added: texts("added"),
            removed: texts("removed"),
            changed: texts("changed"),
            nodes: Int(json["added_nodes"]?.intValue ?? 0),
            agents: Int(json["added_agent_nodes"]?.intValue ?? 0)
        )
    }
}

extension EventDecoder {
    func patch(_ type: EventType, _ data: JSONValue) throws -> PatchEvent? {
        switch type {
        case .graphPatched, .runMigrated: return try applied(data).map(PatchEvent.applied)
        case .patchProposed:
            guard let details = try details(data), let change = PatchChange(json: data),
                let review = data["human_task"]?.stringValue.flatMap(HumanTaskID.init)
            else { return nil }
            return .proposed(details, change, review: review)
        case .patchRejected:
            guard let details = try details(data) else { return nil }
            return .rejected(details, data["diagnostics"]?.arrayValue?.compactMap(PatchFinding.init(json:)) ?? [])
        case .patchSuperseded:
            return data["patch_seq"]?.intValue.map { .superseded($0, reason: data["reason"]?.stringValue ?? "") }
        case .patchReverted:
            guard let number = data["patch_seq"]?.intValue, let other = data["by"]?.intValue else { return nil }
            return .reverted(number, by: other)
        default: return nil
        }
    }

    private func applied(_ data: JSONValue) throws -> AppliedPatch? {
        guard let details = try details(data), let change = PatchChange(json: data) else { return nil }
        var patch = AppliedPatch(details: details, change: change, definition: try definition(change.graph))
        for member in data["renamed"]?.objectValue?.members ?? [] {
            patch.renamed[member.key] = member.value.stringValue
        }
        for pair in data["edges"]?.arrayValue ?? [] {
            guard let edge = integer(pair.arrayValue?.first),
                let state = integer(pair.arrayValue?.last).flatMap({ UInt8(exactly: $0) })
                    .flatMap(RunState.EdgeState.init(rawValue:)), patch.definition.edges.indices.contains(edge)
            else { return nil }
            patch.edges.append(EdgeOutcome(edge: edge, state: state))
        }
        return patch
    }

    func details(_ data: JSONValue) throws -> PatchDetails? {
        guard let number = data["patch_seq"]?.intValue, let author = data["author"]?.stringValue,
            let operations = try payload(data["ops"]), let base = data["base_seq"]?.intValue,
            let key = data["key"]?.stringValue
        else { return nil }
        return PatchDetails(
            number: number,
            author: author,
            task: integer(data["task"]).map(TaskRef.init(number:)),
            summary: data["description"]?.stringValue ?? "",
            operations: operations,
            base: base,
            key: key,
            undoes: data["undoes"]?.intValue,
            depth: integer(data["depth"]) ?? 0,
            isMigration: data["migration"]?.boolValue ?? false
        )
    }
}
