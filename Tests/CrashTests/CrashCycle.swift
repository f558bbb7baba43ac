// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import JSON
import Model
import Store
import StoreSQLite

/// Drives one run to its end as a stubborn person would: whatever dies is started again. Calls block.
struct CrashCycle<Plan: KillPlan> {
    /// What it came to.
    struct Result: Sendable {
        /// Processes that were killed.
        var kills = 0
        /// What was not as it must be; each entry names its place.
        var problems: [String] = []
        /// What processes wrote and took, by verb; of use when none was killed.
        var measure = RandomKills.Measure()
        /// One word for each process.
        var history: [String] = []
    }

    private enum Step: Equatable {
        case next(Verb)
        case again(Verb)
        case done
    }

    private let folder: CrashFolder
    private var plan: Plan
    private let resumesBeforeAnswer: Bool
    private var isAcknowledged = false
    private var hasResumed = false
    /// Events that were written to standard output.
    private(set) var shown: [String] = []
    private(set) var result = Result()

    /// - Parameter resumesBeforeAnswer: The run is also resumed while it waits for a person.
    init(_ folder: CrashFolder, _ plan: Plan, resumesBeforeAnswer: Bool = false) {
        self.folder = folder
        self.plan = plan
        self.resumesBeforeAnswer = resumesBeforeAnswer
    }

    /// Runs a workflow in a folder of its own and checks everything afterwards.
    static func run(_ plan: Plan, resumesBeforeAnswer: Bool = false) -> Result {
        do {
            let folder = try CrashFolder(CrashWorkflow.text)
            var cycle = CrashCycle(folder, plan, resumesBeforeAnswer: resumesBeforeAnswer)
            try cycle.drive()
            cycle.result.problems += try CrashChecks(folder).problems(shown: cycle.shown)
            return cycle.result
        } catch {
            return Result(problems: ["\(error)"])
        }
    }

    /// Starts processes until the run has ended.
    mutating func drive() throws {
        var verb = Verb.start
        // Five kills at most, then each verb twice; more would be no progress.
        for _ in 0..<24 {
            switch try step(verb) {
            case .next(let next): verb = next
            case .again(let same): verb = same
            case .done: return
            }
        }
        throw BatonProcess.Failure(description: "the run does not end: \(result.history)")
    }

    private mutating func step(_ verb: Verb) throws -> Step {
        let arguments = try arguments(verb)
        let kill = plan.next(for: verb)
        let outcome = try folder.baton(arguments).run(kill)
        note(verb, kill, outcome)
        guard let exit = outcome.exit else {
            return .again(isAcknowledged && verb == .start || verb == .retry ? .resume : verb)
        }
        isAcknowledged = true
        switch (verb, exit) {
        case (.start, 0), (.resume, 0):
            return .done
        case (_, 8) where try review() != nil:
            return .next(.retry)
        case (.retry, 8):
            return .next(.approve)
        case (.resume, 4) where outcome.errors.contains("has ended"):
            return .done
        case (.start, 8), (.resume, 8):
            let resumes = resumesBeforeAnswer && !hasResumed
            hasResumed = true
            return .next(resumes ? .resume : .approve)
        case (.approve, 0), (.retry, 0):
            // An answer that was given before changes nothing, so somebody has to resume the run.
            return outcome.lines.contains { $0.contains("\"run.completed\"") } ? .done : .next(.resume)
        case (_, 5) where outcome.errors.contains(" holds "):
            // A child that was being started when its parent died has its descriptors for a moment longer.
            return .again(verb)
        default:
            throw BatonProcess.Failure(description: "\(result.history): exit \(exit), \(outcome.errors)")
        }
    }

    private mutating func note(_ verb: Verb, _ kill: Kill?, _ outcome: BatonProcess.Outcome) {
        let ending = outcome.exit.map { "exit \($0)" } ?? "killed"
        result.history.append("\(verb.rawValue) \(kill.map { "(\($0)) " } ?? "")\(ending)")
        if outcome.isKilled { result.kills += 1 }
        let events = outcome.lines.filter { $0.hasPrefix("{\"seq\":") }
        shown += events
        if !events.isEmpty || outcome.errors.contains(" of crash") { isAcknowledged = true }
        result.measure.lines[verb] = events.count
        result.measure.durations[verb] = outcome.duration
    }

    private func arguments(_ verb: Verb) throws -> [String] {
        switch verb {
        case .start: ["run", "start", "flow.yaml", "--follow", "-o", "jsonl", "--id", folder.id.description]
        case .resume: ["run", "resume", folder.id.description, "-o", "jsonl"]
        case .approve: ["inbox", "approve", try request(), "-o", "jsonl"]
        case .retry: ["inbox", "answer", try review() ?? "", "--choice", "retry", "-o", "jsonl"]
        }
    }

    /// The id of the one request that the workflow makes, open or answered.
    private func request() throws -> String {
        let rows = try requests().filter { $0.kind != "escalation" }
        guard let row = rows.first, rows.count == 1 else {
            throw BatonProcess.Failure(description: "\(rows.count) requests instead of one")
        }
        return row.id.description
    }

    /// The id of an open review: a task went down with its process too often.
    private func review() throws -> String? {
        try requests().first { $0.kind == "escalation" && $0.status.isPending }?.id.description
    }

    private func requests() throws -> [HumanTaskRow] {
        let store = try SQLiteRunStore.openForReading(folder.data)
        defer { store.close() }
        return try store.humanTasks(HumanTaskFilter())
    }
}
