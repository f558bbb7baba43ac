// Baton
// SPDX-License-Identifier: Apache-2.0

public import Engine
internal import Glibc
public import Model
public import Store
internal import Synchronization
public import Telemetry
internal import Threads

/// Turns what the engine commits into metrics and spans, on a thread of its own. Hand it to ``DurableEngine`` as its
/// observer.
///
/// The engine's thread only puts each commit into a queue. Should that be full, commits are left out and counted in
/// `unobserved_commits_total`.
public final class EngineRecorder: CommitObserver {
    private enum Entry: Sendable {
        case commit(ObservedCommit)
        case end
    }
    private struct State: Sendable {
        var meter: EngineMeter
        var spans = RunSpans()
        var budgets: [BudgetRow] = []
        var queues: [QueueFigures] = []
        var workers: [RegistrationRow] = []
        var budgetsAt: ContinuousClock.Instant?
        var taken = 0
    }
    private let mailbox = Mailbox<Entry>()
    private let metrics: EngineMetrics
    private let state: Mutex<State>
    private let store: any RunStore
    private let now: @Sendable () -> Timestamp
    private let sent = Atomic<Int>(0)
    /// Commits that may wait.
    private let capacity = 16_384

    /// Reads what is open from the store, on its thread, and then takes what the engine commits. Make it before the
    /// engine is told to adopt runs.
    ///
    /// - Parameters:
    ///   - exporter: Gets the spans; without one none are made.
    ///   - now: The engine's time of day.
    public init(
        metrics registry: MetricsRegistry,
        exporter: SpanExporter? = nil,
        store: any RunStore,
        now: @escaping @Sendable () -> Timestamp = wallTime
    ) {
        metrics = EngineMetrics(registry)
        (self.store, self.now) = (store, now)
        state = Mutex(State(meter: EngineMeter(metrics)))
        OwnThread(named: "baton-metrics") { [mailbox, weak self] in
            self?.readOpen()
            while true {
                for entry in mailbox.receive(limit: .max, timeout: 3_600_000) {
                    guard case .commit(let commit) = entry else { return }
                    self?.take(commit, exporter)
                }
                // Being woken for every commit would cost both threads more than the counting does.
                usleep(20_000)
            }
        }.detach()
        registry.beforeReading { [weak self] in self?.show() }
    }

    /// What to hand to a store that tells how long its flushes take; they are `fsync_seconds`.
    public static func flushes(_ registry: MetricsRegistry) -> @Sendable (Duration) -> Void {
        let histogram = registry.histograms(
            "fsync_seconds",
            "How long the ends of transactions took: writing them to the log file and flushing it"
        )[]
        return { histogram.observe($0) }
    }

    deinit {
        mailbox.send(.end)
    }

    /// Called by the engine.
    public func committed(_ commit: ObservedCommit) {
        if mailbox.send(.commit(commit), limit: capacity) {
            sent.add(1, ordering: .relaxed)
        } else {
            metrics.unobserved[].add()
        }
    }

    /// Suspends until everything the engine committed before is counted, at most that long.
    public func flush(within limit: Duration = .seconds(2)) async {
        let (goal, end) = (sent.load(ordering: .relaxed), ContinuousClock.now + limit)
        while state.withLock({ $0.taken }) < goal, ContinuousClock.now < end {
            guard (try? await Task.sleep(for: .milliseconds(1))) != nil else { return }
        }
    }

    private func take(_ commit: ObservedCommit, _ exporter: SpanExporter?) {
        let spans: [Span] = state.withLock { state in
            state.taken += 1
            state.meter.take(commit)
            return exporter == nil ? [] : state.spans.take(commit)
        }
        exporter?.export(spans)
    }

    /// Gauges count from what is there; what cannot be read is missing from them.
    private func readOpen() {
        let (runs, tasks) = ((try? store.openRuns()) ?? [], (try? store.openTasks(ofRun: nil)) ?? [])
        var requests: [HumanTaskRow] = []
        var filter = HumanTaskFilter.pending(limit: 1000)
        while let page = try? store.humanTasks(filter), let last = page.last {
            requests += page
            filter.after = HumanTaskFilter.Position(last)
        }
        let (found, now) = (requests, now())
        state.withLock { state in
            for run in runs { state.meter.know(run) }
            for task in tasks { state.meter.know(task, at: now) }
            for request in found { state.meter.know(request) }
        }
    }

    private func show() {
        let isDue = state.withLock { state in
            let isDue = state.budgetsAt.map { ContinuousClock.now - $0 >= .seconds(5) } ?? true
            if isDue { state.budgetsAt = .now }
            return isDue
        }
        // Read without the lock: the thread that counts must not wait for the disk.
        let read = isDue ? try? store.openBudgets() : nil
        let queues = isDue ? try? store.queues(ofTenant: nil) : nil
        let workers = isDue ? try? store.registrations(.worker) : nil
        state.withLock { state in
            if let read { state.budgets = read }
            if let queues { state.queues = queues }
            if let workers { state.workers = workers }
            state.meter.show(state.budgets, at: now())
            state.meter.show(state.queues, state.workers)
        }
    }
}
