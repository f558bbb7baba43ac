// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Telemetry

/// The families that the engine fills (spec 12.4).
struct EngineMetrics: Sendable {
    let runs, tasks, attempts, leasesExpired, cacheHits: MetricFamily<Counter>
    let queueDepth, deadLetters, workers: MetricFamily<Gauge>
    let openRuns, readyOldest, openRequests, requestAge, budgetUsed, stuckRuns: MetricFamily<Gauge>
    let runDuration, taskQueue, taskRun, commit, commitSize: MetricFamily<Histogram>
    /// Commits that were not looked at, because there were too many at a time.
    let unobserved: MetricFamily<Counter>

    init(_ registry: MetricsRegistry) {
        runs = registry.counters("runs_total", "Runs that ended, by how they ended", labels: ["status"])
        openRuns = registry.gauges("runs_open", "Runs that have not ended", labels: ["state", "reason"])
        runDuration = registry.histograms(
            "run_duration_seconds",
            "From the acceptance of a run to its end",
            bounds: .longSpans
        )
        tasks = registry.counters("tasks_total", "Tasks that ended, by kind and how", labels: ["kind", "status"])
        taskQueue = registry.histograms(
            "task_queue_seconds",
            "How long tasks were ready before an executor had them",
            bounds: [0.001] + .longSpans
        )
        taskRun = registry.histograms("task_run_seconds", "How long attempts took", bounds: [0.001] + .longSpans)
        attempts = registry.counters(
            "task_attempts_total",
            "Attempts that ended: succeeded, cancelled, lost, released, or the class of their error",
            labels: ["class"]
        )
        readyOldest = registry.gauges("ready_oldest_seconds", "How long the task has waited that is ready for longest")
        commit = registry.histograms("commit_seconds", "How long commits of the engine took, flush included")
        commitSize = registry.histograms("commit_batch_size", "Events in a commit", bounds: .sizes)
        leasesExpired = registry.counters("leases_expired_total", "Leases that ended without a result")
        openRequests = registry.gauges("human_tasks_open", "Requests that wait for people", labels: ["kind"])
        requestAge = registry.gauges("human_task_age_seconds", "The age of the oldest open request to people")
        cacheHits = registry.counters("cache_hits_total", "Tasks that took an output from the cache")
        budgetUsed = registry.gauges(
            "budget_used_ratio",
            "What is spent and held of a budget, as a share of its limit",
            labels: ["scope"]
        )
        queueDepth = registry.gauges("queue_depth", "Open tasks that need an executor", labels: ["queue"])
        deadLetters = registry.gauges("dead_letters", "Tasks that were given up", labels: ["queue"])
        workers = registry.gauges("workers", "Workers outside, by what they were told last", labels: ["state"])
        stuckRuns = registry.gauges("stuck_runs", "Runs that nothing moved and that have not gone on since")
        unobserved = registry.counters(
            "unobserved_commits_total",
            "Commits missing from the other metrics, because too many came at a time"
        )
    }
}
