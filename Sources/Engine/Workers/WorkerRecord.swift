// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
public import JSON
public import Model
public import Store

/// Somebody outside who does tasks and said so (spec 12.7): which tasks, and how many at a time.
public struct WorkerRecord: Sendable, Equatable {
    /// What a worker says of itself.
    public struct Profile: Sendable, Equatable {
        /// The queues whose tasks it does; empty for all.
        public var queues: [String] = []
        /// What it has; it does tasks that ask for some of this and nothing else.
        public var labels: [String: String] = [:]
        /// What it can do, for people.
        public var capabilities: [String] = []
        /// How many tasks it does at a time [1–1000].
        public var capacity = 1
        /// Of its program.
        public var version: String?

        /// Does one task at a time, of any queue that asks for nothing.
        public init() {}
    }

    /// How far a worker is.
    public enum State: String, Sendable, CaseIterable {
        /// It takes tasks.
        case ready
        /// It has as many tasks as it does at a time. Not stored.
        case busy
        /// Somebody paused it: it takes none.
        case idlePaused = "idle_paused"
        /// It takes none any more; when its last task ends it stops.
        case draining
        /// It was drained.
        case stopped
        /// It was not heard of for three heartbeats, or removed.
        case dead

        /// It does nothing any more.
        public var isOver: Bool { self == .stopped || self == .dead }
    }

    /// How often a worker has to be heard of.
    public static let heartbeat = Duration.seconds(10)
    /// How long nothing may be heard of a worker: three heartbeats.
    public static let patience = Duration.seconds(30)
    /// How long workers are listed that stopped or died.
    static let afterlife = Duration.seconds(24 * 3600)
    /// How many there may be of a tenant.
    static let limit = 1000

    /// Names it.
    public let id: WorkerID
    /// Whose tasks it does.
    public let tenant: String
    /// The account that registered it, which alone uses it.
    public let owner: String
    /// When.
    public let registeredAt: Timestamp
    /// What it said of itself.
    public internal(set) var profile: Profile
    /// How far it is; ``State/busy`` only where its load is known.
    public internal(set) var state = State.ready
    /// Since when.
    public internal(set) var since: Timestamp
    /// Who brought it there, or why.
    public internal(set) var reason: String?

    init(id: WorkerID, tenant: String, owner: String, profile: Profile, at now: Timestamp) {
        (self.id, self.tenant, self.owner, self.profile) = (id, tenant, owner, profile)
        (registeredAt, since) = (now, now)
    }

    // MARK: Rules

    /// What can be done about a worker.
    public enum Order: Sendable, Equatable {
        /// It takes no task any more, and stops when its last one ends.
        case drain
        /// It takes no task.
        case pause
        /// It takes tasks again.
        case resume
    }

    /// Whether it does such tasks.
    func serves(_ node: Graph.Node) -> Bool {
        guard profile.queues.isEmpty || node.queueName.map(profile.queues.contains) == true else { return false }
        return node.labels.allSatisfy { $0.key == "external" || profile.labels[$0.key] == $0.value }
    }

    /// Follows an order. A repeat changes nothing.
    ///
    /// - Throws: `conflict` when it does not fit the state.
    mutating func follow(_ order: Order, load: Int, by actor: String, at now: Timestamp) throws(EngineError) {
        let next: State =
            switch (order, state) {
            case (.drain, .stopped), (.drain, .draining): state
            case (.drain, .ready), (.drain, .busy), (.drain, .idlePaused): load == 0 ? .stopped : .draining
            case (.pause, .ready), (.pause, .busy), (.pause, .idlePaused): .idlePaused
            case (.resume, .idlePaused), (.resume, .ready), (.resume, .busy): .ready
            case (_, .dead), (_, .stopped), (_, .draining):
                throw EngineError(.conflict, "\(id) is \(state.rawValue)")
            }
        go(to: next, actor, at: now)
    }

    mutating func go(to next: State, _ reason: String, at now: Timestamp) {
        guard next != state else { return }
        (state, since, self.reason) = (next, now, reason)
    }

    /// The state with what it does.
    func state(load: Int) -> State { state == .ready && load >= profile.capacity ? .busy : state }
}

extension WorkerRecord {
    /// As it is stored.
    var row: RegistrationRow {
        var json: JSONObject = [
            "owner": .string(owner), "registered_at": .int(registeredAt.milliseconds),
            "state": .string(state.rawValue), "since": .int(since.milliseconds), "profile": .object(profile.json),
        ]
        json["reason"] = reason.map(JSONValue.string)
        return RegistrationRow(key: key, body: JSONValue.object(json).bytes())
    }

    var key: RegistrationRow.Key { .init(.worker, tenant: tenant, name: id.description) }

    init?(_ row: RegistrationRow) {
        guard let id = WorkerID(row.key.name), let json = try? JSONValue(parsing: row.body),
            let owner = json["owner"]?.stringValue, let registered = json["registered_at"]?.intValue,
            let state = json["state"]?.stringValue.flatMap(State.init), let since = json["since"]?.intValue
        else { return nil }
        let profile = Profile(json: json["profile"] ?? [:])
        self.init(
            id: id,
            tenant: row.key.tenant,
            owner: owner,
            profile: profile,
            at: Timestamp(milliseconds: registered)
        )
        (self.state, self.since) = (state, Timestamp(milliseconds: since))
        reason = json["reason"]?.stringValue
    }
}

extension WorkerRecord.Profile {
    /// `{queues, labels, capabilities, capacity, version?}`.
    public var json: JSONObject {
        var names = JSONObject()
        for (name, value) in labels.sorted(by: { $0.key < $1.key }) { names.append(name, .string(value)) }
        var json: JSONObject = [
            "queues": .array(queues.map(JSONValue.string)), "labels": .object(names),
            "capabilities": .array(capabilities.map(JSONValue.string)), "capacity": .int(Int64(capacity)),
        ]
        json["version"] = version.map(JSONValue.string)
        return json
    }

    /// Reads what ``json`` writes; what is missing is as usual.
    public init(json: JSONValue) {
        self.init()
        queues = json["queues"]?.arrayValue?.compactMap(\.stringValue) ?? []
        for member in json["labels"]?.objectValue?.members ?? [] { labels[member.key] = member.value.stringValue }
        capabilities = json["capabilities"]?.arrayValue?.compactMap(\.stringValue) ?? []
        capacity = json["capacity"]?.intValue.map { Int($0) } ?? 1
        version = json["version"]?.stringValue
    }
}

/// A worker with what it does now.
public struct Worker: Sendable, Equatable {
    /// What is known of it, with its state as it is now.
    public let record: WorkerRecord
    /// The tasks it has.
    public let claims: [TaskID]
    /// When it dies unless it is heard of; `nil` when it is over.
    public let until: Timestamp?
}

extension WorkerRecord {
    /// The state that a row tells of; `nil` when it is none of a worker.
    public static func state(in row: RegistrationRow) -> State? { WorkerRecord(row)?.state }
}
