// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON
public import Model
internal import Store

/// Something that tasks need and that somebody looks after (spec 2.2): a host, a service. Tasks whose node names it wait
/// while it is offline.
public struct ResourceRecord: Sendable, Equatable {
    /// How it is looked at.
    public enum Kind: String, Sendable, CaseIterable {
        /// `GET` of an address: well when the answer is 200 to 399.
        case http
        /// A connection to a host and port.
        case tcp
    }

    /// How it is.
    public enum State: String, Sendable, CaseIterable {
        /// Nobody knows yet, or somebody wants to know anew.
        case checking
        /// It works.
        case online
        /// It works slowly, did not the last time, or works again since a moment ago.
        case degraded
        /// It does not work.
        case offline
    }

    /// What it is and how it is looked at.
    public struct Definition: Sendable, Equatable {
        /// How.
        public var kind: Kind
        /// A URL, or `host:port`.
        public var target: String
        /// How often, 1 s to 1 h.
        public var interval = Duration.seconds(30)
        /// How long an answer may take, 100 ms to 60 s.
        public var timeout = Duration.seconds(5)
        /// An answer that takes longer is slow; `nil` when no answer is.
        public var slow: Duration?
        /// So many failures in a row make it offline [1–100].
        public var failures = 3
        /// So many good answers in a row make it online again [1–100].
        public var successes = 2
        /// It may have a private address, which only administrators say.
        public var isPrivate = false

        /// With the usual thresholds.
        public init(_ kind: Kind, _ target: String) {
            (self.kind, self.target) = (kind, target)
        }

        /// Which of the bounds it breaks; `nil` for none.
        public var violation: String? {
            switch true {
            case !(Duration.seconds(1)...Duration.seconds(3600)).contains(interval): "`interval` is 1s to 1h"
            case !(Duration.milliseconds(100)...Duration.seconds(60)).contains(timeout): "`timeout` is 100ms to 60s"
            case slow.map({ $0 <= .zero || $0 >= timeout }) ?? false:
                "`slow` is longer than 0 and shorter than `timeout`"
            case !(1...100).contains(failures), !(1...100).contains(successes): "thresholds are 1 to 100"
            default: nil
            }
        }
    }

    /// What a look at it gave.
    public struct Probe: Sendable, Equatable {
        /// When.
        public var at: Timestamp
        /// How long it took.
        public var latency: Duration
        /// What is wrong, in one sentence; `nil` for nothing.
        public var problem: String?

        /// Puts one together.
        public init(at: Timestamp, latency: Duration, problem: String?) {
            (self.at, self.latency, self.problem) = (at, latency, problem)
        }
    }

    /// How many there may be of a tenant.
    static let limit = 1000

    /// Whose it is.
    public let tenant: String
    /// What nodes call it.
    public let name: String
    /// What it is and how it is looked at.
    public internal(set) var definition: Definition
    /// How it is.
    public internal(set) var state = State.checking
    /// Since when.
    public internal(set) var since: Timestamp
    /// Tasks wait for it: it is offline, or was before it is looked at anew.
    public internal(set) var isHolding = false
    /// What is wrong with it, as far as it is.
    public internal(set) var reason: String?
    /// The last look at it; `nil` when there was none since the start of the process.
    public internal(set) var probe: Probe?
    /// Failures in a row, and good answers.
    private(set) var failed = 0
    private(set) var succeeded = 0

    init(tenant: String, name: String, _ definition: Definition, at now: Timestamp) {
        (self.tenant, self.name, self.definition, since) = (tenant, name, definition, now)
    }

    // MARK: The machine

    /// Somebody wants to know anew. Tasks that waited go on waiting.
    mutating func check(at now: Timestamp) {
        (failed, succeeded) = (0, 0)
        go(to: .checking, at: now)
    }

    /// Takes in what a look at it gave (spec 2.2: checking → online ⇄ degraded ⇄ offline).
    mutating func take(_ probe: Probe) {
        self.probe = probe
        if probe.problem == nil {
            (failed, succeeded) = (0, min(succeeded + 1, 1000))
        } else {
            (failed, succeeded) = (min(failed + 1, 1000), 0)
        }
        reason = probe.problem ?? (isSlow ? "it took \(probe.latency.text)" : nil)
        go(to: next, at: probe.at)
    }

    private var isSlow: Bool { definition.slow.map { (probe?.latency ?? .zero) > $0 } ?? false }

    private var next: State {
        if failed >= definition.failures { return .offline }
        switch state {
        case .checking: return failed > 0 ? .checking : isSlow ? .degraded : .online
        case .online: return failed > 0 || isSlow ? .degraded : .online
        case .degraded: return succeeded >= definition.successes && !isSlow ? .online : .degraded
        case .offline: return failed > 0 ? .offline : definition.successes > 1 || isSlow ? .degraded : .online
        }
    }

    private mutating func go(to next: State, at now: Timestamp) {
        if next != .checking { isHolding = next == .offline }
        guard next != state else { return }
        (state, since) = (next, now)
    }
}

extension ResourceRecord {
    var key: RegistrationRow.Key { .init(.resource, tenant: tenant, name: name) }

    /// As it is stored.
    var row: RegistrationRow {
        var json: JSONObject = [
            "definition": .object(definition.json), "state": .string(state.rawValue), "since": .int(since.milliseconds),
            "holds": .bool(isHolding),
        ]
        json["reason"] = reason.map(JSONValue.string)
        return RegistrationRow(key: key, body: JSONValue.object(json).bytes())
    }

    init?(_ row: RegistrationRow) {
        guard let json = try? JSONValue(parsing: row.body), let definition = Definition(json: json["definition"] ?? []),
            let state = json["state"]?.stringValue.flatMap(State.init), let since = json["since"]?.intValue
        else { return nil }
        self.init(
            tenant: row.key.tenant,
            name: row.key.name,
            definition,
            at: Timestamp(milliseconds: since)
        )
        (self.state, isHolding, reason) = (state, json["holds"] == true, json["reason"]?.stringValue)
    }
}

extension ResourceRecord.Definition {
    /// `{kind, target, interval, timeout, slow?, failures, successes, allow_private}`.
    public var json: JSONObject {
        var json: JSONObject = [
            "kind": .string(kind.rawValue), "target": .string(target), "interval": .string(interval.text),
            "timeout": .string(timeout.text),
        ]
        json["slow"] = slow.map { .string($0.text) }
        json["failures"] = .int(Int64(failures))
        json["successes"] = .int(Int64(successes))
        json["allow_private"] = .bool(isPrivate)
        return json
    }

    /// Reads what ``json`` writes; what is missing is as usual. `nil` without a kind or target.
    public init?(json: JSONValue) {
        guard let kind = json["kind"]?.stringValue.flatMap(ResourceRecord.Kind.init),
            let target = json["target"]?.stringValue
        else { return nil }
        self.init(kind, target)
        interval = json["interval"]?.stringValue.flatMap { Duration(text: $0) } ?? interval
        timeout = json["timeout"]?.stringValue.flatMap { Duration(text: $0) } ?? timeout
        slow = json["slow"]?.stringValue.flatMap { Duration(text: $0) }
        failures = json["failures"]?.intValue.map { Int($0) } ?? failures
        successes = json["successes"]?.intValue.map { Int($0) } ?? successes
        isPrivate = json["allow_private"] == true
    }
}
