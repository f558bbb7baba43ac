// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import HTTPServer
internal import JSON
internal import Model
internal import Store

/// An event as clients see it (spec 10.3), encoded once for all of them.
struct EventEnvelope: BroadcastItem {
    /// Its number in the log of all runs.
    let sequence: Int64
    var number: Int64 { sequence }
    var bytes: [UInt8] { encoded.bytes }
    let run: RunID
    /// Whose the run is.
    let ownership: Ownership
    let type: String
    let json: JSONValue
    /// The same as text.
    let text: String
    /// The same for streams of server-sent events.
    let encoded: EncodedEvent
}

/// Makes envelopes of log records. Used by one thread at a time.
struct EnvelopeReader {
    private struct Place {
        let run: RunID
        let ownership: Ownership
        /// Events before its own log, where it was made from another run.
        let before: Int64
        /// As it was started; events name nodes that were added later by number.
        let graph: RunGraph
    }
    private let reader: RunReader
    private var places: [Int64: Place] = [:]

    init(_ reader: RunReader) { self.reader = reader }

    mutating func envelopes(of stored: StoredRecord) throws(EngineError) -> [EventEnvelope] {
        let record = stored.record
        guard let events = try? JSONValue(parsing: record.body).arrayValue else {
            throw EngineError(.corrupted, "the record at event \(stored.globalSequence) is no list of events")
        }
        let place = try place(of: record.runKey)
        return events.enumerated().map { offset, event in
            envelope(
                event,
                stored.globalSequence + Int64(offset),
                record.firstSequence + Int64(offset),
                record.at,
                place
            )
        }
    }

    private mutating func place(of key: Int64) throws(EngineError) -> Place {
        if let known = places[key] { return known }
        guard let own = try reader.segments(ofRun: key).last else {
            throw EngineError(.corrupted, "the run with key \(key) has no log")
        }
        if places.count >= 10_000 { places = [:] }
        let place = Place(
            run: own.run,
            ownership: own.ownership,
            before: own.after,
            graph: try reader.graph(ofRun: key)
        )
        places[key] = place
        return place
    }

    private func task(of event: JSONValue, _ place: Place) -> TaskID? {
        let index = event["index"]?.intValue.map { Int($0) } ?? event["node"]?.stringValue.flatMap(place.graph.index)
        guard let index else { return nil }
        let scope = event["scope"]?.intValue.map { Int($0) } ?? 0
        return TaskID(run: place.run, task: TaskRef(scope: scope, node: index))
    }

    private func envelope(
        _ event: JSONValue,
        _ global: Int64,
        _ own: Int64,
        _ at: Timestamp,
        _ place: Place
    ) -> EventEnvelope {
        let type = event["type"]?.stringValue ?? ""
        var object: JSONObject = [
            "seq": .int(global), "run_seq": .int(place.before + own), "type": .string(type),
            "at": .string(at.description), "run": .string(place.run.description),
            "tenant": .string(place.ownership.tenant),
        ]
        object["project"] = place.ownership.project.map { .string($0) }
        object["node"] = event["node"]
        object["scope"] = event["scope"]
        object["task"] = task(of: event, place).map { .string($0.description) }
        object["attempt"] = event["data"]?["attempt"]
        object["actor"] = event["actor"]
        object["data"] = event["data"]
        let json = JSONValue.object(object)
        let text = json.text
        return EventEnvelope(
            sequence: global,
            run: place.run,
            ownership: place.ownership,
            type: type,
            json: json,
            text: text,
            encoded: EncodedEvent(text, event: type, id: String(global))
        )
    }
}
