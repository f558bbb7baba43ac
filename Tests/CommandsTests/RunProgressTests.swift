// Baton
// SPDX-License-Identifier: Apache-2.0

import Engine
import JSON
import Model
import Testing

@testable import Commands

@Suite struct RunProgressTests {
    @Test func `steps are told with the time they took`() {
        var progress = RunProgress(names: ["fetch", "save"], count: 2)
        #expect(Self.line(&progress, 0, Event(body: .runStarted)) == "run.started")
        #expect(Self.line(&progress, 0, Event(task: TaskRef(node: 0), body: .taskReady(.queued))) == nil)
        #expect(
            Self.line(
                &progress,
                100,
                Event(task: TaskRef(node: 0), body: .taskStarted(attempt: 1, fence: 1, worker: "w"))
            )
                == "task.started fetch"
        )
        #expect(
            progress.openTasks == [.init(name: "fetch", stage: .running, since: .init(milliseconds: 100), attempt: 1)]
        )
        let done = Event(
            task: TaskRef(node: 0),
            body: .taskCompleted(output: Payload(inline: 1), routing: .init(), log: nil)
        )
        #expect(Self.line(&progress, 1350, done) == "task.completed fetch (1.2s)")
        #expect(progress.openTasks.isEmpty && progress.ended == 1 && progress.allTasks == 2)
        #expect(
            Self.line(&progress, 1350, Event(task: TaskRef(node: 1), body: .taskSkipped(.branch, routing: .init())))
                == "task.skipped save (branch)"
        )
        #expect(
            Self.line(&progress, 1350, Event(body: .runCompleted(outputs: Payload(inline: [:])))) == "run.completed"
        )
        #expect(progress.status == .completed)
    }

    @Test func `a retry keeps the task open and says when it goes on`() {
        var progress = RunProgress(names: ["fetch"], count: 1)
        let error = TaskError(code: "http.status", errorClass: .upstream, message: "503")
        _ = Self.line(
            &progress,
            0,
            Event(task: TaskRef(node: 0), body: .taskStarted(attempt: 1, fence: 1, worker: "w"))
        )
        let retry = Event(
            task: TaskRef(node: 0),
            body: .taskRetrying(error, next: .init(milliseconds: 5000), unit: 0, log: nil)
        )
        let line = Self.line(&progress, 1000, retry)
        #expect(line?.hasSuffix("(4.0s): http.status: 503") == true)
        #expect(progress.nextDue == Timestamp(milliseconds: 5000))
        _ = Self.line(
            &progress,
            5000,
            Event(task: TaskRef(node: 0), body: .taskStarted(attempt: 2, fence: 2, worker: "w"))
        )
        #expect(progress.openTasks.first?.attempt == 2)
        #expect(progress.openTasks.first?.since == Timestamp(milliseconds: 0))
        #expect(progress.nextDue == nil)
        let failed = Event(task: TaskRef(node: 0), body: .taskFailed(error, routing: .init(), log: nil))
        #expect(Self.line(&progress, 6000, failed) == "task.failed fetch (6.0s) http.status: 503")
    }

    @Test func `a person is needed only when nothing else goes on soon`() {
        var progress = RunProgress(names: ["ask", "wait"], count: 2)
        _ = Self.line(&progress, 0, Event(body: .runWaiting(.timer)))
        #expect(!progress.needsPerson(now: .init(milliseconds: 0)) { _ in false })
        _ = Self.line(&progress, 0, Event(body: .runWaiting(.human)))
        #expect(progress.needsPerson(now: .init(milliseconds: 0)) { _ in false })
        _ = Self.line(
            &progress,
            0,
            Event(task: TaskRef(node: 1), body: .taskWaiting(until: .init(milliseconds: 90_000)))
        )
        #expect(progress.needsPerson(now: .init(milliseconds: 0)) { _ in false })
        #expect(!progress.needsPerson(now: .init(milliseconds: 31_000)) { _ in false })
        _ = Self.line(&progress, 0, Event(actor: "user:ann", body: .runResumed))
        #expect(!progress.needsPerson(now: .init(milliseconds: 0)) { _ in false })
    }

    @Test func `people and their reasons are named`() {
        var progress = RunProgress(names: ["a"], count: 1)
        let pause = Event(actor: "user:ann", body: .runPaused(reason: "until\nMonday"))
        #expect(Self.line(&progress, 0, pause) == "run.paused by user:ann until Monday")
        #expect(progress.status == .paused)
        #expect(
            Self.line(&progress, 0, Event(actor: "user:ann", body: .runCancelled(reason: nil)))
                == "run.cancelled by user:ann"
        )
        #expect(progress.status == .cancelled)
    }

    @Test func `spans are short and exact enough`() {
        let cases: [(Int64, String)] = [
            (-5, "0.0s"), (0, "0.0s"), (449, "0.4s"), (59_999, "59.9s"), (60_000, "1m00s"), (125_000, "2m05s"),
            (3_600_000, "1h00m"),
            (11_220_000, "3h07m"), (187_200_000, "2d04h"),
        ]
        for (milliseconds, text) in cases { #expect(TimeText.span(.milliseconds(milliseconds)) == text) }
    }

    /// The plain line without its time of day.
    private static func line(_ progress: inout RunProgress, _ at: Int64, _ event: Event) -> String? {
        progress.apply(event, at: .init(milliseconds: at)).map { step in
            ProgressView.plain(step).split(separator: " ", maxSplits: 1).dropFirst().joined()
        }
    }
}
