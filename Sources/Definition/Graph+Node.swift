// Baton
// SPDX-License-Identifier: Apache-2.0

public import CEL
public import JSON
public import Model

extension Graph {
    /// One vertex. A class, because the engine passes nodes around and copying one must cost nothing.
    public final class Node: Sendable {
        /// The id, unique in the document, bodies included.
        public let id: String
        /// Shown instead of the id.
        public let name: String?
        /// What the node does.
        public let kind: NodeKind
        /// Positions of the edges that end here, in written order.
        public let incoming: [Int]
        /// Positions of the edges that start here, in written order.
        public let outgoing: [Int]
        /// When the node runs.
        public let join: Join
        /// Evaluated once when the join is satisfied; false skips the node.
        public let when: CELExpression?
        /// How failed attempts are repeated.
        public let retry: RetryPolicy
        /// Over `error` and `attempt`: false ends the attempts.
        public let retryCondition: CELExpression?
        /// What the last failed attempt does.
        public let onExhausted: Exhaustion
        /// The longest one attempt may take; `nil` for no limit (`human`, `join`, `wait`).
        public let timeout: Duration?
        /// The longest time from ready to start.
        public let scheduleTimeout: Duration?
        /// The longest all attempts together may take, from the first start.
        public let totalTimeout: Duration?
        /// A failure does not break outgoing edges.
        public let continueOnFailure: Bool
        /// 0–1000; lower runs first.
        public let priority: Int
        /// Dependency depth: 0 without incoming edges.
        public let wave: Int
        /// The effect cannot take an idempotency key: it is never repeated once the request may have left.
        public let isNonIdempotent: Bool
        /// What undoes the node once it completed.
        public let compensation: Compensation?
        /// Runs only to undo another node: it is no entry of the graph.
        public let isCompensation: Bool
        /// Without compensation, `false` lists it as left in place when the run is rolled back.
        public let isReversible: Bool
        /// Transactional group.
        public let group: String?
        /// The phase it belongs to.
        public let phase: String?
        /// Cap for all attempts.
        public let budget: Budget?
        /// Tasks at a time that share a key.
        public let concurrency: TaskConcurrency?
        /// Results are used again.
        public let cache: Cache?
        /// Checks that the output must pass, in stored form (spec 9.7).
        public let checks: [JSONValue]
        /// The queue that workers serve; `nil` for the one of the kind.
        public let queue: String?
        /// Labels that a worker must have.
        public let labels: [String: String]
        /// Dispatch waits while one of these is offline.
        public let resources: [String]
        /// A missing executor skips the node instead of failing the run.
        public let isSkippedWhenUnsupported: Bool
        /// Typed inputs.
        public let ports: [Port]
        /// JSON Schemas of typed outputs, by name.
        public let outputs: JSONObject

        init(_ stored: StoredObject, at place: GraphDecoder.NodePlace) throws(GraphCodecError) {
            id = try stored.text("id")
            name = try stored.optional("name", stored.text)
            kind = try GraphDecoder.kind(stored)
            incoming = place.incoming
            outgoing = place.outgoing
            join = try GraphDecoder.join(stored)
            when = try stored.optional("when", stored.expression)
            let retry = try stored.optional("retry", stored.object)
            self.retry = try retry.map(GraphDecoder.retry) ?? RetryPolicy()
            retryCondition = try retry?.optional("when", stored.object("retry").expression)
            // Most nodes have none of these.
            let rare = stored.hasOnly(Self.usualKeys) ? StoredObject.empty : stored
            onExhausted = try rare.optional("on_exhausted", rare.choice) ?? .fail
            timeout = try stored.optional("timeout_ms", stored.duration)
            scheduleTimeout = try rare.optional("schedule_timeout_ms", rare.duration)
            totalTimeout = try rare.optional("total_timeout_ms", rare.duration)
            continueOnFailure = try rare.optional("continue_on_failure", rare.flag) ?? false
            priority = try rare.optional("priority", rare.integer) ?? 500
            wave = place.wave
            isNonIdempotent = try rare.optional("idempotency", rare.text) == "none"
            compensation = try GraphDecoder.compensation(rare, place.positions)
            isCompensation = try rare.optional("compensation", rare.flag) ?? false
            isReversible = try rare.optional("reversible", rare.flag) ?? true
            group = try rare.optional("group", rare.text)
            phase = try rare.optional("phase", rare.text)
            budget = try GraphDecoder.budget(rare)
            concurrency = try GraphDecoder.concurrency(rare)
            cache = try GraphDecoder.cache(rare)
            checks = rare.has("verify") ? try rare.list("verify") : []
            queue = try rare.optional("queue", rare.text)
            labels = try GraphDecoder.labels(rare)
            resources = rare.has("resources") ? try rare.texts("resources") : []
            isSkippedWhenUnsupported = try rare.optional("on_unsupported", rare.text) == "skip"
            ports = try GraphDecoder.ports(rare)
            outputs = rare.has("outputs") ? try rare.value("outputs").objectValue ?? [:] : [:]
        }

        /// A node that makes a call which stands in no document.
        init(_ call: Call, incoming: [Int], outgoing: [Int], at position: Int) {
            id = call.id
            kind = call.kind
            self.incoming = incoming
            self.outgoing = outgoing
            retry = call.retry
            timeout = call.timeout
            totalTimeout = call.totalTimeout
            isNonIdempotent = call.isNonIdempotent
            wave = position
            (join, onExhausted, priority) = (.all, .fail, 500)
            (continueOnFailure, isCompensation, isReversible, isSkippedWhenUnsupported) = (false, false, true, false)
            (name, when, retryCondition, scheduleTimeout, compensation) = (nil, nil, nil, nil, nil)
            (group, phase, budget, concurrency, cache, queue) = (nil, nil, nil, nil, nil, nil)
            (checks, resources, ports, labels, outputs) = ([], [], [], [:], [:])
        }

        private static let usualKeys = ["id", "kind", "config", "timeout_ms", "wave", "join", "when", "retry"]
    }

    /// What a node does, with its checked configuration (spec 3.6).
    public enum NodeKind: Sendable {
        /// Lets an agent work. `config` evaluates to the object of spec 3.6.
        case agent(config: ValueTemplate)
        /// Calls a registered tool. `arguments` evaluates to an object; `storeAs` names the variable that gets the
        /// result.
        case tool(name: String, arguments: ValueTemplate, storeAs: String?)
        /// Sends an HTTP request. `config` evaluates to the object of spec 3.6.
        case http(config: ValueTemplate)
        /// Asks a person.
        case human(Human)
        /// Chooses one way.
        case branch(Branch)
        /// Repeats a body.
        case loop(Loop)
        /// Runs a body or a workflow for every item.
        case map(Map)
        /// Waits for others and gives a map of their outputs. The join rule itself is in ``Node/join``;
        /// `cancelRest` cancels tasks that feed only this node once it ran.
        case join(cancelRest: Bool)
        /// Builds a value: `value` evaluates to it, then `remove` (JSON Pointers) are taken out.
        case transform(value: ValueTemplate, remove: [String])
        /// Keeps the items for which `predicate` holds, at most `limit`; `variable` names the item.
        case filter(items: ValueTemplate, predicate: CELExpression, variable: String, limit: Int?)
        /// Condenses a list.
        case aggregate(Aggregate)
        /// Calls a function.
        case function(name: String, arguments: ValueTemplate)
        /// Runs another workflow.
        case workflow(Child)
        /// Waits for a span.
        case waitFor(ValueTemplate)
        /// Waits until a point in time: RFC 3339 text.
        case waitUntil(ValueTemplate)
        /// Waits for a signal.
        case waitSignal(AwaitedSignal)
        /// Sends a signal. `config` evaluates to the object of spec 3.6.
        case signal(config: ValueTemplate)

        /// The kind as documents write it.
        public var type: NodeType {
            switch self {
            case .agent: .agent
            case .tool: .tool
            case .http: .http
            case .human: .human
            case .branch: .branch
            case .loop: .loop
            case .map: .map
            case .join: .join
            case .transform: .transform
            case .filter: .filter
            case .aggregate: .aggregate
            case .function: .function
            case .workflow: .workflow
            case .waitFor, .waitUntil, .waitSignal: .wait
            case .signal: .signal
            }
        }

        /// The spelling of the kind in documents.
        public var name: String { type.rawValue }

        /// Evaluated in the commit that makes it ready, without an executor (H703).
        public var isAbsorbed: Bool {
            switch self {
            case .branch, .join, .transform, .filter, .aggregate: true
            default: false
            }
        }

        /// What `loop` and `map` repeat.
        public var body: Body? {
            switch self {
            case .loop(let loop): loop.body
            case .map(let map): map.body
            default: nil
            }
        }
    }
}
