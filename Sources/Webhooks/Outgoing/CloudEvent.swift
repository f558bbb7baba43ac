// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON
public import Model

/// An event as CloudEvents 1.0 in JSON (spec 10.3).
public enum CloudEvent {
    /// The media type of a message.
    public static let mediaType = "application/cloudevents+json"

    /// An event of a run.
    ///
    /// - Parameters:
    ///   - event: As the live feed has it; it becomes `data`.
    ///   - source: The server, as a URI; with `id`, which is the number of the event, it is unique.
    public static func json(
        _ event: JSONValue,
        type: String,
        sequence: Int64,
        run: RunID,
        source: String
    ) -> JSONValue {
        var object: JSONObject = [
            "specversion": "1.0", "id": .string(String(sequence)), "source": .string(source),
            "type": .string("dev.baton.\(type).v1"), "subject": .string(run.description),
            "datacontenttype": "application/json",
        ]
        object["time"] = event["at"]
        object["sequence"] = .string(String(sequence))
        object["traceparent"] = .string(traceparent(of: run))
        object["data"] = event
        return .object(object)
    }

    /// A message that proves that messages arrive.
    ///
    /// - Parameter id: One that no other message has.
    public static func test(id: String, at time: Timestamp, source: String) -> JSONValue {
        [
            "specversion": "1.0", "id": .string(id), "source": .string(source), "type": "dev.baton.webhook.test.v1",
            "time": .string(time.description), "datacontenttype": "application/json", "data": ["test": true],
        ]
    }

    /// The trace of a run is its id, and so is that of its span (W3C Trace Context).
    private static func traceparent(of run: RunID) -> String {
        "00-\(hexadecimal(run.high))\(hexadecimal(run.low))-\(hexadecimal(run.low == 0 ? 1 : run.low))-01"
    }

    private static func hexadecimal(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }
}
