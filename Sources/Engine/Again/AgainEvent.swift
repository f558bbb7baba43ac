// Baton
// SPDX-License-Identifier: Apache-2.0

internal import JSON
public import Model

/// What happens to a run when something is done again (spec 6.6).
public enum AgainEvent: Sendable, Equatable {
    /// The run goes on from a state of another one; the first event of its own.
    case forked(Fork)
    /// A run that had ended goes on.
    case reopened(deadline: Timestamp?)
    /// Tasks are as if they had never begun, but for the numbers of their attempts and fences. Some of them begin
    /// whatever is before them.
    case reset([Place], forced: [Place])
    /// The task takes the output of another one from the cache; that it completes follows.
    case cached(from: RunID)

    /// A task by the id of its node, and the scope it stands in.
    public struct Place: Sendable, Equatable {
        /// The node.
        public var node: String
        /// The scope; 0 is the graph itself.
        public var scope: Int
    }

    /// How a run goes on from a state of another one.
    public struct Fork: Sendable, Equatable {
        /// The new run.
        public var id: RunID
        /// What it goes on from.
        public var derivation: Derivation
        /// Other inputs than those of the origin.
        public var inputs: Payload?
        /// Outputs that tasks of the graph itself are given instead of their own, by node.
        public var outputs: [String: Payload] = [:]
        /// It fails then.
        public var deadline: Timestamp?
        /// The API key that is charged for it.
        public var apiKey: APIKeyID?
    }

    var type: EventType {
        switch self {
        case .forked: .runForked
        case .reopened: .runReopened
        case .reset: .runReset
        case .cached: .taskCached
        }
    }

    /// The keys of `data`.
    var data: JSONObject {
        switch self {
        case .forked(let fork): return fork.json
        case .reopened(let deadline): return deadline.map { ["deadline": .int($0.milliseconds)] } ?? [:]
        case .reset(let places, let forced):
            let tasks = JSONValue.array(places.map(\.json))
            return forced.isEmpty ? ["tasks": tasks] : ["tasks": tasks, "forced": .array(forced.map(\.json))]
        case .cached(let run): return ["from": .string(run.description)]
        }
    }
}

extension AgainEvent.Place {
    /// The id alone for tasks of the graph itself.
    var json: JSONValue {
        scope == 0 ? .string(node) : ["node": .string(node), "scope": .int(Int64(scope))]
    }

    fileprivate init?(json: JSONValue) {
        guard let node = json.stringValue ?? json["node"]?.stringValue else { return nil }
        self.init(node: node, scope: json["scope"]?.intValue.map { Int($0) } ?? 0)
    }
}

extension AgainEvent.Fork {
    fileprivate var json: JSONObject {
        var data: JSONObject = ["id": .string(id.description)]
        for member in derivation.json.members { data.append(member.key, member.value) }
        var edits = JSONObject()
        edits["inputs"] = inputs.map { .object($0.json) }
        if !outputs.isEmpty {
            var changed = JSONObject()
            for (node, output) in outputs.sorted(by: { $0.key < $1.key }) { changed.append(node, .object(output.json)) }
            edits["outputs"] = .object(changed)
        }
        if !edits.isEmpty { data["edits"] = .object(edits) }
        data["deadline"] = deadline.map { .int($0.milliseconds) }
        data["api_key"] = apiKey.map { .string($0.description) }
        return data
    }
}

extension EventDecoder {
    func again(_ type: EventType, _ data: JSONValue) throws -> AgainEvent? {
        let deadline = data["deadline"]?.intValue.map(Timestamp.init(milliseconds:))
        switch type {
        case .runForked:
            guard let id = data["id"]?.stringValue.flatMap(RunID.init), let derivation = Derivation(json: data) else {
                return nil
            }
            var fork = AgainEvent.Fork(id: id, derivation: derivation, deadline: deadline)
            fork.apiKey = data["api_key"]?.stringValue.flatMap(APIKeyID.init)
            fork.inputs = try payload(data["edits"]?["inputs"])
            for member in data["edits"]?["outputs"]?.objectValue?.members ?? [] {
                fork.outputs[member.key] = try payload(member.value)
            }
            return .forked(fork)
        case .runReopened: return .reopened(deadline: deadline)
        case .runReset:
            guard let tasks = places(data["tasks"]), let forced = places(data["forced"] ?? []) else { return nil }
            return .reset(tasks, forced: forced)
        case .taskCached: return data["from"]?.stringValue.flatMap(RunID.init).map(AgainEvent.cached)
        default: return nil
        }
    }

    /// `nil` when one of them is no place.
    func places(_ json: JSONValue?) -> [AgainEvent.Place]? {
        let places = json?.arrayValue?.map { AgainEvent.Place(json: $0) } ?? [nil]
        return places.contains(nil) ? nil : places.compactMap { $0 }
    }
}
