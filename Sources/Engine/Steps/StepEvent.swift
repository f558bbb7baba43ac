// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON
public import Model
internal import Store

/// What happens to the steps of a task.
public enum StepEvent: Sendable, Equatable {
    /// A call is about to leave; what a person decided about it is spent by that.
    case begun(TaskStep.Kind, name: String, request: StepValue, consent: HumanTaskID? = nil)
    /// The other side took the call of that number, and answers later to whoever has the ticket.
    case handedOver(number: Int, ticket: JSONValue)
    /// The call of that number ended.
    case ended(TaskStep.Kind, number: Int, result: StepValue)
    /// The next call does not fit a budget; the task goes on when it does.
    case starved(CallCost)
    /// A person decided about a call of that tool.
    case decided(CallConsent, tool: String)

    var type: EventType {
        switch self {
        case .begun(.model, _, _, _): .agentCallStarted
        case .begun(.tool, _, _, _): .toolRequested
        case .handedOver: .agentCallSubmitted
        case .ended(.model, _, _): .agentCallCompleted
        case .ended(.tool, _, _): .toolCompleted
        case .starved: .taskStarved
        case .decided: .toolDecided
        }
    }

    /// The keys of `data`.
    var data: JSONObject {
        switch self {
        case .begun(let kind, let name, let request, let consent):
            var data: JSONObject = [kind.rawValue: .string(name), "request": .object(request.json)]
            data["human_task"] = consent.map { .string($0.description) }
            return data
        case .handedOver(let number, let ticket): return ["step": .int(Int64(number)), "ticket": ticket]
        case .ended(_, let number, let result):
            return ["step": .int(Int64(number)), "result": .object(result.json)]
        case .starved(let cost): return cost.json
        case .decided(let consent, let tool):
            var data = consent.json
            data["tool"] = .string(tool)
            return data
        }
    }

    init?(_ type: EventType, _ data: JSONValue) {
        switch type {
        case .agentCallStarted, .toolRequested:
            let kind = type == .toolRequested ? TaskStep.Kind.tool : .model
            guard let name = data[kind.rawValue]?.stringValue, let request = StepValue(json: data["request"]) else {
                return nil
            }
            let consent = data["human_task"]?.stringValue.flatMap(HumanTaskID.init)
            self = .begun(kind, name: name, request: request, consent: consent)
        case .agentCallSubmitted:
            guard let number = data["step"]?.intValue, let ticket = data["ticket"] else { return nil }
            self = .handedOver(number: Int(number), ticket: ticket)
        case .agentCallCompleted, .toolCompleted:
            guard let number = data["step"]?.intValue, let result = StepValue(json: data["result"]) else { return nil }
            self = .ended(type == .toolCompleted ? .tool : .model, number: Int(number), result: result)
        case .taskStarved:
            guard let cost = CallCost(json: data) else { return nil }
            self = .starved(cost)
        case .toolDecided:
            guard let consent = CallConsent(json: data), let tool = data["tool"]?.stringValue else { return nil }
            self = .decided(consent, tool: tool)
        default: return nil
        }
    }
}

extension CallCost {
    /// `{most, least, provider, model, purpose}`.
    var json: JSONObject {
        [
            "most": most.json, "least": least.json, "provider": .string(provider), "model": .string(model),
            "purpose": .string(purpose.rawValue),
        ]
    }

    init?(json: JSONValue) {
        guard let most = Charge(json: json["most"]), let least = Charge(json: json["least"]),
            let purpose = json["purpose"]?.stringValue.flatMap(UsageSubject.Purpose.init)
        else { return nil }
        self.init(
            most: most,
            least: least,
            provider: json["provider"]?.stringValue ?? "",
            model: json["model"]?.stringValue ?? "",
            purpose: purpose
        )
    }
}

extension RunState {
    /// What a task has done by steps.
    struct Steps: Sendable, Equatable {
        /// In order of their numbers, which have no gaps.
        var all: [TaskStep] = []
        /// What the next call needs, while there is no room for it.
        var lacks: CallCost?
        /// What people decided about calls that have not begun.
        var consents: [CallConsent] = []
        /// A call came to its end since an executor last died of the task.
        var hasProgress = false
    }

    mutating func fold(_ event: StepEvent, _ task: TaskRef) {
        switch event {
        case .begun(let kind, let name, let request, let consent):
            var own = steps.removeValue(forKey: task) ?? Steps()
            let step = TaskStep(
                number: own.all.count + 1,
                kind: kind,
                name: name,
                request: request,
                result: nil,
                attempt: self[task].attempts
            )
            own.all.append(step)
            own.lacks = nil
            if let consent { own.consents.removeAll { $0.request == consent } }
            steps[task] = own
        case .handedOver(let number, let ticket):
            guard let count = steps[task]?.all.count, number > 0, number <= count else { return }
            steps[task]?.all[number - 1].ticket = ticket
            steps[task]?.hasProgress = true
        case .ended(let kind, let number, let result):
            guard let count = steps[task]?.all.count, number > 0, number <= count,
                let step = steps[task]?.all[number - 1]
            else { return }
            steps[task]?.all[number - 1].result = result
            // A model that an attempt before this one asked has not answered, unless it was to answer later.
            let isAnswer = kind == .tool || step.ticket != nil || step.attempt == self[task].attempts
            if isAnswer { steps[task]?.hasProgress = true }
        case .starved(let cost): steps[task, default: Steps()].lacks = cost
        case .decided(let consent, _):
            steps[task, default: Steps()].consents.append(consent)
            // The time in which a person thought about it is not the task's.
            self[task].countedSince = nil
        }
    }

    /// What has ended, or begins anew, has no steps.
    mutating func forgetSteps(of task: TaskRef, _ status: TaskStatus) {
        if !steps.isEmpty, status.isTerminal || status == .blocked { steps[task] = nil }
    }

    /// Forgets about tasks that went with their pass or item.
    mutating func forgetSteps(in scope: Int) {
        if !steps.isEmpty { steps = steps.filter { $0.key.scope != scope } }
    }
}

extension RunState.Steps: SnapshotValue {
    func write(to encoder: inout SnapshotEncoder) -> JSONValue {
        var json: JSONObject = ["all": .array(all.map(\.json))]
        json["lacks"] = lacks.map { .object($0.json) }
        if !consents.isEmpty { json["consents"] = .array(consents.map { .object($0.json) }) }
        if hasProgress { json["progress"] = true }
        return .object(json)
    }

    init(snapshot json: JSONValue, _ decoder: SnapshotDecoder) throws {
        for item in json["all"]?.arrayValue ?? [] {
            guard let step = TaskStep(json: item, number: all.count + 1) else { throw SnapshotError(json) }
            all.append(step)
        }
        lacks = json["lacks"].flatMap(CallCost.init(json:))
        consents = (json["consents"]?.arrayValue ?? []).compactMap(CallConsent.init(json:))
        hasProgress = json["progress"]?.boolValue ?? false
    }
}

extension TaskStep {
    fileprivate var json: JSONValue {
        var json: JSONObject = [
            "kind": .string(kind.rawValue), "name": .string(name), "request": .object(request.json),
            "attempt": .int(Int64(attempt)),
        ]
        json["result"] = result.map { .object($0.json) }
        json["ticket"] = ticket
        return .object(json)
    }

    fileprivate init?(json: JSONValue, number: Int) {
        guard let kind = json["kind"]?.stringValue.flatMap(Kind.init), let name = json["name"]?.stringValue,
            let request = StepValue(json: json["request"]), let attempt = json["attempt"]?.intValue
        else { return nil }
        self.init(
            number: number,
            kind: kind,
            name: name,
            request: request,
            result: StepValue(json: json["result"]),
            attempt: Int(attempt),
            ticket: json["ticket"]
        )
    }
}
