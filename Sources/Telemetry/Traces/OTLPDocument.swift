// Baton
// SPDX-License-Identifier: Apache-2.0

internal import JSON
internal import Model

/// Spans in the JSON encoding of OTLP 1 (`ExportTraceServiceRequest`): ids in hexadecimal digits, 64-bit numbers as text.
enum OTLPDocument {
    /// - Parameter resource: What the spans come from, such as `service.name`.
    static func bytes(_ spans: [Span], resource: JSONObject, version: String) -> [UInt8] {
        let scope: JSONValue = ["name": "baton", "version": .string(version)]
        let document: JSONValue = [
            "resourceSpans": [
                [
                    "resource": ["attributes": attributes(resource)],
                    "scopeSpans": [["scope": scope, "spans": .array(spans.map(json))]],
                ]
            ]
        ]
        return document.bytes()
    }

    private static func json(_ span: Span) -> JSONValue {
        var object: JSONObject = [
            "traceId": .string(span.trace.description), "spanId": .string(hexadecimal(span.id)),
            "name": .string(span.name),
            // Internal: neither end of a request.
            "kind": 1,
            "startTimeUnixNano": nanoseconds(span.start), "endTimeUnixNano": nanoseconds(max(span.start, span.end)),
            "attributes": attributes(span.attributes), "status": status(span.status),
        ]
        object["parentSpanId"] = span.parent.map { .string(hexadecimal($0)) }
        if !span.links.isEmpty {
            object["links"] = .array(
                span.links.map { ["traceId": .string($0.trace.description), "spanId": .string(hexadecimal($0.span))] }
            )
        }
        return .object(object)
    }

    private static func status(_ status: Span.Status) -> JSONValue {
        switch status {
        case .unset: [:]
        case .good: ["code": 1]
        case .failed(let message): ["code": 2, "message": .string(message)]
        }
    }

    private static func nanoseconds(_ time: Timestamp) -> JSONValue {
        .string(time.milliseconds <= 0 ? "0" : "\(time.milliseconds)000000")
    }

    private static func attributes(_ object: JSONObject) -> JSONValue {
        .array(object.members.map { ["key": .string($0.key), "value": value($0.value)] })
    }

    private static func value(_ value: JSONValue) -> JSONValue {
        switch value {
        case .bool: ["boolValue": value]
        case .int(let number): ["intValue": .string(String(number))]
        case .double: ["doubleValue": value]
        case .string: ["stringValue": value]
        case .null, .array, .object: ["stringValue": .string(value.text)]
        }
    }
}
