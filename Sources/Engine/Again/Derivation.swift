// Baton
// SPDX-License-Identifier: Apache-2.0

internal import JSON
public import Model

/// What a run was made from (spec 6.6): every derived run names its origin.
public struct Derivation: Sendable, Equatable {
    /// Why it was made.
    public enum Kind: String, Sendable, CaseIterable {
        /// To go on from an event of the origin.
        case fork
        /// To do a task of the origin again, and what comes after it.
        case rerun
        /// To compute the origin again from its recorded results; nothing is called.
        case freeze
        /// To call what only reads again, and compare; what would change something is not called.
        case shadow
    }
    /// Why it was made.
    public var kind: Kind
    /// The run it was made from.
    public var origin: RunID
    /// The last event that both share; 0 when it began anew.
    public var sequence: Int64
    /// The node from which on everything is done again; `nil` for all.
    public var node: String?

    /// What expressions see as the start of the run, in a replay.
    public var startedAt: Timestamp?

    /// Results are served from the recording of the origin.
    public var isReplay: Bool { kind == .freeze || kind == .shadow }

    /// The keys of `data`.
    var json: JSONObject {
        var data: JSONObject = [
            "kind": .string(kind.rawValue), "fork_of": .string(origin.description), "at_seq": .int(sequence),
        ]
        data["from"] = node.map(JSONValue.string)
        data["started_at"] = startedAt.map { .int($0.milliseconds) }
        return data
    }

    init(kind: Kind, origin: RunID, sequence: Int64, node: String? = nil, startedAt: Timestamp? = nil) {
        self.kind = kind
        self.origin = origin
        self.sequence = sequence
        self.node = node
        self.startedAt = startedAt
    }

    /// `nil` when the data of an event has none.
    init?(json: JSONValue?) {
        guard let json, let kind = json["kind"]?.stringValue.flatMap(Kind.init),
            let origin = json["fork_of"]?.stringValue.flatMap(RunID.init), let sequence = json["at_seq"]?.intValue
        else { return nil }
        self.init(
            kind: kind,
            origin: origin,
            sequence: sequence,
            node: json["from"]?.stringValue,
            startedAt: json["started_at"]?.intValue.map(Timestamp.init(milliseconds:))
        )
    }
}
