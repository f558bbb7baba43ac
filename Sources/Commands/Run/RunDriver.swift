// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import Engine
import Glibc
import JSON
import Model
import Store
import StoreSQLite

/// Drives one run in this process and shows how it goes.
struct RunDriver {
    /// Why driving ended.
    enum Ending: Equatable {
        case ended
        case paused
        case noWorker
        case needsPerson
        case needsMoney
        case interrupted
        /// The time that was given is over.
        case timedOut
    }

    let context: CommandContext
    let local: LocalEngine
    private let watch: RunWatch

    /// Opens everything.
    static func open(_ context: CommandContext) throws(CommandFailure) -> RunDriver {
        try RunCommands.checkDriven(context)
        let watch = RunWatch()
        return RunDriver(context: context, local: try LocalEngine(context, drives: true), watch: watch)
    }

    /// The same with what was read already.
    static func open(
        _ context: CommandContext,
        _ settings: Settings,
        _ toolbox: Toolbox
    ) throws(CommandFailure) -> RunDriver {
        try RunCommands.checkDriven(context)
        let watch = RunWatch()
        return RunDriver(
            context: context,
            local: try LocalEngine(context, settings, toolbox, drives: true),
            watch: watch
        )
    }

    private init(context: CommandContext, local: LocalEngine, watch: RunWatch) {
        self.context = context
        self.local = local
        self.watch = watch
    }

    /// Stops the engine without having driven anything.
    func close() {
        local.stop(grace: .zero)
    }

    /// The number of the last event of a run.
    func lastEvent(of row: RunRow) throws(CommandFailure) -> Int64 {
        try engineCall { () throws(EngineError) in try local.engine.reader.lastEvent(of: row) }
    }

    /// Drives a run to its end, or until it waits for a person, and reports.
    ///
    /// - Parameters:
    ///   - sequence: Events up to this number are old news.
    ///   - isFollowed: Shows progress.
    ///   - wanted: The status that is a success; the usual one is that of what the run is doing.
    ///   - begin: Makes the run go; events from here on are seen.
    func drive(
        _ run: RunID,
        after sequence: Int64,
        isFollowed: Bool,
        wanted: RunStatus? = nil,
        _ begin: () throws(CommandFailure) -> Void
    ) throws(CommandFailure) -> ExitCode {
        let state: RunState
        let ending: Ending
        let isUndone = (try? local.store.run(run))?.status == .compensating
        do throws(CommandFailure) {
            let deadline = try RunCommands.deadline(context)
            try local.workspaces.make(for: run)
            watch.subscribe(local.engine, to: run)
            try begin()
            let key = try key(of: run)
            let shared = try engineCall { () throws(EngineError) in
                try local.engine.reader.segments(ofRun: key).last?.after ?? 0
            }
            var session = Session(self, run, key: key, after: max(sequence, shared), isFollowed: isFollowed)
            session.deadline = deadline
            ending = try session.follow()
            state = try self.state(of: session.key)
        } catch {
            local.stop(grace: .zero)
            local.workspaces.discard(run)
            throw error
        }
        let pauses = (try? local.store.pauses()).map { PauseTable($0) } ?? .empty
        local.stop(grace: [.interrupted, .timedOut].contains(ending) ? .seconds(2) : .zero)
        let report = report(state, ending, pauses)
        report.show(isFollowed: isFollowed)
        return report.exit(wanted: wanted ?? (isUndone ? .compensated : .completed))
    }

    private func report(_ state: RunState, _ ending: Ending, _ pauses: PauseTable) -> RunReport {
        let now = SystemClock().wall()
        return RunReport(
            RunDetails(state: state, workspace: local.workspaces.path(of: state.id), now: now),
            ending: ending,
            requests: Self.requests(state),
            // There is nothing to explain of a run that completed.
            explanation: state.status == .completed ? [:] : Explanation(state, now: now, pauses: pauses).json(now: now),
            context
        )
    }

    /// What people can answer, reviews of tasks among it.
    private static func requests(_ state: RunState) -> [JSONValue] {
        let patches = state.patches.all.compactMap(\.review).filter { !$0.isClosed }.map(\.request)
        return (state.allTasks.compactMap { state[$0].openRequest?.request } + patches).map { request in
            [
                "id": .string(request.id.description), "kind": .string(request.kind.rawValue),
                "title": .string(request.title), "message": .string(request.message),
                "choices": .array(request.choices.map { ["id": .string($0.id)] }),
            ]
        }
    }

    fileprivate func key(of run: RunID) throws(CommandFailure) -> Int64 {
        guard let row = try reading({ () throws(StoreError) in try local.store.run(run) }) else {
            throw IdentifierLookup.noRun(run.description)
        }
        return row.key
    }

    /// The run waits for a person or a signal, or for a run that does.
    fileprivate func needsPerson(_ run: RunID) -> Bool {
        guard let row = try? local.store.run(run) else { return false }
        if row.status == .compensating {
            let state = try? local.engine.reader.state(ofRun: row.key)
            let open = state.map { state in state.allTasks.map { state[$0].status }.filter { !$0.isTerminal } } ?? []
            return !open.isEmpty && open.allSatisfy { $0 == .needsReview }
        }
        guard row.status == .waiting else { return false }
        switch row.reason {
        case .human, .signal: return true
        case .external:
            let children = (try? local.engine.reader.state(ofRun: row.key))?.children ?? []
            return !children.isEmpty && children.allSatisfy(needsPerson)
        case .timer, .retry, .budget, nil: return false
        }
    }

    private func state(of key: Int64) throws(CommandFailure) -> RunState {
        try engineCall { () throws(EngineError) in try local.engine.reader.state(ofRun: key) }
    }

    /// One run while it is watched.
    private struct Session {
        let driver: RunDriver
        let run: RunID
        let key: Int64
        let isFollowed: Bool
        /// Number of the last event that was taken in.
        var last: Int64 = 0
        /// Events up to this number are not shown.
        let silentUntil: Int64
        var progress = RunProgress(names: [], count: 0)
        var view: ProgressView
        var log: EventLog?
        var fullAt: ContinuousClock.Instant?
        var deadline: ContinuousClock.Instant?

        init(_ driver: RunDriver, _ run: RunID, key: Int64, after sequence: Int64, isFollowed: Bool) {
            self.driver = driver
            self.run = run
            self.key = key
            self.isFollowed = isFollowed
            silentUntil = sequence
            let console = driver.context.console
            view = ProgressView(console, terminalWidth: Console.terminalWidth(STDERR_FILENO))
            if isFollowed, console.settings.format == .jsonl {
                log = EventLog(driver.local.engine.reader, driver.local.store, key: key)
            }
        }

        mutating func follow() throws(CommandFailure) -> Ending {
            try catchUp()
            while true {
                if let ending { return finish(ending) }
                if let deadline, deadline <= .now { return finish(.timedOut) }
                if isFollowed { view.redraw(progress, now: SystemClock().wall()) }
                for item in driver.watch.next(within: wait) {
                    switch item {
                    case .event(let event): take(event.runSequence, event.at, event.event, event.graph)
                    case .storageFull: warnOfFullDisk()
                    case .isCut:
                        driver.watch.subscribe(driver.local.engine, to: run)
                        try catchUp()
                    case .isInterrupted: return finish(.interrupted)
                    case .envelope, .isDisconnected, .isRefused: break
                    }
                }
                try writeLog()
                if driver.context.console.isBroken { return finish(.interrupted) }
            }
        }

        private var wait: Int64 {
            // Another run may come to wait for a person without an event of this one.
            let usual: Int64 = progress.waitReason == .external ? 500 : 60_000
            let limit = min(usual, RunCommands.milliseconds(until: deadline))
            return isFollowed ? min(view.interval, limit) : limit
        }

        private var ending: Ending? {
            if progress.status.isTerminal, hasEnded { return .ended }
            if progress.status == .paused { return .paused }
            if let held { return held }
            if progress.needsMoney { return .needsMoney }
            let isStuck = progress.needsPerson(now: SystemClock().wall()) { driver.needsPerson($0) }
            return isStuck ? .needsPerson : nil
        }

        /// Nothing of the run is in flight, and what could be is paused with its workflow, project or queue, or is not
        /// worked on by this process. The engine is asked only when one of these can be.
        private var held: Ending? {
            let pauses = PauseTable((try? driver.local.store.pauses()) ?? [])
            guard !pauses.isEmpty || !progress.unserved.isEmpty, !progress.status.isTerminal,
                let state = try? driver.local.engine.reader.state(ofRun: key), state.count(.running) == 0
            else { return nil }
            let causes = Explanation(state, now: SystemClock().wall(), pauses: pauses).waitingFor.map(\.cause)
            if causes.contains(where: { if case .paused = $0 { true } else { false } }) { return .paused }
            let isUnserved = causes.contains { if case .worker = $0 { true } else { false } }
            // A retry or a timer may still bring something else to do.
            let isMoving = state.count(.retrying) + state.count(.waiting) > 0
            return isUnserved && !isMoving ? .noWorker : nil
        }

        /// A run that fails may go on to undo what it did; then the event that says so is in the same commit.
        private var hasEnded: Bool {
            (try? driver.local.store.run(run))?.status.isTerminal ?? true
        }

        private mutating func finish(_ ending: Ending) -> Ending {
            view.clear()
            return ending
        }

        /// Reads what the stream does not have.
        private mutating func catchUp() throws(CommandFailure) {
            var session = self
            let (reader, key, last) = (driver.local.engine.reader, key, last)
            try engineCall { () throws(EngineError) in
                try reader.forEachEvent(ofRun: key, after: last) { sequence, at, event, graph in
                    if session.last == 0 { session.progress = RunProgress(graph) }
                    session.take(sequence, at, event, graph)
                }
            }
            self = session
            try writeLog()
        }

        private mutating func take(_ sequence: Int64, _ at: Timestamp, _ event: Event, _ graph: RunGraph) {
            guard sequence > last else { return }
            last = sequence
            progress.know(graph)
            guard let step = progress.apply(event, at: at), isFollowed, log == nil, sequence > silentUntil else {
                return
            }
            view.show(step)
        }

        private mutating func writeLog() throws(CommandFailure) {
            guard log != nil else { return }
            let console = driver.context.console
            let silentUntil = silentUntil
            try log?.forEachNew { envelope in
                if (envelope["run_seq"]?.intValue ?? 0) > silentUntil { console.line(envelope.text) }
            }
            console.flush()
        }

        /// At most every ten seconds.
        private mutating func warnOfFullDisk() {
            let now = ContinuousClock.now
            guard fullAt.map({ now - $0 > .seconds(10) }) ?? true else { return }
            fullAt = now
            view.clear()
            driver.context.console.complain(
                "baton: storage.full: a commit does not fit on the disk; \(run) goes on when there is room.\n"
                    + "  nothing that was acknowledged is lost"
            )
        }
    }
}
