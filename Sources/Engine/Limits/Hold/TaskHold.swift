// Baton
// SPDX-License-Identifier: Apache-2.0

internal import JSON
public import Model

/// What keeps a ready task from being started, beside a free executor. It is written down when a task begins to wait
/// for it, and holds until the task has another status.
public enum TaskHold: Sendable, Equatable {
    /// As many as may hold a key do.
    case permit(LimitKey, maximum: Int)
    /// A token bucket is empty. If nobody goes before it, the task starts then.
    case rate(bucket: String, until: Timestamp)
    /// Retries have had their share. The next one may start then.
    case retries(until: Timestamp)
    /// A call may cost more than is left of a budget.
    case budget(BudgetShortage)
    /// Something that it needs does not work, or nobody has made it known.
    case resource(String, isKnown: Bool)

    /// Whether it is worth an event after what was written down last.
    func isNews(after last: TaskHold?, at now: Timestamp) -> Bool {
        switch (self, last) {
        case (.permit(let key, let maximum), .permit(let known, let knownMaximum)):
            key != known || maximum != knownMaximum
        case (.rate(let bucket, _), .rate(let known, let until)): bucket != known || until <= now
        case (.retries, .retries(let until)): until <= now
        case (.resource, .resource): self != last
        // How much is missing changes all the time, and is read where it is up to date.
        case (.budget(let shortage), .budget(let known)): shortage.account != known.account
        default: true
        }
    }

    /// A paid call waits for money.
    var isBudget: Bool { if case .budget = self { true } else { false } }
}

extension TaskHold {
    var type: EventType { isBudget ? .budgetExhausted : .taskHeld }

    /// The keys of `data`.
    var data: JSONObject {
        switch self {
        case .permit(let key, let maximum):
            var data: JSONObject = [
                "for": "permit", "scope": .string("\(key.scope)"), "name": .string(key.name),
                "max": .int(Int64(maximum)),
            ]
            if !key.tenant.isEmpty { data["tenant"] = .string(key.tenant) }
            return data
        case .rate(let bucket, let until):
            return ["for": "rate", "bucket": .string(bucket), "until": .int(until.milliseconds)]
        case .retries(let until): return ["for": "retries", "until": .int(until.milliseconds)]
        case .budget(let shortage): return shortage.data
        case .resource(let name, let isKnown):
            return ["for": "resource", "resource": .string(name), "known": .bool(isKnown)]
        }
    }

    init?(_ type: EventType, _ data: JSONValue) {
        func time(_ key: String) -> Timestamp? { data[key]?.intValue.map(Timestamp.init(milliseconds:)) }
        if type == .budgetExhausted {
            guard let shortage = BudgetShortage(data) else { return nil }
            self = .budget(shortage)
            return
        }
        switch data["for"]?.stringValue {
        case "permit":
            guard let scope = LimitKey.Scope.allCases.first(where: { "\($0)" == data["scope"]?.stringValue }),
                let name = data["name"]?.stringValue, let maximum = data["max"]?.intValue
            else { return nil }
            let tenant = data["tenant"]?.stringValue ?? ""
            self = .permit(LimitKey(scope, name, tenant: tenant), maximum: Int(maximum))
        case "rate":
            guard let bucket = data["bucket"]?.stringValue, let until = time("until") else { return nil }
            self = .rate(bucket: bucket, until: until)
        case "retries":
            guard let until = time("until") else { return nil }
            self = .retries(until: until)
        case "resource":
            guard let name = data["resource"]?.stringValue else { return nil }
            self = .resource(name, isKnown: data["known"] != false)
        default: return nil
        }
    }
}

/// As its event has it.
extension TaskHold: SnapshotValue {
    func write(to encoder: inout SnapshotEncoder) -> JSONValue {
        ["type": .string(type.rawValue), "data": .object(data)]
    }

    init(snapshot json: JSONValue, _ decoder: SnapshotDecoder) throws {
        guard let type = json["type"]?.stringValue.flatMap(EventType.init(rawValue:)),
            let hold = Self(type, json["data"] ?? [:])
        else { throw SnapshotError(json) }
        self = hold
    }
}

extension RunState {
    /// How many tasks wait for money; nothing of them goes on before somebody does something about it.
    var heldByBudget: Int {
        holds.isEmpty ? 0 : holds.values.count(where: \.isBudget)
    }

    /// It waits for money and for nothing else: as soon as there is some it may be started.
    func waitsForMoney(_ task: TaskRef) -> Bool {
        !holds.isEmpty && self[task].status == .waiting && holds[task]?.isBudget == true
    }

    /// It is ready, or would be with more money; or its checks have to be made.
    func isStartable(_ task: TaskRef) -> Bool {
        self[task].status == .ready || waitsForMoney(task) || awaitsChecks(task)
    }

    /// What waits for money is no longer ready (spec 2.2); it is again when something else is in its way.
    mutating func fold(_ hold: TaskHold, _ task: TaskRef, _ now: Timestamp) {
        let status: TaskStatus = hold.isBudget ? .waiting : .ready
        if self[task].status != status { set(task, status, now) }
        holds[task] = hold
    }

    /// Forgets about tasks that went with their pass or item.
    mutating func forgetHolds(in scope: Int) {
        if !infos.isEmpty { infos = infos.filter { $0.key.scope != scope } }
        forgetClaims(in: scope)
        forgetSteps(in: scope)
        forgetVerifications(in: scope)
        guard !holds.isEmpty || !costs.isEmpty else { return }
        holds = holds.filter { $0.key.scope != scope }
        costs = costs.filter { $0.key.scope != scope }
    }
}

extension RunMachine {
    /// Writes down why a task that may start does not.
    mutating func hold(_ task: TaskRef, _ hold: TaskHold) {
        let isBlocked = state[task].status == .blocked
        guard isBlocked || state.isStartable(task) else { return }
        if isBlocked { emit(task, .taskReady(.limit)) }
        offered.remove(task)
        if hold.isNews(after: state.holds[task], at: turn.now) { emit(task, .held(hold)) }
    }
}
