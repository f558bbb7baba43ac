// Baton
// SPDX-License-Identifier: Apache-2.0

internal import JSON
public import Model

/// A stimulus for a run (spec 6.5).
public struct RunSignal: Sendable, Equatable {
    /// A second signal with the same key counts as the first.
    public var dedupeKey: String
    /// What kind of signal it is; waits name it.
    public var type: String
    /// Narrows down which wait it is for.
    public var key: String?
    /// What it carries; at most 256 KiB of JSON.
    public var payload: Payload

    /// Puts a signal together.
    public init(dedupeKey: String, type: String, key: String?, payload: Payload) {
        self.dedupeKey = dedupeKey
        self.type = type
        self.key = key
        self.payload = payload
    }

    /// Most bytes of a payload.
    public static let payloadLimit = 256 * 1024

    var json: JSONObject {
        var data: JSONObject = ["dedupe_key": .string(dedupeKey), "type": .string(type)]
        data["key"] = key.map(JSONValue.string)
        data["payload"] = .object(payload.json)
        return data
    }
}

/// What happens to a run because of signals.
public enum SignalEvent: Sendable, Equatable {
    /// One arrived; it is kept until a task takes it, at most 7 days.
    case received(RunSignal)
    /// The task waits for one.
    case awaited(type: String, key: String?, until: Timestamp?)
    /// The task takes the one with that key.
    case taken(dedupeKey: String)

    var eventType: EventType {
        switch self {
        case .received: .signalReceived
        case .awaited: .signalAwaited
        case .taken: .signalTaken
        }
    }

    /// The keys of `data`.
    var data: JSONObject {
        switch self {
        case .received(let signal): return signal.json
        case .awaited(let type, let key, let until):
            var data: JSONObject = ["type": .string(type)]
            data["key"] = key.map(JSONValue.string)
            data["until"] = until.map { .int($0.milliseconds) }
            return data
        case .taken(let key): return ["dedupe_key": .string(key)]
        }
    }
}

extension EventDecoder {
    func signal(_ type: EventType, _ data: JSONValue) throws -> SignalEvent? {
        switch type {
        case .signalReceived:
            guard let dedupeKey = data["dedupe_key"]?.stringValue, let type = data["type"]?.stringValue,
                let payload = try payload(data["payload"])
            else { return nil }
            let key = data["key"]?.stringValue
            return .received(RunSignal(dedupeKey: dedupeKey, type: type, key: key, payload: payload))
        case .signalAwaited:
            guard let type = data["type"]?.stringValue else { return nil }
            let until = data["until"]?.intValue.map { Timestamp(milliseconds: $0) }
            return .awaited(type: type, key: data["key"]?.stringValue, until: until)
        case .signalTaken:
            return data["dedupe_key"]?.stringValue.map { .taken(dedupeKey: $0) }
        default:
            return nil
        }
    }
}

/// Signals of a run: those that nobody has taken, and the keys of those that came.
struct SignalBox: Sendable, Equatable {
    /// A signal that waits for a wait.
    struct Early: Sendable, Equatable {
        var signal: RunSignal
        var at: Timestamp
    }
    /// How long a signal is kept.
    static let keeping = Duration.seconds(7 * 24 * 3600)
    /// Most signals that are kept; the oldest go first.
    static let limit = 1000

    /// In the order they came.
    var early: [Early] = []
    /// Keys of the latest signals, oldest first.
    var seen: [String] = []

    func has(_ dedupeKey: String) -> Bool {
        seen.contains(dedupeKey)
    }

    mutating func receive(_ signal: RunSignal, at now: Timestamp) {
        early.removeAll { now - $0.at > Self.keeping }
        early.append(Early(signal: signal, at: now))
        seen.append(signal.dedupeKey)
        if early.count > Self.limit { early.removeFirst() }
        if seen.count > 10 * Self.limit { seen.removeFirst() }
    }

    mutating func take(_ dedupeKey: String) {
        early.removeAll { $0.signal.dedupeKey == dedupeKey }
    }
}

/// What a task waits for.
public struct AwaitedSignal: Sendable, Equatable {
    /// The kind of signal.
    public var type: String
    /// Only signals with this key, if set.
    public var key: String?
}

extension RunState {
    mutating func fold(_ event: SignalEvent, _ task: TaskRef?, _ now: Timestamp) {
        switch event {
        case .received(let signal):
            signals.receive(signal, at: now)
        case .awaited(let type, let key, let until):
            guard let task else { return }
            self[task].awaited = AwaitedSignal(type: type, key: key)
            self[task].until = until
            self[task].startedAt = self[task].startedAt ?? now
            set(task, .waiting, now)
        case .taken(let key):
            signals.take(key)
        }
    }
}
