// Baton
// SPDX-License-Identifier: Apache-2.0

/// Is told when its descriptor is ready; always on the thread of the loop it is registered with.
public protocol EventHandler: AnyObject {
    /// The descriptor is ready for that. Level-triggered: told again and again until it is done or not asked for.
    func ready(for events: Readiness)
}

/// Writes out what was collected in a turn of the loop.
public protocol Flushable: AnyObject {
    /// Called once at the end of a turn in which ``EventLoop/flushLater(_:)`` was called. What is asked for meanwhile comes
    /// at the end of the next turn, which follows at once.
    func flush()
}

/// Is told when its time has come; always on the thread of the loop.
public protocol Deadlined: AnyObject {
    /// Only for the wheel; starts as `TimerPlace()`.
    var timerPlace: TimerPlace { get set }

    /// The time set with ``EventLoop/setDeadline(_:of:)`` has come.
    func deadlinePassed()
}
