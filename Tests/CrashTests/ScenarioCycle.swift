// Baton
// SPDX-License-Identifier: Apache-2.0

import Engine
import Glibc
import JSON
import Model
import Store
import StoreSQLite

/// Drives one run to its end by what the store says about it, as somebody does who only ever looks and acts: whatever
/// dies is looked at and acted on again. After each process `run explain` is asked. Calls block.
struct ScenarioCycle {
    /// What there is to do.
    enum Step: Hashable {
        case start, resume, patch, rollBack
        /// Agree to the request that asks that.
        case agree(Question)
    }

    /// What a person is asked.
    enum Question: Hashable {
        /// A node asks.
        case approval
        /// A patch is proposed.
        case patch
        /// A task went down with its process too often.
        case review
    }

    /// What the store says.
    struct Look {
        var state: RunState?
        var requests: [HumanTaskRow] = []

        func open(_ question: Question) -> HumanTaskRow? {
            let kind = [.approval: "approval", .patch: "decision", .review: "escalation"][question]
            return requests.first { $0.status.isPending && $0.kind == kind }
        }
    }

    let folder: CrashFolder
    /// More of the environment.
    var variables: [String: String] = [:]
    /// What is done next; `nil` at the end.
    let next: (Look) -> Step?
    /// Whether and how the process for a step dies that is the so-many-th of its kind, from 1.
    let kill: (Step, Int) -> Kill?
    /// Events that were written to standard output.
    private(set) var shown: [String] = []
    private(set) var kills = 0
    private(set) var history: [String] = []
    private(set) var problems: [String] = []
    private var counts: [Step: Int] = [:]

    init(
        _ folder: CrashFolder,
        _ variables: [String: String] = [:],
        next: @escaping (Look) -> Step?,
        kill: @escaping (Step, Int) -> Kill?
    ) {
        (self.folder, self.variables, self.next, self.kill) = (folder, variables, next, kill)
    }

    mutating func drive() throws {
        for _ in 0..<60 {
            let seen = try look()
            guard let step = next(seen) else { return }
            counts[step, default: 0] += 1
            try act(step, kill(step, counts[step] ?? 1), seen)
            try explain()
        }
        throw BatonProcess.Failure(description: "the run does not end: \(history)")
    }

    func look() throws -> Look {
        guard access("\(folder.data)/baton.db", F_OK) == 0 else { return Look() }
        let store: SQLiteRunStore
        do {
            store = try SQLiteRunStore.openForReading(folder.data)
        } catch {
            // Its process died before it was made.
            return Look()
        }
        let blobs = try SQLiteBlobStore.openForReading(folder.data)
        defer {
            blobs.close()
            store.close()
        }
        guard let row = try store.run(folder.id) else { return Look() }
        let state = try Engine.RunReader(store: store, blobs: blobs).state(ofRun: row.key)
        return Look(state: state, requests: try store.humanTasks(HumanTaskFilter()))
    }

    private mutating func act(_ step: Step, _ kill: Kill?, _ seen: Look) throws {
        let outcome = try folder.baton(words(step, seen), variables).run(kill)
        history.append("\(step)\(kill.map { " (\($0))" } ?? "") \(outcome.exit.map(String.init) ?? "killed")")
        shown += outcome.lines.filter { $0.hasPrefix("{\"seq\":") }
        guard let exit = outcome.exit else {
            kills += 1
            return
        }
        // 5: a child that was being started has the lock for a moment longer.
        let isExpected = [0, 1, 8].contains(exit) || (exit == 5 && outcome.errors.contains(" holds "))
        if !isExpected { problems.append("\(history.last ?? ""): \(outcome.errors)") }
    }

    private func words(_ step: Step, _ seen: Look) -> [String] {
        let id = folder.id.description
        switch step {
        case .start: return ["run", "start", "flow.yaml", "--follow", "-o", "jsonl", "--id", id]
        case .resume: return ["run", "resume", id, "-o", "jsonl"]
        case .patch: return ["run", "patch", id, "--file", "patch.json", "--key", "k"]
        case .rollBack: return ["run", "rollback", id, "-o", "jsonl"]
        case .agree(let question):
            let request = seen.open(question)?.id.description ?? ""
            return question == .review
                ? ["inbox", "answer", request, "--choice", "retry", "-o", "jsonl"]
                : ["inbox", "approve", request, "-o", "jsonl"]
        }
    }

    /// Whenever it is asked, it names a cause.
    private mutating func explain() throws {
        guard let state = try look().state else { return }
        let outcome = try folder.baton(["run", "explain", folder.id.description, "-o", "json"]).run()
        let json = try? JSONValue(parsing: outcome.lines.joined(separator: "\n"))
        let waits = json?["waiting_for"]?.arrayValue ?? []
        let areNamed = !waits.isEmpty && waits.allSatisfy { $0["explanation"]?.stringValue?.isEmpty == false }
        let isNamed = state.status.isTerminal || areNamed
        if outcome.exit != 0 || !isNamed || json?["summary"]?.stringValue?.isEmpty != false {
            problems.append("explain after \(history.last ?? ""): \(outcome.lines) \(outcome.errors)")
        }
    }
}
