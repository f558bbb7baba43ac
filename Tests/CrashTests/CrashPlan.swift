// Baton
// SPDX-License-Identifier: Apache-2.0

import Engine
import Glibc
import JSON
import Model
import Store
import StoreSQLite

@testable import Tools

/// Where the processes of one scenario die.
struct CrashPlan: Sendable, CustomStringConvertible {
    let point: CrashPoint
    /// The passage at which the first process dies.
    let first: Int
    /// The passage at which each later one dies; `nil` lets them live.
    var later: Int?
    /// So many die.
    var most = 60

    var description: String { "\(point.rawValue):\(first)\(later.map { ", then \($0) each" } ?? "")" }

    /// For the process of that number, from 1. A run is read back only after a death somewhere else.
    func kill(_ number: Int) -> Kill? {
        guard point != .recovery || number > 1 else { return .point(.afterCommit, 10) }
        if number == (point == .recovery ? 2 : 1) { return .point(point, first) }
        return number <= most ? later.map { .point(point, $0) } : nil
    }

    /// `BATON_TEST_EVERY_POINT=1` asks for a death at every passage of every point, which takes many minutes; with names of
    /// points, separated by commas, only of those. Else some do.
    private static var wanted: String? { getenv("BATON_TEST_EVERY_POINT").map { String(cString: $0) } }
    static var isExhaustive: Bool { wanted != nil }

    /// The points that a run can pass.
    static let points = CrashPoint.allCases.filter { point in
        guard !CrashPoint.upkeep.contains(point), let wanted, wanted != "1" else {
            return !CrashPoint.upkeep.contains(point)
        }
        return wanted.split(separator: ",").contains(Substring(point.rawValue))
    }

    /// Plays a scenario at every point.
    ///
    /// - Parameters:
    ///   - sample: The plans for a point, when not every passage is wanted.
    ///   - every: The plan for a passage of a point, when all are wanted.
    ///   - body: Plays one; gives how many processes died, and what is wrong.
    /// - Returns: The deaths by point, and what is wrong.
    static func play(
        sample: @escaping @Sendable (CrashPoint) -> [CrashPlan],
        every: @escaping @Sendable (CrashPoint, Int) -> CrashPlan = { CrashPlan(point: $0, first: $1) },
        _ body: @escaping @Sendable (CrashPlan) async throws -> (kills: Int, problems: [String])
    ) async throws -> (kills: [CrashPoint: Int], problems: [String]) {
        let isExhaustive = isExhaustive
        return try await withThrowingTaskGroup(of: (CrashPoint, Int, [String]).self) { group in
            for point in points {
                group.addTask {
                    var (kills, problems): (Int, [String]) = (0, [])
                    func play(_ plan: CrashPlan) async throws -> Int {
                        let result = try await body(plan)
                        let count = result.kills - (point == .recovery ? 1 : 0)
                        kills += count
                        if !result.problems.isEmpty { problems.append("\(plan): \(result.problems)") }
                        return count
                    }
                    if isExhaustive {
                        // Two in a row that nobody reaches: what one process passes may differ a little.
                        var (hit, missed) = (1, 0)
                        while missed < 2 {
                            missed = try await play(every(point, hit)) == 0 ? missed + 1 : 0
                            hit += 1
                        }
                    } else {
                        for plan in sample(point) { _ = try await play(plan) }
                    }
                    return (point, kills, problems)
                }
            }
            var (kills, problems): ([CrashPoint: Int], [String]) = ([:], [])
            for try await (point, count, more) in group {
                kills[point] = count
                problems += more
            }
            if isExhaustive {
                print(
                    "deaths: \(kills.sorted { $0.key.rawValue < $1.key.rawValue }.map { "\($0.key.rawValue) \($0.value)" })"
                )
            }
            return (kills, problems)
        }
    }
}

/// Money after deaths.
struct MoneyChecks {
    /// What the budgets say that was spent is the sum of the usage records, nothing is held any more, and nothing is above
    /// its limit.
    static func problems(_ folder: CrashFolder) throws -> [String] {
        let store = try SQLiteRunStore.openForReading(folder.data)
        defer { store.close() }
        var filter = UsageFilter()
        filter.limit = .max
        var spent: [BudgetAccount: Charge] = [:]
        for row in try store.usage(filter) {
            for account in row.accounts { spent[account] = (spent[account] ?? .zero).adding(row.charge) }
        }
        var problems: [String] = spent.isEmpty ? ["nothing was spent"] : []
        for (account, sum) in spent {
            let row = try store.budgets(of: account.scope, limit: .max).first { $0.account == account }
            if row?.spent != sum {
                problems.append("\(account): \(String(describing: row?.spent)), records say \(sum)")
            }
            if let row, row.reserved != .zero { problems.append("\(account): held \(row.reserved)") }
            if let row, let limit = row.limit.money, row.spent.money.picodollars > limit.picodollars {
                problems.append("\(account) is above its limit")
            }
        }
        if try store.reservations().contains(where: { $0.state == .open }) { problems.append("reservations are open") }
        return problems
    }
}

/// The steps of agents, as the log of a run tells them.
struct StepLog {
    /// A call of a model or a tool.
    struct Call {
        let scope: String
        let name: String
        let request: JSONValue
        var result: JSONValue?

        var isLost: Bool { result?["lost"] == true }
        var isAnswered: Bool { result?["reply"] != nil }
    }

    private(set) var models: [Call] = []
    private(set) var tools: [Call] = []

    /// Reads `events`, as `run events` shows them; values of blobs are `null`.
    init(_ events: [JSONValue]) {
        var open: [String: [(isModel: Bool, index: Int)]] = [:]
        for event in events {
            let task = "\(event["node"]?.stringValue ?? "")/\(event["scope"]?.text ?? "0")"
            let data = event["data"] ?? .null
            switch event["type"]?.stringValue {
            case "agent.call.started":
                open[task, default: []].append((true, models.count))
                let request = data["request"]?["value"] ?? data["request"] ?? .null
                models.append(Call(scope: task, name: data["model"]?.stringValue ?? "", request: request))
            case "tool.requested":
                open[task, default: []].append((false, tools.count))
                let request = data["request"]?["value"] ?? data["request"] ?? .null
                tools.append(Call(scope: task, name: data["tool"]?.stringValue ?? "", request: request))
            case "agent.call.completed", "tool.completed":
                guard let number = data["step"]?.intValue, let steps = open[task],
                    steps.indices.contains(Int(number) - 1)
                else { continue }
                let (isModel, index) = steps[Int(number) - 1]
                let result = data["result"]?["value"] ?? (data["result"]?["blob"] != nil ? ["reply": true] : .null)
                if isModel { models[index].result = result } else { tools[index].result = result }
            default: break
            }
        }
    }

    /// Calls of models that were made although the answer to the same request was there.
    var repeated: [Call] {
        var answered: Set<String> = []
        return models.filter { call in
            guard let hash = call.request["sha256"]?.stringValue else { return false }
            let key = "\(call.scope) \(hash)"
            if answered.contains(key) { return true }
            if call.isAnswered { answered.insert(key) }
            return false
        }
    }
}
