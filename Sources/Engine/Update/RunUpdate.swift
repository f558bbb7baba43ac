// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON
public import Model

/// A change of a run that is not of its graph (spec 6.5); what is `nil` stays.
public struct RunUpdate: Sendable, Equatable {
    /// 0–1000; goes before the priority of nodes that have none of their own.
    public var priority: Int?
    /// Labels to set; an empty text takes one away.
    public var labels: [String: String]
    /// The run fails then.
    public var deadline: Timestamp?
    /// Variables to set (`vars`).
    public var variables: JSONObject
    /// What the run may spend from its start on, with all that it starts; takes the place of the limit before.
    public var budget: BudgetLimit?

    /// Most labels of a run, and most characters of one (spec 11.8).
    public static let labelLimit = (count: 32, length: 128)

    /// Puts a change together.
    public init(
        priority: Int? = nil,
        labels: [String: String] = [:],
        deadline: Timestamp? = nil,
        variables: JSONObject = [:],
        budget: BudgetLimit? = nil
    ) {
        self.priority = priority
        self.labels = labels
        self.deadline = deadline
        self.variables = variables
        self.budget = budget
    }

    /// The keys of `data`; a budget has an event of its own.
    var data: JSONObject {
        var data = JSONObject()
        data["priority"] = priority.map { .int(Int64($0)) }
        if !labels.isEmpty { data["labels"] = JSONValue(labels) }
        data["deadline"] = deadline.map { .int($0.milliseconds) }
        if !variables.isEmpty { data["vars"] = .object(variables) }
        return data
    }

    init(data: JSONValue) {
        self.init(
            priority: data["priority"]?.intValue.map { Int($0) },
            labels: [String: String](json: data["labels"]),
            deadline: data["deadline"]?.intValue.map { Timestamp(milliseconds: $0) },
            variables: data["vars"]?.objectValue ?? [:]
        )
    }
}

extension JSONValue {
    /// Texts by key, sorted.
    init(_ texts: [String: String]) {
        var object = JSONObject()
        for (key, text) in texts.sorted(by: { $0.key < $1.key }) { object[key] = .string(text) }
        self = .object(object)
    }
}

extension [String: String] {
    init(json: JSONValue?) {
        self = [:]
        for member in json?.objectValue?.members ?? [] { self[member.key] = member.value.stringValue }
    }
}

extension RunState {
    mutating func fold(_ update: RunUpdate) {
        priority = update.priority ?? priority
        deadline = update.deadline ?? deadline
        for (label, text) in update.labels { labels[label] = text.isEmpty ? nil : text }
        for member in update.variables.members { assigned[member.key] = member.value }
    }
}

extension RunMachine {
    mutating func update(_ update: RunUpdate) throws(Refusal) {
        guard !state.status.isTerminal else { throw .state("\(state.id) is \(state.status.rawValue)") }
        if let problem = problem(in: update) { throw .invalid(problem) }
        var rest = update
        rest.budget = nil
        if let budget = update.budget { emit(Event(actor: turn.actor, body: .budget(.raised(budget)))) }
        if update.budget == nil || rest != RunUpdate() { emit(Event(actor: turn.actor, body: .runUpdated(rest))) }
        if let deadline = update.deadline {
            effects.append(.arm(task: .run, kind: .deadline, at: deadline))
        }
    }

    private func problem(in update: RunUpdate) -> String? {
        if let priority = update.priority, !(0...1000).contains(priority) {
            return "priority \(priority) is not within 0–1000"
        }
        let (count, length) = RunUpdate.labelLimit
        if update.labels.contains(where: { $0.key.isEmpty || $0.key.count > length || $0.value.count > length }) {
            return "labels and their values have 1 to \(length) characters"
        }
        let labels = state.labels.merging(update.labels) { _, new in new }.filter { !$0.value.isEmpty }
        if labels.count > count { return "a run has at most \(count) labels, not \(labels.count)" }
        if JSONValue.object(update.variables).isLargerThan(64 * 1024) { return "variables are larger than 64 KiB" }
        return nil
    }
}
