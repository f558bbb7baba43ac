// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import JSON
internal import Model

extension PatchLog: SnapshotFields, SnapshotValue {
    static let fields: [StateField<Self>] = [
        StateField("all", \.all, default: []), StateField("last", \.last, default: 0),
        StateField("sequence", \.sequence, default: 0),
    ]

    init(snapshot json: JSONValue, _ decoder: SnapshotDecoder) throws {
        self.init()
        try readFields(json, decoder)
    }

    /// The graphs that took the place of the first one, in order.
    func steps(_ definition: (String) throws -> Graph) throws -> [GraphStep] {
        try all.filter(\.wasApplied).compactMap { record in
            guard let change = record.change else { return nil }
            return GraphStep(
                definition: try definition(change.graph),
                renamed: record.renamed,
                nodes: record.nodesBefore,
                bodies: record.bodiesBefore
            )
        }
    }
}

extension PatchStatus: SnapshotValue {}

extension PatchRecord: SnapshotFields, SnapshotValue {
    static let fields: [StateField<Self>] = [
        .fixed("details", \.details), StateField("change", \.change), StateField("status", \.status),
        StateField("since", \.since),
        StateField("findings", \.findings, default: []), StateField("revertedBy", \.revertedBy),
        StateField("renamed", \.renamed, default: [:]), StateField("nodesBefore", \.nodesBefore, default: 0),
        StateField("bodiesBefore", \.bodiesBefore, default: 0), StateField("reviewID", \.reviewID),
        StateField("requests", \.requests, default: []), StateField("held", \.held, default: []),
    ]

    init(snapshot json: JSONValue, _ decoder: SnapshotDecoder) throws {
        self.init(try decoder.value(json, "details"), nil, .proposed, at: Timestamp(milliseconds: 0))
        try readFields(json, decoder)
    }
}

/// As its events have it.
extension PatchDetails: SnapshotValue {
    func write(to encoder: inout SnapshotEncoder) -> JSONValue { .object(json) }

    init(snapshot json: JSONValue, _ decoder: SnapshotDecoder) throws {
        guard let details = try decoder.events.details(json) else { throw SnapshotError(json) }
        self = details
    }
}

/// As its events have it.
extension PatchChange: SnapshotValue {
    func write(to encoder: inout SnapshotEncoder) -> JSONValue {
        var data = JSONObject()
        write(into: &data)
        return .object(data)
    }

    init(snapshot json: JSONValue, _ decoder: SnapshotDecoder) throws {
        guard let change = Self(json: json) else { throw SnapshotError(json) }
        self = change
    }
}

extension PatchFinding: SnapshotValue {
    func write(to encoder: inout SnapshotEncoder) -> JSONValue { json }

    init(snapshot json: JSONValue, _ decoder: SnapshotDecoder) throws {
        guard let finding = Self(json: json) else { throw SnapshotError(json) }
        self = finding
    }
}
