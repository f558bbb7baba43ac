// Baton
// SPDX-License-Identifier: Apache-2.0

internal import JSON
public import Model
internal import Store

/// What the clock does next for a run.
public struct NextTimer: Sendable, Equatable {
    /// What it does.
    public let kind: TimerKind
    /// When; a time that is over means as soon as somebody drives the run.
    public let at: Timestamp
    /// The task it is for; `nil` when it is for the run, a phase or a patch.
    public let task: String?
    /// The phase it is for.
    public let phase: String?

    /// The first of the timers, which are in the order of time, that is for something that is there.
    static func first(of timers: [TimerRow], _ state: RunState) -> NextTimer? {
        timers.lazy.compactMap { NextTimer($0, state) }.first
    }

    private init?(_ timer: TimerRow, _ state: RunState) {
        let ref = TaskRef(number: timer.key.task)
        (kind, at) = (timer.kind, timer.fireAt)
        guard timer.kind != .phaseTimeout else {
            guard let number = ref.phase, state.graph.phases.indices.contains(number) else { return nil }
            (task, phase) = (nil, state.graph.phases[number].id)
            return
        }
        guard ref == .run || state.has(ref) else { return nil }
        (task, phase) = (ref == .run ? nil : state.name(of: ref), nil)
    }

    /// What happens then: `the wait of `nap` ends`.
    public var what: String {
        let name = (task ?? phase).map { "`\($0)`" }
        let request = name.map { "the request of \($0)" } ?? "the request about a patch"
        switch kind {
        case .retry: return "\(name ?? "a task") is tried again"
        case .wait: return "the wait of \(name ?? "a task") ends"
        case .humanExpiry: return "\(request) expires"
        case .humanReminder: return "people are reminded of \(request)"
        case .humanClaim: return "\(request) is free for others again"
        case .scheduleTimeout: return "\(name ?? "a task") fails unless it has started"
        case .deadline: return "the deadline of the run passes"
        case .timeout: return "\(name ?? "a task") is out of time"
        case .phaseTimeout: return "phase \(name ?? "") is out of time"
        }
    }

    /// `{kind, at, task?, phase?, explanation}`.
    var json: JSONValue {
        var result: JSONObject = ["kind": .string(kind.rawValue), "at": .string(at.description)]
        result["task"] = task.map(JSONValue.string)
        result["phase"] = phase.map(JSONValue.string)
        result["explanation"] = .string(what)
        return .object(result)
    }
}
