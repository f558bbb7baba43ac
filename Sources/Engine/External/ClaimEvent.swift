// Baton
// SPDX-License-Identifier: Apache-2.0

internal import JSON
internal import Model

/// What somebody outside does with a task (spec 9.11).
public enum ClaimEvent: Sendable, Equatable {
    /// The actor of the event takes the task; the attempt begins with the next event. The claim ends by itself when that
    /// long nothing is heard.
    case claimed(lease: Duration)
    /// How far it is.
    case progressed(TaskProgress)

    var type: EventType {
        switch self {
        case .claimed: .taskClaimed
        case .progressed: .taskProgress
        }
    }

    /// The keys of `data`.
    var data: JSONObject {
        switch self {
        case .claimed(let lease): ["lease_ms": .int(lease.milliseconds)]
        case .progressed(let progress): progress.json
        }
    }
}

/// How far somebody says that a task is.
public struct TaskProgress: Sendable, Equatable {
    /// 0–100.
    public var percent: Int?
    /// In words; at most 500 characters.
    public var message: String?

    /// Puts a report together; what is out of bounds is cut.
    public init(percent: Int? = nil, message: String? = nil) {
        self.percent = percent.map { min(max($0, 0), 100) }
        self.message = message.map { String($0.prefix(500)) }
    }

    /// `{percent?, message?}`.
    var json: JSONObject {
        var data = JSONObject()
        data["percent"] = percent.map { .int(Int64($0)) }
        data["message"] = message.map(JSONValue.string)
        return data
    }

    init(json: JSONValue) {
        self.init(percent: json["percent"]?.intValue.map { Int($0) }, message: json["message"]?.stringValue)
    }
}

extension EventDecoder {
    func claim(_ type: EventType, _ data: JSONValue) -> ClaimEvent? {
        switch type {
        case .taskClaimed: data["lease_ms"]?.intValue.map { .claimed(lease: .milliseconds($0)) }
        case .taskProgress: .progressed(TaskProgress(json: data))
        default: nil
        }
    }
}

extension RunState {
    /// Who works on a task outside.
    public struct Claim: Sendable, Equatable {
        /// Who claimed it, as events name who acts.
        public internal(set) var by: String
        /// How long it lasts without a heartbeat.
        public internal(set) var lease: Duration
        /// What was last heard of it.
        public internal(set) var progress: TaskProgress?
    }

    mutating func fold(_ event: ClaimEvent, _ task: TaskRef, by actor: String?) {
        switch event {
        case .claimed(let lease): claims[task] = Claim(by: actor ?? "", lease: lease)
        case .progressed(let progress): claims[task]?.progress = progress
        }
    }

    /// Nobody works on a task that does not run.
    mutating func forgetClaim(of task: TaskRef, _ status: TaskStatus) {
        if !claims.isEmpty, status != .running { claims[task] = nil }
    }

    /// Forgets about tasks that went with their pass or item.
    mutating func forgetClaims(in scope: Int) {
        if !claims.isEmpty { claims = claims.filter { $0.key.scope != scope } }
    }
}

extension RunState.Claim: SnapshotValue {
    func write(to encoder: inout SnapshotEncoder) -> JSONValue {
        var json: JSONObject = ["by": .string(by), "lease": .int(lease.milliseconds)]
        json["progress"] = progress.map { .object($0.json) }
        return .object(json)
    }

    init(snapshot json: JSONValue, _ decoder: SnapshotDecoder) throws {
        guard let by = json["by"]?.stringValue, let lease = json["lease"]?.intValue else { throw SnapshotError(json) }
        self.init(by: by, lease: .milliseconds(lease), progress: json["progress"].map(TaskProgress.init(json:)))
    }
}
