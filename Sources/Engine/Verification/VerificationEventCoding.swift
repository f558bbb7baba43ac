// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import JSON
internal import Model

extension VerificationEvent {
    var type: EventType {
        switch self {
        case .started: .verificationStarted
        case .dispatched: .verificationDispatched
        case .evidence: .evidenceRecorded
        case .returned: .verificationReturned
        case .completed: .verificationCompleted
        }
    }

    /// The keys of `data`.
    var data: JSONObject {
        switch self {
        case .started(let subject): return subject.json
        case .dispatched(let fence, let worker): return ["fence": .int(fence), "worker": .string(worker)]
        case .evidence(let evidence): return evidence.json
        case .returned(let why): return ["reason": .string(why.rawValue)]
        case .completed(let verdict, let feedback):
            var data: JSONObject = ["verdict": .string(verdict.rawValue)]
            data["feedback"] = feedback.map(JSONValue.string)
            return data
        }
    }
}

extension VerificationEvent.Subject {
    fileprivate var json: JSONObject {
        var data: JSONObject = ["output": .object(output.json)]
        data["log"] = log?.json
        data["case"] = chosen.map(JSONValue.string)
        data["exit"] = loopExit.map { .string($0.rawValue) }
        if isTakenOver { data["taken_over"] = true }
        return data
    }
}

extension CheckEvidence {
    /// `{check, verdict, message?, evidence}`.
    var json: JSONObject {
        var data: JSONObject = ["check": .int(Int64(check)), "verdict": .string(verdict.rawValue)]
        if !message.isEmpty { data["message"] = .string(message) }
        data["evidence"] = .object(details)
        return data
    }

    init?(json: JSONValue) {
        guard let check = json["check"]?.intValue, let verdict = json["verdict"]?.stringValue.flatMap(Verdict.init)
        else { return nil }
        self.init(
            check: Int(check),
            verdict: verdict,
            message: json["message"]?.stringValue ?? "",
            details: json["evidence"]?.objectValue ?? [:]
        )
    }
}

extension EventDecoder {
    func verification(_ type: EventType, _ data: JSONValue) throws -> VerificationEvent? {
        switch type {
        case .verificationStarted:
            guard let output = try payload(data["output"]) else { return nil }
            return .started(
                VerificationEvent.Subject(
                    output: output,
                    log: BlobRef(json: data["log"]),
                    chosen: data["case"]?.stringValue,
                    loopExit: data["exit"]?.stringValue.flatMap(Graph.Edge.LoopExit.init),
                    isTakenOver: data["taken_over"] == true
                )
            )
        case .verificationDispatched:
            guard let fence = data["fence"]?.intValue, let worker = data["worker"]?.stringValue else { return nil }
            return .dispatched(fence: fence, worker: worker)
        case .evidenceRecorded: return CheckEvidence(json: data).map(VerificationEvent.evidence)
        case .verificationReturned:
            return data["reason"]?.stringValue.flatMap(VerificationEvent.Return.init).map(VerificationEvent.returned)
        case .verificationCompleted:
            return data["verdict"]?.stringValue.flatMap(Verdict.init).map {
                .completed($0, feedback: data["feedback"]?.stringValue)
            }
        default: return nil
        }
    }
}

extension CheckFeedback: SnapshotFields, SnapshotValue {
    static let fields: [StateField<Self>] = [.fixed("attempt", \.attempt), .fixed("text", \.text)]

    init(snapshot json: JSONValue, _ decoder: SnapshotDecoder) throws {
        self.init(attempt: try decoder.value(json, "attempt"), text: try decoder.value(json, "text"))
    }
}

/// As its event has it, and when.
extension CheckEvidence: SnapshotValue {
    func write(to encoder: inout SnapshotEncoder) -> JSONValue {
        var json = self.json
        json["at"] = at.map { .int($0.milliseconds) }
        return .object(json)
    }

    init(snapshot json: JSONValue, _ decoder: SnapshotDecoder) throws {
        guard var evidence = Self(json: json) else { throw SnapshotError(json) }
        evidence.at = json["at"]?.intValue.map(Timestamp.init(milliseconds:))
        self = evidence
    }
}

extension Verdict: SnapshotValue {}
extension Graph.Edge.LoopExit: SnapshotValue {}

extension Verification: SnapshotFields, SnapshotValue {
    static let fields: [StateField<Self>] = [
        StateField("attempt", \.attempt), StateField("output", \.output), StateField("log", \.log),
        StateField("chosen", \.chosen), StateField("loopExit", \.loopExit),
        StateField("isTakenOver", \.isTakenOver, default: false), StateField("evidence", \.evidence, default: []),
        StateField("verdict", \.verdict), StateField("feedback", \.feedback, default: []),
        StateField("losses", \.losses, default: 0),
    ]

    init(snapshot json: JSONValue, _ decoder: SnapshotDecoder) throws {
        self.init(attempt: 0, output: Payload(inline: .null))
        try readFields(json, decoder)
    }
}
