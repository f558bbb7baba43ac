// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import JSON
import Model

/// What most nodes of a graph do not say, apart from the node, so that large graphs stay small. ``Graph/Node`` says
/// what each means and what holds when it is missing.
final class NodeSettings: Sendable {
    let retry: RetryPolicy?
    let retryCondition: CELExpression?
    let onExhausted: Graph.Exhaustion?
    let scheduleTimeout: Duration?
    let totalTimeout: Duration?
    let continueOnFailure: Bool?
    let priority: Int?
    let isNonIdempotent: Bool
    let compensation: Graph.Compensation?
    let isCompensation: Bool?
    let isReversible: Bool?
    let group: String?
    let phase: String?
    let budget: Graph.Budget?
    let concurrency: Graph.TaskConcurrency?
    let cache: Graph.Cache?
    let checks: [Graph.Check]
    let queue: String?
    let labels: [String: String]
    let resources: [String]
    let isSkippedWhenUnsupported: Bool
    let ports: [Graph.Port]
    let outputs: JSONObject?

    /// Those of a call that stands in no document.
    init(_ call: Graph.Call) {
        retry = call.retry
        totalTimeout = call.totalTimeout
        isNonIdempotent = call.isNonIdempotent
        (retryCondition, onExhausted, scheduleTimeout, continueOnFailure, priority) = (nil, nil, nil, nil, nil)
        (compensation, isCompensation, isReversible, group, phase) = (nil, nil, nil, nil, nil)
        (budget, concurrency, cache, queue, outputs) = (nil, nil, nil, nil, nil)
        (checks, labels, resources, ports, isSkippedWhenUnsupported) = ([], [:], [], [], false)
    }

    /// - Parameter positions: The nodes of the body, by id.
    init(_ stored: StoredObject, _ positions: [String: Int]) throws(GraphCodecError) {
        let retry = try stored.optionalObject("retry")
        self.retry = try retry.map(GraphDecoder.retry)
        retryCondition = try retry?.optionalExpression("when")
        onExhausted = try stored.optionalChoice("on_exhausted")
        scheduleTimeout = try stored.optionalDuration("schedule_timeout_ms")
        totalTimeout = try stored.optionalDuration("total_timeout_ms")
        continueOnFailure = try stored.optionalFlag("continue_on_failure")
        priority = try stored.optionalInteger("priority")
        isNonIdempotent = try stored.optionalText("idempotency") == "none"
        compensation = try GraphDecoder.compensation(stored, positions)
        isCompensation = try stored.optionalFlag("compensation")
        isReversible = try stored.optionalFlag("reversible")
        group = try stored.optionalText("group")
        phase = try stored.optionalText("phase")
        budget = try GraphDecoder.budget(stored)
        concurrency = try GraphDecoder.concurrency(stored)
        cache = try GraphDecoder.cache(stored)
        checks =
            try stored.has("verify")
            ? stored.objects("verify").map { check throws(GraphCodecError) in try Graph.Check(check) } : []
        queue = try stored.optionalText("queue")
        labels = try GraphDecoder.labels(stored)
        resources = stored.has("resources") ? try stored.texts("resources") : []
        isSkippedWhenUnsupported = try stored.optionalText("on_unsupported") == "skip"
        ports = try GraphDecoder.ports(stored)
        outputs = stored.has("outputs") ? try stored.value("outputs").objectValue : nil
    }
}
