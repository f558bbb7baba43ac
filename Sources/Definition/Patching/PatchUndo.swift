// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON

extension RunPatch {
    /// A patch that takes back what another one did, and leaves alone what came later.
    ///
    /// - Parameters:
    ///   - before: The document before the patch that is taken back.
    ///   - after: The document after it.
    ///   - current: The document as it is now.
    public static func undo(from before: JSONValue, to after: JSONValue, in current: JSONValue) -> JSONValue {
        var operations: [JSONValue] = []
        takeBackNodes(before, after, current, &operations)
        takeBackEdges(before, after, current, &operations)
        takeBackKeys(before, after, current, &operations)
        return .array(operations)
    }

    private static func takeBackNodes(
        _ before: JSONValue,
        _ after: JSONValue,
        _ current: JSONValue,
        _ operations: inout [JSONValue]
    ) {
        let (old, new) = (nodes(before), nodes(after))
        let (oldIDs, newIDs) = (Set(old.map(\.id)), Set(new.map(\.id)))
        for (id, _) in new where !oldIDs.contains(id) {
            operations.append(["op": "remove", "path": .string("/nodes/@\(id)")])
        }
        let was = Dictionary(old) { first, _ in first }
        for (id, node) in new {
            guard let earlier = was[id], earlier != node else { continue }
            operations.append(["op": "test", "path": .string("/nodes/@\(id)"), "value": node])
            operations.append(["op": "replace", "path": .string("/nodes/@\(id)"), "value": earlier])
        }
        // From the front, so that the last patch is taken back to the very document before it.
        var count = nodes(current).count { oldIDs.contains($0.id) || !newIDs.contains($0.id) }
        for (position, entry) in old.enumerated() where !newIDs.contains(entry.id) {
            operations.append(["op": "add", "path": .string("/nodes/\(min(position, count))"), "value": entry.node])
            count += 1
        }
    }

    private static func nodes(_ document: JSONValue) -> [(id: String, node: JSONValue)] {
        (document["nodes"]?.arrayValue ?? []).map { ($0["id"]?.stringValue ?? "", $0) }
    }

    /// Edges have no ids: they are found by what they say.
    private static func takeBackEdges(
        _ before: JSONValue,
        _ after: JSONValue,
        _ current: JSONValue,
        _ operations: inout [JSONValue]
    ) {
        let (old, new) = (before["edges"]?.arrayValue, after["edges"]?.arrayValue)
        guard old != new else { return }
        if old == nil, current["edges"]?.arrayValue == new {
            return operations.append(["op": "remove", "path": "/edges"])
        }
        takeBackEdges(in: current, old ?? [], new ?? [], &operations)
    }

    private static func takeBackEdges(
        in current: JSONValue,
        _ old: [JSONValue],
        _ new: [JSONValue],
        _ operations: inout [JSONValue]
    ) {
        var added = new
        for edge in old { if let index = added.firstIndex(of: edge) { added.remove(at: index) } }
        var now = current["edges"]?.arrayValue
        if now == nil, !old.isEmpty {
            operations.append(["op": "add", "path": "/edges", "value": []])
            now = []
        }
        var left = now ?? []
        for edge in added {
            // The last one alike is the one that was added.
            guard let index = left.lastIndex(of: edge) else { continue }
            operations.append(["op": "remove", "path": .string("/edges/\(index)")])
            left.remove(at: index)
        }
        var missing: [(Int, JSONValue)] = []
        var kept = new
        for (position, edge) in old.enumerated() {
            if let index = kept.firstIndex(of: edge) {
                kept.remove(at: index)
            } else {
                missing.append((position, edge))
            }
        }
        for (position, edge) in missing {
            operations.append(["op": "add", "path": .string("/edges/\(min(position, left.count))"), "value": edge])
            left.insert(edge, at: min(position, left.count))
        }
    }

    private static func takeBackKeys(
        _ before: JSONValue,
        _ after: JSONValue,
        _ current: JSONValue,
        _ operations: inout [JSONValue]
    ) {
        let keys = (before.objectValue?.keys ?? []) + (after.objectValue?.keys.filter { before[$0] == nil } ?? [])
        for key in keys where !["nodes", "edges"].contains(key) && before[key] != after[key] {
            let path = JSONPointer(tokens: [key]).description
            if let value = after[key] { operations.append(["op": "test", "path": .string(path), "value": value]) }
            if let value = before[key] {
                operations.append(["op": "add", "path": .string(path), "value": value])
            } else {
                operations.append(["op": "remove", "path": .string(path)])
            }
        }
    }
}
