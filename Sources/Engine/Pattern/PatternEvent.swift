// Baton
// SPDX-License-Identifier: Apache-2.0

internal import JSON
public import Model

/// That a chain was seen often enough (spec 9.14): the last event of the run that made it so.
public struct PatternEvent: Sendable, Equatable {
    /// The pattern.
    public var pattern: PatternID
    /// Its name.
    public var name: String
    /// Its steps.
    public var steps: [PatternStep]
    /// How many runs did it.
    public var count: Int
    /// From 0 to 1, in hundredths.
    public var confidence: Double
    /// What a workstack is likely to have saved.
    public var saving: Duration

    var type: EventType { .patternSuggested }

    /// `{pattern, name, steps, count, confidence, estimated_saving_ms}`.
    var data: JSONObject {
        [
            "pattern": .string(pattern.description), "name": .string(name), "steps": .array(steps.map(\.json)),
            "count": .int(Int64(count)), "confidence": .double(confidence),
            "estimated_saving_ms": .int(saving.milliseconds),
        ]
    }

    init(_ record: PatternRecord, at now: Timestamp) {
        (pattern, name, steps, count) = (record.id, record.name, record.steps, record.count)
        confidence = (record.confidence(at: now) * 100).rounded() / 100
        saving = record.estimatedSaving
    }

    init?(_ data: JSONValue) {
        guard let pattern = data["pattern"]?.stringValue.flatMap(PatternID.init), let name = data["name"]?.stringValue,
            let steps = data["steps"]?.arrayValue?.compactMap(PatternStep.init), let count = data["count"]?.intValue,
            let confidence = data["confidence"]?.doubleValue, let saving = data["estimated_saving_ms"]?.intValue
        else { return nil }
        (self.pattern, self.name, self.steps, self.count) = (pattern, name, steps, Int(count))
        (self.confidence, self.saving) = (confidence, .milliseconds(saving))
    }
}
