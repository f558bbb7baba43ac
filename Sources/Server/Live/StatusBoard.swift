// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import JSON
internal import Model
internal import Store
internal import Synchronization

/// How things are, for those who watch (spec 10.3, `status.snapshot`): open runs by status, requests to people, health.
///
/// The numbers are read every two seconds, once for all who watch, and not at all while nobody does.
final class StatusBoard: Sendable {
    /// From one snapshot to the next.
    static let interval = Duration.seconds(2)
    /// Requests to people that are counted at most.
    private static let requestLimit = 10_000

    /// What is seen of it.
    struct View: Hashable, Sendable {
        var visibility: Visibility
        /// Only runs in these projects; empty for all.
        var projects: [String] = []

        fileprivate func shows(_ thing: Ownership) -> Bool {
            visibility.shows(thing) && (projects.isEmpty || thing.project.map(projects.contains) ?? false)
        }
    }

    private struct Numbers: Sendable {
        var runs: [RunCount] = []
        var requests: [Ownership: Int] = [:]
        var health = "ok"
        var at: Timestamp
    }

    private struct State: Sendable {
        var tick = Int64(-1)
        var numbers: Task<Numbers, any Error>?
        var snapshots: [View: JSONValue] = [:]
        var health: HealthMonitor?
    }

    private let service: Service
    private let start = ContinuousClock.now
    /// Since the start; tests stop it.
    private let elapsed: @Sendable (ContinuousClock.Instant) -> Duration
    private let state = Mutex(State())

    init(
        _ service: Service,
        elapsed: @escaping @Sendable (ContinuousClock.Instant) -> Duration = { .now - $0 }
    ) {
        (self.service, self.elapsed) = (service, elapsed)
    }

    /// Says how the server is from now on.
    func watch(_ health: HealthMonitor) { state.withLock { $0.health = health } }

    /// `{type, at, tenant, data: {runs, human_tasks, health}}`: an event without a number.
    func snapshot(of view: View) async throws(Problem) -> JSONValue {
        let tick = Int64(elapsed(start) / Self.interval)
        let (known, reading) = state.withLock { state -> (JSONValue?, Task<Numbers, any Error>) in
            if state.tick == tick, let numbers = state.numbers { return (state.snapshots[view], numbers) }
            let reading = Task { [self, health = state.health] in try await read(health) }
            (state.tick, state.numbers, state.snapshots) = (tick, reading, [:])
            return (nil, reading)
        }
        if let known { return known }
        let numbers: Numbers
        do {
            numbers = try await reading.value
        } catch {
            throw error as? Problem ?? Problem(503, "store.unavailable", "\(error)")
        }
        let made = Self.json(numbers, view)
        state.withLock { if $0.tick == tick { $0.snapshots[view] = made } }
        return made
    }

    /// Sends a snapshot now and every two seconds while `body` goes on, if somebody wants them.
    func beside(
        _ filter: EventFilter,
        _ send: @escaping @Sendable (JSONValue) async throws -> Void,
        _ body: @escaping @Sendable () async throws -> Void
    ) async throws {
        guard filter.wantsStatus else { return try await body() }
        let view = View(visibility: filter.visibility, projects: filter.projects)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await body() }
            group.addTask {
                while !Task.isCancelled {
                    try await send(try await self.snapshot(of: view))
                    let next = Int64(self.elapsed(self.start) / Self.interval) + 1
                    try await Task.sleep(until: self.start + Self.interval * next, clock: .continuous)
                }
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    private func read(_ health: HealthMonitor?) async throws(Problem) -> Numbers {
        var numbers = try await service.read { [clock = service.clock] store throws(StoreError) in
            var numbers = Numbers(at: clock.wall())
            numbers.runs = try store.openRunCounts()
            var filter = HumanTaskFilter()
            (filter.statuses, filter.limit) = (HumanTaskStatus.pending, 1000)
            var count = 0
            repeat {
                let page = try store.humanTasks(filter)
                for row in page { numbers.requests[row.ownership, default: 0] += 1 }
                count += page.count
                guard page.count == filter.limit, let last = page.last else { break }
                filter.after = HumanTaskFilter.Position(last)
            } while count < Self.requestLimit
            return numbers
        }
        if let health { numbers.health = try await health.status() }
        return numbers
    }

    private static func json(_ numbers: Numbers, _ view: View) -> JSONValue {
        var runs: [RunStatus: Int] = [:]
        for row in numbers.runs where view.shows(row.ownership) { runs[row.status, default: 0] += row.count }
        let requests = numbers.requests.reduce(0) { view.shows($1.key) ? $0 + $1.value : $0 }
        let open = RunStatus.allCases.filter { !$0.isTerminal }
        return [
            "type": "status.snapshot", "at": .string(numbers.at.description),
            "tenant": .string(view.visibility.tenant),
            "data": [
                "runs": .object(
                    JSONObject(members: open.map { .init(key: $0.rawValue, value: .int(Int64(runs[$0] ?? 0))) })
                ),
                "human_tasks": .int(Int64(requests)), "health": .string(numbers.health),
            ],
        ]
    }
}

extension EventFilter {
    /// Snapshots of how things are come only to who names them.
    var wantsStatus: Bool { types.contains { ["status.snapshot", "status.*", "*"].contains($0) } }
}
