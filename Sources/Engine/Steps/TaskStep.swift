// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON
public import Model
internal import Store

/// A call of a model or a tool that an attempt makes as one step of many (spec 8.4).
///
/// Its request is durable before the call leaves, its result before anything is done with it. Steps belong to the task:
/// the next attempt finds those of the ones before, so that no answer is asked for twice.
public struct TaskStep: Sendable, Equatable {
    /// What is called.
    public enum Kind: String, Sendable, CaseIterable {
        case model
        case tool
    }

    /// From 1, in the order in which they began.
    public let number: Int
    /// What is called.
    public let kind: Kind
    /// Which model or tool.
    public let name: String
    /// What it is asked; the meaning is the executor's.
    public let request: StepValue
    /// What it answered; `nil` while the call is under way, or was when its attempt ended.
    public internal(set) var result: StepValue?
    /// The attempt that made the call.
    public let attempt: Int
    /// By what its answer is asked for, when the other side took the call and answers later.
    public internal(set) var ticket: JSONValue?
}

/// A value of a step: small ones are in the event itself.
public enum StepValue: Sendable, Equatable {
    case inline(JSONValue)
    /// Canonical JSON.
    case blob(BlobRef)

    var json: JSONObject {
        switch self {
        case .inline(let value): ["value": value]
        case .blob(let blob): ["blob": blob.json]
        }
    }

    init?(json: JSONValue?) {
        if let value = json?["value"] {
            self = .inline(value)
        } else if let blob = BlobRef(json: json?["blob"]) {
            self = .blob(blob)
        } else {
            return nil
        }
    }
}

/// What an attempt writes down about its steps.
public enum StepChange: Sendable {
    /// A call is about to leave. With a cost that much money is held for it in the same commit; with a consent, which has
    /// to be there, that is spent.
    case begin(TaskStep.Kind, name: String, request: JSONValue, cost: CallCost? = nil, consent: HumanTaskID? = nil)
    /// A call ended. `usage` is what it did cost, `nil` when nobody knows.
    case end(Int, result: JSONValue, usage: CallUsage? = nil)
    /// The other side took the call and answers later to whoever has the ticket, which is at most
    /// ``TaskStep/longestTicket`` bytes of JSON. The call stays under way, and its money held, until it ends, also when the
    /// attempt does not; see ``AttemptOutcome/awaits(until:)``.
    case handOver(Int, ticket: JSONValue)
}

/// What came of writing steps down; durable.
public struct StepReceipt: Sendable, Equatable {
    /// The steps that began, in the order of the changes.
    public var begun: [TaskStep] = []
    /// What each of them may spend; `nil` for one without a cost.
    public var allowances: [Charge?] = []
    /// A call does not fit a budget. Then none began: the attempt ends with ``AttemptOutcome/starved(_:)``, and a new one
    /// follows when there is room.
    public var shortage: BudgetShortage?
}

/// A change whose values are durable.
enum PreparedStep: Sendable {
    case begin(TaskStep.Kind, name: String, request: StepValue, cost: CallCost?, consent: HumanTaskID? = nil)
    case end(Int, result: StepValue, usage: CallUsage?)
    case handOver(Int, ticket: JSONValue)
}
