// Baton
// SPDX-License-Identifier: Apache-2.0

import Engine
import JSON
import Model
import Store

/// Events of one run as programs see them: `{seq, run_seq, type, at, run, node?, attempt?, actor?, data?}`.
struct EventLog {
    private let reader: RunReader
    private let store: any RunStore
    private let key: Int64
    /// The logs that its history consists of, but for those that were read to their end.
    private var segments: [LogSegment]?
    private var run: String?
    /// Number of the last event that was read.
    private var last: Int64 = 0
    /// The current attempt of each node.
    private var attempts: [String: JSONValue] = [:]

    init(_ reader: RunReader, _ store: any RunStore, key: Int64) {
        self.reader = reader
        self.store = store
        self.key = key
    }

    /// Calls `body` with every event that was not read yet.
    mutating func forEachNew(_ body: (JSONValue) -> Void) throws(CommandFailure) {
        if segments == nil {
            let (reader, key) = (reader, key)
            segments = try engineCall { () throws(EngineError) in try reader.segments(ofRun: key) }
        }
        while let segment = segments?.first {
            if last >= segment.upTo {
                segments?.removeFirst()
                continue
            }
            let (store, own) = (store, max(last - segment.after, 0))
            let page = try reading { () throws(StoreError) in
                try store.records(ofRun: segment.key, after: own, limit: 500)
            }
            guard !page.isEmpty else { return }
            for stored in page { try read(stored, of: segment, body) }
        }
    }

    private mutating func read(
        _ stored: StoredRecord,
        of segment: LogSegment,
        _ body: (JSONValue) -> Void
    ) throws(CommandFailure) {
        let record = stored.record
        guard let events = try? JSONValue(parsing: record.body).arrayValue else {
            throw CommandFailure(
                .unavailable,
                "internal",
                "the record at event \(record.firstSequence) is no list of events"
            )
        }
        for (offset, event) in events.enumerated() {
            let sequence = segment.after + record.firstSequence + Int64(offset)
            guard sequence > last, sequence <= segment.upTo else { continue }
            last = sequence
            body(envelope(event, sequence, stored.globalSequence + Int64(offset), record.at))
        }
    }

    private mutating func envelope(
        _ event: JSONValue,
        _ sequence: Int64,
        _ global: Int64,
        _ at: Timestamp
    ) -> JSONValue {
        let data = event["data"]
        if event["type"] == "run.queued" || event["type"] == "run.forked" { run = data?["id"]?.stringValue ?? run }
        var result: JSONObject = [
            "seq": .int(global), "run_seq": .int(sequence), "type": event["type"] ?? .null,
            "at": .string(at.description), "run": run.map(JSONValue.string) ?? .null,
        ]
        if let node = event["node"]?.stringValue {
            result["node"] = .string(node)
            if let attempt = data?["attempt"] { attempts[node] = attempt }
            result["attempt"] = attempts[node]
        }
        result["actor"] = event["actor"]
        result["data"] = data
        return .object(result)
    }
}
