// Baton
// SPDX-License-Identifier: Apache-2.0

import BatonClient
import Engine
import Glibc
import JSON
import Model

/// Follows a run that a server drives, and shows how it goes as ``RunDriver`` does for one of this process.
struct RunFollower {
    let server: RemoteServer
    private let context: CommandContext
    private let watch: RunWatch

    private init(_ server: RemoteServer, _ context: CommandContext, _ watch: RunWatch) {
        (self.server, self.context, self.watch) = (server, context, watch)
    }

    /// For the server that is to be asked; `nil` when the command works on the data folder.
    static func find(_ context: CommandContext) throws(CommandFailure) -> RunFollower? {
        guard let choice = try ServerChoice.find(context) else { return nil }
        // Before the client, which has a thread that must not be the one that Ctrl-C ends.
        let watch = RunWatch()
        return RunFollower(try RemoteServer(choice, context), context, watch)
    }

    /// Makes something happen to a run and follows it to its end, or until it waits for a person, and reports.
    ///
    /// - Parameters:
    ///   - run: The run; events that it has before are old news. `nil` when it is made by `begin`.
    ///   - isFollowed: Shows progress.
    ///   - wanted: The status that is a success; the usual one is that of what the run is doing.
    ///   - begin: Makes the run go; gives its id.
    func follow(
        _ run: String?,
        isFollowed: Bool,
        wanted: RunStatus? = nil,
        _ begin: () throws(CommandFailure) -> String
    ) throws(CommandFailure) -> ExitCode {
        let deadline = try RunCommands.deadline(context)
        let before = try run.map { run throws(CommandFailure) in try status(of: run) }
        let id = try begin()
        guard RunCommands.waits(context) else { return try leave(id) }
        let isUndone = before?["status"] == "compensating"
        var session = Session(self, id, after: before?["last_event"]?.intValue ?? 0, isFollowed: isFollowed)
        session.deadline = deadline
        let ending = try session.follow()
        let report = try report(id, ending)
        report.show(isFollowed: isFollowed)
        return report.exit(wanted: wanted ?? (isUndone ? .compensated : .completed))
    }

    /// Only watches, from now on or from the beginning.
    func watch(_ run: String, isWhole: Bool) throws(CommandFailure) -> ExitCode {
        let deadline = try RunCommands.deadline(context)
        let last = isWhole ? 0 : try status(of: run)["last_event"]?.intValue ?? 0
        var session = Session(self, run, after: last, isFollowed: true)
        session.deadline = deadline
        let report = try report(run, try session.follow())
        report.show(isFollowed: true)
        return report.exit(wanted: .completed)
    }

    private func status(of run: String) throws(CommandFailure) -> JSONValue {
        try server.get(APIRequest.path("v1", "runs", run))
    }

    /// Says which run it is and leaves it to the server.
    private func leave(_ run: String) throws(CommandFailure) -> ExitCode {
        let status = try status(of: run)["status"] ?? .null
        context.console.show(["id": .string(run), "status": status]) { "\(run)\n" }
        return .ok
    }

    private func report(_ run: String, _ ending: RunDriver.Ending) throws(CommandFailure) -> RunReport {
        var requests: [JSONValue] = []
        if ending == .needsPerson || ending == .needsMoney {
            requests = try server.list("/v1/human-tasks", [("run", run)], limit: 100)
        }
        return RunReport(
            RunDetails(try server.get(APIRequest.path("v1", "runs", run))),
            ending: ending,
            requests: requests,
            explanation: try explanation(of: run),
            context
        )
    }

    private func explanation(of run: String) throws(CommandFailure) -> JSONValue {
        try server.get(APIRequest.path("v1", "runs", run, "explain"))
    }

    /// The run waits for a person or a signal, or for a run that does.
    private func needsPerson(_ run: RunID) -> Bool {
        guard let state = try? status(of: run.description), state["status"] == "waiting" else { return false }
        return ["human", "signal"].contains(state["reason"]?.stringValue)
    }

    /// One run while it is watched.
    private struct Session {
        let follower: RunFollower
        let run: String
        let isFollowed: Bool
        /// Number of the last event that was taken in, in the run and among all.
        var last: (own: Int64, global: Int64) = (0, 0)
        /// Events up to this number are not shown.
        let silentUntil: Int64
        var sketch = EventSketch()
        var progress: RunProgress
        var view: ProgressView
        /// Whether nothing happens although nothing is waited for was looked at since the last event.
        var isLookedAt = false
        var deadline: ContinuousClock.Instant?

        init(_ follower: RunFollower, _ run: String, after sequence: Int64, isFollowed: Bool) {
            self.follower = follower
            self.run = run
            self.isFollowed = isFollowed
            silentUntil = sequence
            let console = follower.context.console
            view = ProgressView(console, terminalWidth: Console.terminalWidth(STDERR_FILENO))
            progress = RunProgress(names: [], count: 0)
        }

        private var console: Console { follower.context.console }
        private var isLog: Bool { isFollowed && console.settings.format == .jsonl }

        mutating func follow() throws(CommandFailure) -> RunDriver.Ending {
            try countTasks()
            try catchUp()
            follower.watch.subscribe(follower.server.client, to: run, after: last.global)
            while true {
                if let ending = try ending() {
                    view.clear()
                    return ending
                }
                if let deadline, deadline <= .now { return finish(.timedOut) }
                if isFollowed { view.redraw(progress, now: SystemClock().wall()) }
                let limit = min(2000, RunCommands.milliseconds(until: deadline))
                let items = follower.watch.next(within: isFollowed ? min(view.interval, limit) : limit)
                for item in items {
                    if let ending = try take(item) { return ending }
                }
                if items.isEmpty, try isHeld() { return finish(.paused) }
                console.flush()
                if console.isBroken { return finish(.interrupted) }
            }
        }

        private mutating func take(_ item: RunWatch.Item) throws(CommandFailure) -> RunDriver.Ending? {
            switch item {
            case .envelope(let event): take(event)
            case .isDisconnected(let why):
                view.clear()
                console.note("baton: \(why)")
            case .isRefused(let error): throw CommandFailure(error, at: follower.server.choice)
            case .isCut:
                try catchUp()
                follower.watch.subscribe(follower.server.client, to: run, after: last.global)
            case .isInterrupted: return finish(.interrupted)
            case .event, .storageFull: break
            }
            return nil
        }

        private mutating func finish(_ ending: RunDriver.Ending) -> RunDriver.Ending {
            view.clear()
            return ending
        }

        private mutating func countTasks() throws(CommandFailure) {
            let graph = try follower.server.get(APIRequest.path("v1", "runs", run, "graph"))
            progress = RunProgress(names: [], count: graph["nodes"]?.arrayValue?.count ?? 0)
        }

        /// Reads what the stream does not have.
        private mutating func catchUp() throws(CommandFailure) {
            var session = self
            try follower.server.forEachEvent(ofRun: run, after: last.own) { session.take($0) }
            self = session
        }

        private mutating func take(_ event: JSONValue) {
            let sequence = event["run_seq"]?.intValue ?? 0
            guard sequence > last.own else { return }
            last = (sequence, event["seq"]?.intValue ?? last.global)
            isLookedAt = false
            let isShown = isFollowed && sequence > silentUntil
            if isShown, isLog { console.line(event.text) }
            let known = sketch.event(event)
            progress.know(sketch.names)
            let at = RunDetails.time(event["at"]) ?? SystemClock().wall()
            let step = known.map { progress.apply($0, at: at) } ?? plain(event, at)
            if isShown, !isLog, let step { view.show(step) }
        }

        /// A step of which only the server knows more.
        private func plain(_ event: JSONValue, _ at: Timestamp) -> RunProgress.Step? {
            guard let type = event["type"]?.stringValue else { return nil }
            let note = event["data"]?["description"]?.stringValue ?? ""
            return .init(at: at, type: type, mark: .info, node: event["node"]?.stringValue, note: note)
        }

        private func ending() throws(CommandFailure) -> RunDriver.Ending? {
            if progress.status.isTerminal {
                // A run that fails may go on to undo what it did.
                let status = try follower.status(of: run)["status"]?.stringValue.flatMap { RunStatus(rawValue: $0) }
                return status?.isTerminal == false ? nil : .ended
            }
            if progress.status == .paused { return .paused }
            if progress.needsMoney { return .needsMoney }
            let isStuck = progress.needsPerson(now: SystemClock().wall()) { follower.needsPerson($0) }
            return isStuck ? .needsPerson : nil
        }

        /// Nothing is in flight because it is paused with its workflow, project or queue. Asked once after each event.
        private mutating func isHeld() throws(CommandFailure) -> Bool {
            guard progress.isIdle, !isLookedAt else { return false }
            isLookedAt = true
            let waits = try follower.explanation(of: run)["waiting_for"]?.arrayValue ?? []
            return waits.contains { $0["kind"] == "paused" }
        }
    }
}
