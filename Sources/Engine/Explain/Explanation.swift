// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
public import JSON
public import Model
internal import Store

/// Why a run is where it is (spec 6.8): for an open one what it waits for, for an ended one the chain of causes.
public struct Explanation: Sendable {
    /// One open task and its cause.
    public struct Item: Sendable {
        /// The node.
        public let node: String
        /// The passes and items it belongs to, outermost first; empty for the graph itself.
        public let place: [Int]
        /// Why it has not ended.
        public let cause: WaitCause
        /// Since when.
        public let since: Timestamp?

        /// The node, with the passes and items it belongs to: `check[3]`.
        public var name: String {
            place.isEmpty ? node : node + "[" + place.map(String.init).joined(separator: ".") + "]"
        }
    }
    /// The run.
    public let run: RunID
    /// Its status.
    public let status: RunStatus
    /// Set while it waits.
    public let reason: WaitReason?
    /// One sentence about the run as a whole.
    public let summary: String
    /// Open tasks: those that something can be done about first, those that wait for others last.
    public let waitingFor: [Item]
    /// For a failed run: the task that failed first and those it took with it, in order.
    public let causes: [String]
    /// What the clock does next; `nil` for a run that has ended, when there is nothing, and without what the store knows.
    public let nextTimer: NextTimer?
    /// What the run takes longest for. Computed when it is asked for, as ``limits``: few do.
    public var criticalPath: CriticalPath { CriticalPath(state, now: now) }
    /// What bounds it.
    public var limits: RunLimits { RunLimits(state, contention) }

    private let state: RunState
    private let contention: Contention
    private let now: Timestamp

    /// Reads the explanation off a state.
    ///
    /// - Parameters:
    ///   - contention: Who has what it waits for; see ``RunReader/explanation(ofRun:now:)``.
    ///   - pauses: What is paused above single runs: ``RunStore/pauses()``.
    public init(
        _ state: RunState,
        contention: Contention = Contention(),
        now: Timestamp,
        pauses: PauseTable = .empty
    ) {
        run = state.id
        status = state.status
        reason = state.waitReason
        let items =
            state.allTasks.compactMap { task in
                state.waitCause(of: task, pauses).map {
                    Item(
                        node: state.node(task).id,
                        place: state.place(of: task.scope),
                        cause: $0.naming(contention, state),
                        since: state[task].since
                    )
                }
            }
            + Self.patches(state)
        waitingFor = (0...2).flatMap { rank in items.filter { $0.cause.rank == rank } }
        causes = Self.causes(state)
        summary = Self.summary(state, items, pauses, now)
        nextTimer = .first(of: contention.timers, state)
        (self.state, self.contention, self.now) = (state, contention, now)
    }

    /// Patches that nothing waits behind, but the run does.
    private static func patches(_ state: RunState) -> [Item] {
        state.patches.all.filter(\.isOpen).compactMap { record in
            guard let task = record.details.task, state.has(task), state.outgoing(task).isEmpty
            else { return nil }
            return Item(
                node: state.node(task).id,
                place: state.place(of: task.scope),
                cause: state.patchCause(record),
                since: record.since
            )
        }
    }

    private static func summary(
        _ state: RunState,
        _ items: [Item],
        _ pauses: PauseTable,
        _ now: Timestamp
    ) -> String {
        switch state.status {
        case .completed: return "completed at \(state.endedAt?.description ?? "")"
        case .cancelled: return "cancelled at \(state.endedAt?.description ?? "")"
        case .failed: return "failed: \(state.error?.description ?? "no reason was recorded")"
        case .paused:
            let by = state.pause?.by ?? "somebody"
            let why = state.pause?.reason.map { " (\($0))" } ?? ""
            let others = pauses.holding(state).map { ", and " + Pausing($0).clause }.joined()
            return "paused by \(by)\(why)\(others); in-flight attempts finish, nothing new starts"
        case .compensated:
            return "compensated at \(state.endedAt?.description ?? "")\(outcome(state))"
        case .compensationFailed:
            let failed = state.compensations.all.first { $0.status == .failed }
            return "could not be undone\(outcome(state)); \(failed?.error?.description ?? "no reason was recorded")"
        case .queued, .running, .waiting, .compensating:
            let holders = items.filter { $0.cause.rank == 0 }
            guard let first = holders.first ?? items.first else {
                return state.status.rawValue + childrenClause(state)
            }
            let more = holders.count > 1 ? " (and \(holders.count - 1) more)" : ""
            let after = state.status == .compensating ? outcome(state) : ""
            return "\(state.status.rawValue)\(after): `\(first.name)` \(first.cause.sentence(now: now))\(more)"
        }
    }

    /// Runs that it started and must not end before, when it has nothing else to do.
    private static func childrenClause(_ state: RunState) -> String {
        let children = state.children
        guard let first = children.first else { return "" }
        return ": waits for \(first) to end" + (children.count > 1 ? " (and \(children.count - 1) more)" : "")
    }

    /// How the run ended before it was rolled back.
    private static func outcome(_ state: RunState) -> String {
        let error = state.outcome == .failed ? state.error.map { ": \($0)" } ?? "" : ""
        return state.outcome.map { ", after it had \($0 == .failed ? "failed" : "been \($0.rawValue)")\(error)" } ?? ""
    }

    private static func causes(_ state: RunState) -> [String] {
        failure(state) + rollback(state)
    }

    /// What was undone, and what could not be.
    private static func rollback(_ state: RunState) -> [String] {
        guard state.outcome != nil else { return [] }
        return RollbackReport(state).items.map(\.sentence)
    }

    private static func failure(_ state: RunState) -> [String] {
        guard (state.outcome ?? state.status) == .failed, let root = state.failedTask, state.has(root) else {
            return []
        }
        var result: [String] = []
        var seen: Set<TaskRef> = [root]
        var queue = [root]
        while !queue.isEmpty {
            let ref = queue.removeFirst()
            let task = state[ref]
            let id = state.node(ref).id
            if ref == root {
                result.append("`\(id)` failed after \(task.attempts) attempts: \(task.error?.description ?? "")")
            } else {
                result.append("`\(id)` was \(task.status.rawValue)\(task.skipReason.map { " (\($0.rawValue))" } ?? "")")
            }
            let body = state.body(of: ref.scope)
            for edge in state.outgoing(ref) where state.scope(ref.scope)?.edges[edge] == .broken {
                let target = TaskRef(scope: ref.scope, node: body.nodes[body.edges[edge].to])
                let isHit = state[target].skipReason == .upstreamFailed || state[target].status == .cancelled
                if isHit, seen.insert(target).inserted { queue.append(target) }
            }
        }
        return result
    }

    /// What a person can type to change that an item waits.
    public func commands(for item: Item) -> [String] {
        let commands = item.cause.commands(run: run)
        // A run that is rolled back cannot be cancelled.
        return status == .compensating ? commands.filter { !$0.hasPrefix("baton run cancel") } : commands
    }

    /// `{run, status, reason, summary, waiting_for[{task, kind, since, explanation, commands[]}], causes[], next_timer,
    /// critical_path, limits, limits_text[]}`; see ``NextTimer``, ``CriticalPath`` and ``RunLimits``. What waits for a person also has
    /// `human_task`, `title`, `asked_at`, `assignees`, and where there is one `expires_at` and `claimed_by`; what waits for a permit or for money `holders[{run, task?, charge?}]`, and for money
    /// `budget{scope, period?, limit, spent, reserved, needed}`.
    public func json(now: Timestamp) -> JSONValue {
        let items: [JSONValue] = waitingFor.map { item in
            var result: JSONObject = [
                "task": .string(item.name), "kind": .string(item.cause.kind),
                "since": item.since.map { .string($0.description) } ?? .null,
                "explanation": .string(item.cause.sentence(now: now)),
                "commands": .array(commands(for: item).map(JSONValue.string)),
            ]
            for member in item.cause.request?.json.members ?? [] { result[member.key] = member.value }
            let holders = item.cause.holders
            if !holders.isEmpty { result["holders"] = .array(holders.map(\.json)) }
            if case .budget(let shortage, _) = item.cause { result["budget"] = .object(shortage.data) }
            return .object(result)
        }
        return [
            "run": .string(run.description), "status": .string(status.rawValue),
            "reason": reason.map { .string($0.rawValue) } ?? .null, "summary": .string(summary),
            "waiting_for": .array(items), "causes": .array(causes.map(JSONValue.string)),
            "next_timer": nextTimer?.json ?? .null, "critical_path": criticalPath.json, "limits": limits.json,
            "limits_text": .array(limits.lines.map(JSONValue.string)),
        ]
    }
}

extension WaitCause {
    /// The request that a person has to answer.
    fileprivate var request: HumanTask? {
        switch self {
        case .human(let human), .review(let human?, _), .patch(_, _, let human?): human
        default: nil
        }
    }

    /// Who has what it waits for.
    fileprivate var holders: [Holder] {
        switch self {
        case .permit(_, _, let holders), .admission(_, _, let holders), .budget(_, let holders): holders
        default: []
        }
    }

    /// The cause with those who have what the task waits for, and budgets as they stand now.
    fileprivate func naming(_ contention: Contention, _ state: RunState) -> WaitCause {
        switch self {
        case .permit(let key, let maximum, _):
            return .permit(key, maximum: maximum, holders: contention.holders[key] ?? [])
        case .admission(let key, let maximum, _):
            let holders = state.runDemand(at: state.createdAt).flatMap { contention.holders[$0.key] }
            return .admission(key: key, maximum: maximum, holders: holders ?? [])
        case .budget(var shortage, _):
            guard let (row, holders) = contention.budgets[shortage.account] else { return self }
            (shortage.account, shortage.limit) = (row.account, row.limit)
            (shortage.spent, shortage.reserved) = (row.spent, row.reserved)
            return .budget(shortage, holders: holders)
        default: return self
        }
    }

    /// What something can be done about comes first, what waits for others last.
    fileprivate var rank: Int {
        switch self {
        case .dependency, .group, .wave, .rollback: 2
        case .body: 1
        default: 0
        }
    }
}
