// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import Model

/// Calls that the other side took and answers later, in minutes or a day: between two looks for the answer nobody works on
/// the task, and no lease is held.
extension TaskStep {
    /// So many bytes a ticket may have, as JSON.
    public static let longestTicket = 4096

    /// It is under way, whatever became of the attempt that made it.
    public var isHandedOver: Bool { ticket != nil && result == nil }
}

extension RunState {
    /// The first call of a task that was handed over and is not answered.
    func handedOver(_ task: TaskRef) -> TaskStep? {
        steps.isEmpty ? nil : steps[task]?.all.first(where: \.isHandedOver)
    }

    /// - Parameter call: As reservations name it: the number of the step.
    func isHandedOver(_ call: String, of task: TaskRef) -> Bool {
        guard let number = Int(call), let all = steps[task]?.all, all.indices.contains(number - 1) else { return false }
        return all[number - 1].isHandedOver
    }

    /// It waits for such an answer, and for nothing else.
    func awaitsAnswer(_ task: TaskRef) -> Bool {
        self[task].openRequest == nil && holds[task] == nil && handedOver(task) != nil
    }

    /// The attempt with that fence is under way.
    func isInFlight(_ task: TaskRef, fence: Int64) -> Bool {
        [.running, .verifying].contains(self[task].status) && self[task].fence == fence
    }
}

extension RunMachine {
    /// The attempt that handed the call over, or looked for its answer, has ended.
    mutating func awaitAnswer(_ task: TaskRef, until time: Timestamp) {
        guard state.handedOver(task) != nil else { return handBack(task) }
        wait(task, until: time)
    }

    /// A new attempt asks whether there is an answer.
    mutating func lookForAnswer(_ task: TaskRef) {
        emit(task, .taskReady(.released))
        offer(task)
    }
}
