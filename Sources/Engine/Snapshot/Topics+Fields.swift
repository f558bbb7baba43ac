// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import JSON
internal import Model

extension Derivation: SnapshotValue {
    func write(to encoder: inout SnapshotEncoder) -> JSONValue { .object(json) }

    init(snapshot json: JSONValue, _ decoder: SnapshotDecoder) throws {
        guard let value = Self(json: json) else { throw SnapshotError(json) }
        self = value
    }
}

extension ParentRun: SnapshotFields, SnapshotValue {
    static let fields: [StateField<Self>] = [
        StateField("run", \.run), StateField("task", \.task), StateField("depth", \.depth),
    ]

    init(snapshot json: JSONValue, _ decoder: SnapshotDecoder) throws {
        self.init(run: RunID(high: 0, low: 0), task: .run, depth: 0)
        try readFields(json, decoder)
    }
}

extension Graph.Child.ParentClose: SnapshotValue {}

extension AwaitedSignal: SnapshotFields, SnapshotValue {
    static let fields: [StateField<Self>] = [StateField("type", \.type), StateField("key", \.key)]

    init(snapshot json: JSONValue, _ decoder: SnapshotDecoder) throws {
        self.init(type: "")
        try readFields(json, decoder)
    }
}

extension SignalBox: SnapshotFields, SnapshotValue {
    static let fields: [StateField<Self>] = [
        StateField("early", \.early, default: []), StateField("seen", \.seen, default: []),
    ]

    init(snapshot json: JSONValue, _ decoder: SnapshotDecoder) throws {
        self.init()
        try readFields(json, decoder)
    }
}

extension SignalBox.Early: SnapshotFields, SnapshotValue {
    static let fields: [StateField<Self>] = [StateField("signal", \.signal), StateField("at", \.at)]

    init(snapshot json: JSONValue, _ decoder: SnapshotDecoder) throws {
        let nothing = RunSignal(dedupeKey: "", type: "", key: nil, payload: Payload(inline: .null))
        self.init(signal: nothing, at: Timestamp(milliseconds: 0))
        try readFields(json, decoder)
    }
}

extension RunSignal: SnapshotFields, SnapshotValue {
    static let fields: [StateField<Self>] = [
        StateField("dedupeKey", \.dedupeKey), StateField("type", \.type), StateField("key", \.key),
        StateField("payload", \.payload),
    ]

    init(snapshot json: JSONValue, _ decoder: SnapshotDecoder) throws {
        self.init(dedupeKey: "", type: "", key: nil, payload: Payload(inline: .null))
        try readFields(json, decoder)
    }
}

extension RunState.Attention: SnapshotValue {}
extension PhaseStatus: SnapshotValue {}
extension Compensation.Status: SnapshotValue {}
extension GroupProgress.Status: SnapshotValue {}
extension ErrorClass: SnapshotValue {}

extension PhaseProgress: SnapshotFields, SnapshotValue {
    static let fields: [StateField<Self>] = [
        .fixed("total", \.total), StateField("completed", \.completed, default: 0),
        StateField("failed", \.failed, default: 0), StateField("cancelled", \.cancelled, default: 0),
        StateField("skipped", \.skipped, default: 0), StateField("begun", \.begun, default: 0),
        StateField("status", \.status, default: .pending), StateField("endSequence", \.endSequence, default: 0),
        StateField("held", \.held, default: []), StateField("isReleased", \.isReleased, default: false),
        StateField("rollbacksBefore", \.rollbacksBefore, default: 0),
    ]

    init(snapshot json: JSONValue, _ decoder: SnapshotDecoder) throws {
        self.init(total: try decoder.value(json, "total"))
        try readFields(json, decoder)
    }
}

extension GroupProgress: SnapshotFields, SnapshotValue {
    static let fields: [StateField<Self>] = [
        StateField("status", \.status, default: .open), StateField("held", \.held, default: []),
    ]

    init(snapshot json: JSONValue, _ decoder: SnapshotDecoder) throws {
        self.init()
        try readFields(json, decoder)
    }
}

extension HeldEdges: SnapshotFields, SnapshotValue {
    static let fields: [StateField<Self>] = [
        .fixed("task", \.task), .fixed("dead", \.dead), .fixed("otherwise", \.otherwise),
    ]

    init(snapshot json: JSONValue, _ decoder: SnapshotDecoder) throws {
        self.init(
            task: try decoder.value(json, "task"),
            dead: try decoder.value(json, "dead"),
            otherwise: try decoder.value(json, "otherwise")
        )
    }
}

extension RunState.EdgeState: SnapshotValue {
    func write(to encoder: inout SnapshotEncoder) -> JSONValue { .int(Int64(rawValue)) }

    init(snapshot json: JSONValue, _ decoder: SnapshotDecoder) throws {
        let number = try Int(snapshot: json, decoder)
        guard let value = UInt8(exactly: number).flatMap(Self.init(rawValue:)) else { throw SnapshotError(json) }
        self = value
    }
}

extension CompensationStack: SnapshotFields, SnapshotValue {
    static let fields: [StateField<Self>] = [
        StateField("all", \.all, default: []), StateField("rollbacks", \.rollbacks, default: []),
        StateField("running", \.running, default: [:]), StateField("newest", \.newest, default: [:]),
        StateField("isRequested", \.isRequested, default: false),
    ]

    init(snapshot json: JSONValue, _ decoder: SnapshotDecoder) throws {
        self.init()
        try readFields(json, decoder)
    }
}

extension Compensation: SnapshotFields, SnapshotValue {
    static let fields: [StateField<Self>] = [
        .fixed("plan", \.plan), .fixed("sequence", \.sequence), .fixed("round", \.round),
        .fixed("fence", \.fence), .fixed("isLate", \.isLate),
        StateField("status", \.status, default: .pending), StateField("rollback", \.rollback),
        StateField("body", \.body), StateField("scope", \.scope), StateField("attempts", \.attempts, default: 0),
        StateField("error", \.error),
    ]

    init(snapshot json: JSONValue, _ decoder: SnapshotDecoder) throws {
        self.init(
            plan: try decoder.value(json, "plan"),
            sequence: try decoder.value(json, "sequence"),
            round: try decoder.value(json, "round"),
            fence: try decoder.value(json, "fence"),
            isLate: try decoder.value(json, "isLate")
        )
        try readFields(json, decoder)
    }
}

/// As its event has it.
extension Compensation.Plan: SnapshotValue {
    func write(to encoder: inout SnapshotEncoder) -> JSONValue {
        let data = JSONValue.object(CompensationEvent.recorded(self, isLate: false, rollback: nil).data)
        guard case .task(let task, _, _) = subject else { return ["data": data] }
        return ["task": task.write(to: &encoder), "data": data]
    }

    init(snapshot json: JSONValue, _ decoder: SnapshotDecoder) throws {
        let task = try json["task"].map { try TaskRef(snapshot: $0, decoder) }
        let event = try decoder.events.compensation(.compensationRecorded, json["data"] ?? [:], task)
        guard case .recorded(let plan, _, _)? = event else { throw SnapshotError(json) }
        self = plan
    }
}

extension Rollback: SnapshotFields, SnapshotValue {
    static let fields: [StateField<Self>] = [
        .fixed("target", \.target), StateField("steps", \.steps, default: []),
        StateField("current", \.current, default: []), StateField("failed", \.failed),
        StateField("isOver", \.isOver, default: false),
    ]

    init(snapshot json: JSONValue, _ decoder: SnapshotDecoder) throws {
        self.init(target: try decoder.value(json, "target"), steps: [])
        try readFields(json, decoder)
    }
}

/// As its event has it.
extension Rollback.Target: SnapshotValue {
    func write(to encoder: inout SnapshotEncoder) -> JSONValue {
        .object(CompensationEvent.rollbackStarted(self, steps: []).data)
    }

    init(snapshot json: JSONValue, _ decoder: SnapshotDecoder) throws {
        let event = try decoder.events.compensation(.rollbackStarted, json, nil)
        guard case .rollbackStarted(let target, _)? = event else { throw SnapshotError(json) }
        self = target
    }
}

extension FailedAttempt: SnapshotFields, SnapshotValue {
    static let fields: [StateField<Self>] = [
        .fixed("number", \.number), .fixed("at", \.at), .fixed("errorClass", \.errorClass), .fixed("code", \.code),
        .fixed("message", \.message),
    ]

    init(snapshot json: JSONValue, _ decoder: SnapshotDecoder) throws {
        self.init(
            number: try decoder.value(json, "number"),
            at: try decoder.value(json, "at"),
            errorClass: try decoder.value(json, "errorClass"),
            code: try decoder.value(json, "code"),
            message: try decoder.value(json, "message")
        )
    }
}

extension HumanTask: SnapshotFields, SnapshotValue {
    static let fields: [StateField<Self>] = [
        .fixed("request", \.request), StateField("assignees", \.assignees), StateField("askedAt", \.askedAt),
        StateField("expiresAt", write: { $0.expiresAt?.write(to: &$1) ?? .null }) { task, json, decoder in
            task.expiresAt = json.isNull ? nil : try Timestamp(snapshot: json, decoder)
        },
        StateField("claim", \.claim), StateField("decisions", \.decisions, default: []),
        StateField("escalations", \.escalations, default: 0),
        StateField("remindersDone", \.remindersDone, default: 0), StateField("isClosed", \.isClosed, default: false),
    ]

    init(snapshot json: JSONValue, _ decoder: SnapshotDecoder) throws {
        self.init(try decoder.value(json, "request"), at: Timestamp(milliseconds: 0))
        try readFields(json, decoder)
    }
}

/// As its event has it.
extension HumanRequest: SnapshotValue {
    func write(to encoder: inout SnapshotEncoder) -> JSONValue { .object(HumanEvent.opened(self).data) }

    init(snapshot json: JSONValue, _ decoder: SnapshotDecoder) throws {
        guard case .opened(let request)? = try decoder.events.human(.humanTaskOpened, json) else {
            throw SnapshotError(json)
        }
        self = request
    }
}

extension HumanClaim: SnapshotFields, SnapshotValue {
    static let fields: [StateField<Self>] = [StateField("by", \.by), StateField("until", \.until)]

    init(snapshot json: JSONValue, _ decoder: SnapshotDecoder) throws {
        self.init(by: "", until: Timestamp(milliseconds: 0))
        try readFields(json, decoder)
    }
}

/// As its event has it.
extension HumanDecision: SnapshotValue {
    private static let nobody = HumanTaskID(high: 0, low: 0)

    func write(to encoder: inout SnapshotEncoder) -> JSONValue {
        .object(HumanEvent.decided(Self.nobody, self).data)
    }

    init(snapshot json: JSONValue, _ decoder: SnapshotDecoder) throws {
        guard case .decided(_, let decision)? = try decoder.events.human(.humanTaskDecided, json) else {
            throw SnapshotError(json)
        }
        self = decision
    }
}
