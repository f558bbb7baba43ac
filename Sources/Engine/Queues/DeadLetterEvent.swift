// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import JSON
public import Model
public import Store

/// What becomes of tasks that a queue gives up (spec 12.7).
public enum DeadLetterEvent: Sendable, Equatable {
    /// Nothing is tried any more, although nothing is wrong with the task: what it needs did not work for a long time, or
    /// whoever did it outside handed in something that is no result.
    case added(DeadLetter)

    var type: EventType { .deadLetterAdded }

    /// The keys of `data`.
    var data: JSONObject {
        switch self {
        case .added(let letter): letter.json
        }
    }
}

/// A task that was given up, as its run tells of it.
public struct DeadLetter: Sendable, Equatable {
    /// The queue of the task.
    public var queue: String
    /// Who gave up.
    public var group: DeadLetterRow.Group
    /// The code of what it failed with.
    public var failure: String
    /// Why, without values.
    public var reason: String

    /// `{queue, group, failure, reason}`.
    var json: JSONObject {
        [
            "queue": .string(queue), "group": .string(group.rawValue), "failure": .string(failure),
            "reason": .string(reason),
        ]
    }
}

extension EventDecoder {
    func deadLetter(_ data: JSONValue) -> DeadLetterEvent? {
        guard let queue = data["queue"]?.stringValue, let failure = data["failure"]?.stringValue,
            let group = data["group"]?.stringValue.flatMap(DeadLetterRow.Group.init)
        else { return nil }
        let reason = data["reason"]?.stringValue ?? ""
        return .added(DeadLetter(queue: queue, group: group, failure: failure, reason: reason))
    }
}

extension RunMachine {
    /// Writes down that a task was given up, if it is one that another attempt might help.
    mutating func noteDeadLetter(_ task: TaskRef, _ error: TaskError) {
        guard let queue = state.node(task).queueName, state.derivation?.kind != .shadow else { return }
        let isExternal = state.isExternal(task)
        guard error.errorClass == .upstream || (isExternal && error.code == TaskError.invalidOutput) else { return }
        let letter = DeadLetter(
            queue: queue,
            group: isExternal ? .external : .engine,
            failure: error.code,
            reason: error.message.withoutValues
        )
        emit(task, .deadLetter(.added(letter)))
    }
}

extension TaskError {
    /// The code of a result that does not fit its schema.
    public static let invalidOutput = "output.invalid"
}

extension String {
    /// The same without what is quoted, without queries of addresses, and at most 300 characters: a reason that anybody
    /// may read who may read that something failed.
    var withoutValues: String {
        var result = ""
        var closing: Character?
        var isQuery = false
        for character in self {
            if let end = closing {
                if character == end { closing = nil }
                continue
            }
            if isQuery {
                guard character.isWhitespace else { continue }
                isQuery = false
            }
            switch character {
            case "\"", "`", "“":
                closing = character == "“" ? "”" : character
                result += "…"
            case "?" where result.contains("://"):
                isQuery = true
                result += "?…"
            default: result.append(character)
            }
        }
        return String(result.prefix(300))
    }
}
