// Baton
// SPDX-License-Identifier: Apache-2.0

import Engine
import JSON
import Model
import Store
import StoreSQLite

/// `baton schedule run`: fires every schedule of a data folder and drives every open run, until it is stopped.
struct ScheduleRun {
    static let command: CommandDescription = .init(
        name: "run",
        summary: "Fire schedules, and drive all open runs, until Ctrl-C",
        discussion: """
            Needs the data folder for itself: other commands can read meanwhile. Firings that came due while nothing ran are caught
            up first. On Ctrl-C or `kill` tasks in flight get two seconds; everything goes on at the next start. With -o jsonl
            standard output gets the events of schedules and runs, one a line.
            """,
        examples: [
            .init(line: "baton schedule run", comment: "with a line for everything that happens"),
            .init(line: "baton schedule run -o jsonl -q > events.jsonl", comment: "for programs"),
        ],
        exits: [.unavailable]
    ) { context throws(CommandFailure) in
        var session = try ScheduleRun(context)
        return try session.follow()
    }

    /// How often schedules are asked what they did, in milliseconds.
    private static let interval: Int64 = 1000

    private let context: CommandContext
    private let watch: RunWatch
    private let local: LocalEngine
    private var news: ScheduleNews
    private var runs: [RunID: Watched] = [:]
    /// Runs that ended, by status.
    private var ended: [RunStatus: Int] = [:]
    private var fullAt: ContinuousClock.Instant?

    private struct Watched {
        var progress: RunProgress
        /// Where events are written as JSON.
        var log: EventLog?
        /// The number of the first event that was seen.
        let first: Int64
    }

    private init(_ context: CommandContext) throws(CommandFailure) {
        self.context = context
        watch = RunWatch()
        local = try LocalEngine(context, drives: true)
        news = ScheduleNews([])
    }

    private var console: Console { context.console }

    private mutating func follow() throws(CommandFailure) -> ExitCode {
        do throws(CommandFailure) {
            try begin()
            while try takeNext() {}
        } catch {
            local.stop(grace: .seconds(2))
            throw error
        }
        local.stop(grace: .seconds(2))
        report()
        return .ok
    }

    private mutating func begin() throws(CommandFailure) {
        try local.workspaces.makeRoot()
        let rows = try readSchedules()
        news = ScheduleNews(rows)
        watch.subscribe(local.engine, to: nil)
        let (open, problems) = try local.ask { engine async throws(EngineError) in
            (try await engine.adopt(nil).count, try await engine.runSchedules())
        }
        for problem in problems { console.complain("baton: \(problem.code.rawValue): \(problem.message)") }
        console.note("\(rows.count) schedules, \(open) open runs; Ctrl-C stops")
    }

    /// Takes in what happened within a moment; false when it is time to stop.
    private mutating func takeNext() throws(CommandFailure) -> Bool {
        for item in watch.next(within: Self.interval) {
            switch item {
            case .event(let event): try take(event)
            case .storageFull: warnOfFullDisk()
            case .isCut:
                // Some events are not shown. They are in the log, as all others are.
                runs = [:]
                watch.subscribe(local.engine, to: nil)
            case .isInterrupted: return false
            case .envelope, .isDisconnected, .isRefused: break
            }
        }
        try tellNews()
        console.flush()
        return !console.isBroken
    }

    private mutating func take(_ event: FeedEvent) throws(CommandFailure) {
        var watched = if let known = runs[event.run] { known } else { try makeWatched(event) }
        let step = watched.progress.apply(event.event, at: event.at)
        if var log = watched.log {
            let (console, first) = (console, watched.first)
            try log.forEachNew { if ($0["run_seq"]?.intValue ?? 0) >= first { console.line($0.text) } }
            watched.log = log
        } else if let step {
            console.note("\(TimeText.clock(step.at)) \(event.run) \(Self.words(step))")
        }
        let status = watched.progress.status
        runs[event.run] = status.isTerminal ? nil : watched
        if status.isTerminal { ended[status, default: 0] += 1 }
    }

    private func makeWatched(_ event: FeedEvent) throws(CommandFailure) -> Watched {
        var watched = Watched(progress: RunProgress(event.graph), first: event.runSequence)
        if console.settings.format == .jsonl,
            let row = try reading({ () throws(StoreError) in try local.store.run(event.run) })
        {
            watched.log = EventLog(local.engine.reader, local.store, key: row.key)
        }
        return watched
    }

    private static func words(_ step: RunProgress.Step) -> String {
        [step.type, step.node ?? "", TextWidth.oneLine(step.note)].filter { !$0.isEmpty }.joined(separator: " ")
    }

    private mutating func tellNews() throws(CommandFailure) {
        for (name, item) in news.take(try readSchedules()) {
            if console.settings.format == .jsonl {
                console.line(item.json(name).text)
            } else {
                console.note(item.text(name))
            }
        }
    }

    private func readSchedules() throws(CommandFailure) -> [ScheduleRow] {
        try reading { () throws(StoreError) in try local.store.schedules() }
    }

    /// At most every ten seconds.
    private mutating func warnOfFullDisk() {
        let now = ContinuousClock.now
        guard fullAt.map({ now - $0 > .seconds(10) }) ?? true else { return }
        fullAt = now
        console.complain(
            "baton: storage.full: a commit does not fit on the disk; everything goes on when there is room.\n"
                + "  nothing that was acknowledged is lost"
        )
    }

    /// What ended meanwhile.
    private func report() {
        let statuses = RunStatus.allCases.filter(\.isTerminal)
        if console.settings.format == .json || console.settings.format == .yaml {
            let members = statuses.map { JSONObject.Member(key: $0.rawValue, value: .int(Int64(ended[$0] ?? 0))) }
            console.show(.object(JSONObject(members: members))) { "" }
        }
        let counts = statuses.compactMap { status in ended[status].map { "\($0) \(status.rawValue)" } }
        let runs = counts.isEmpty ? "no run ended" : "runs that ended: \(counts.joined(separator: ", "))"
        console.note("stopped; \(runs)")
        console.flush()
    }
}
