// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON

extension ModelReply {
    /// The stored form. What has its default is left out.
    public var json: JSONValue {
        var object: JSONObject = [
            "parts": .array(parts.map(\.json)), "stop_reason": .string(stopReason.rawValue), "usage": usage.json,
            "model": .string(model),
        ]
        object.set("raw_stop_reason", rawStopReason)
        object.set("response_id", responseID)
        object.set("request_id", requestID)
        if isSimulated { object["simulated"] = true }
        object.set("notes", list: notes.map { .string($0) })
        return .object(object)
    }

    /// One spelling for equal answers (RFC 8785), fit to be stored under its hash.
    public func canonicalBytes() -> [UInt8] { json.canonicalBytes() }

    /// Reads the stored form.
    public init(json: JSONValue) throws(ModelFormatError) {
        let fields = try StoredFields(json)
        guard let reason: StopReason = try fields.word("stop_reason") else {
            throw fields.wrong("stop_reason", "why the model stopped")
        }
        self.init(
            parts: try fields.list("parts", ModelPart.init),
            stopReason: reason,
            rawStopReason: try fields.optionalText("raw_stop_reason"),
            usage: try ModelUsage(json: fields.value("usage") ?? [:]),
            model: try fields.text("model"),
            responseID: try fields.optionalText("response_id"),
            requestID: try fields.optionalText("request_id"),
            isSimulated: try fields.flag("simulated", default: false),
            notes: try fields.texts("notes")
        )
    }
}

extension ModelUsage {
    /// `{input, cached, cache_write, cache_write_long, output, reasoning, certainty}`; zeros and `exact` are left out.
    public var json: JSONValue {
        var object: JSONObject = ["input": .int(Int64(input)), "output": .int(Int64(output))]
        for (key, number) in [
            ("cached", cached), ("cache_write", cacheWrite), ("cache_write_long", cacheWriteLong),
            ("reasoning", reasoning),
        ] where number != 0 {
            object[key] = .int(Int64(number))
        }
        if certainty != .exact { object["certainty"] = .string(certainty.rawValue) }
        return .object(object)
    }

    /// Reads the stored form; what is missing is 0.
    public init(json: JSONValue) throws(ModelFormatError) {
        let fields = try StoredFields(json)
        self.init(
            input: try fields.optionalNumber("input") ?? 0,
            cached: try fields.optionalNumber("cached") ?? 0,
            cacheWrite: try fields.optionalNumber("cache_write") ?? 0,
            cacheWriteLong: try fields.optionalNumber("cache_write_long") ?? 0,
            output: try fields.optionalNumber("output") ?? 0,
            reasoning: try fields.optionalNumber("reasoning") ?? 0,
            certainty: try fields.word("certainty") ?? .exact
        )
    }
}
