// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import JSON
public import Model

/// What happens between a run and the runs it started.
public enum ChildEvent: Sendable, Equatable {
    /// The task started that run and waits for its end, or with `isDetached` goes on.
    case started(RunID, isDetached: Bool)
    /// A detached run ended; a task that waits for its child simply ends.
    case ended(RunID)

    var type: EventType {
        switch self {
        case .started: .childStarted
        case .ended: .childEnded
        }
    }

    /// The keys of `data`.
    var data: JSONObject {
        switch self {
        case .started(let run, let isDetached):
            isDetached ? ["child": .string(run.description), "detached": true] : ["child": .string(run.description)]
        case .ended(let run): ["child": .string(run.description)]
        }
    }

    init?(_ type: EventType, _ data: JSONValue) {
        guard let run = data["child"]?.stringValue.flatMap(RunID.init) else { return nil }
        switch type {
        case .childStarted: self = .started(run, isDetached: data["detached"]?.boolValue ?? false)
        case .childEnded: self = .ended(run)
        default: return nil
        }
    }
}

/// The run that started another one.
public struct ParentRun: Sendable, Equatable {
    /// The run.
    public var run: RunID
    /// The task in it.
    public var task: TaskRef
    /// Runs above the child: 1 for the child of a run that nobody started.
    public var depth: Int
}

extension RunState {
    /// Runs that this one started and whose end it waits for.
    public var children: [RunID] {
        let waiting = allTasks.filter { self[$0].status == .waiting }.compactMap { self[$0].child }
        return waiting + detached.filter { $0.value == .wait }.keys.sorted { $0.description < $1.description }
    }

    mutating func fold(_ event: ChildEvent, _ task: TaskRef, _ now: Timestamp) {
        switch event {
        case .started(let run, isDetached: true):
            guard case .workflow(let child) = node(task).kind else { return }
            detached[run] = child.onParentClose
        case .started(let run, isDetached: false):
            self[task].child = run
            set(task, .waiting, now)
        case .ended(let run):
            detached[run] = nil
        }
    }
}
