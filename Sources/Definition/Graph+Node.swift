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
        /// The longest one attempt may take; `nil` for no limit (`human`, `join`, `wait`).
        public let timeout: Duration?
        /// Dependency depth: 0 without incoming edges.
        public let wave: Int
        /// The profile that bounds its calls (spec 8.6); of `tool` and `agent` nodes.
        public let profile: String?
        /// What most nodes do not say.
        private let settings: NodeSettings?

        init(_ stored: StoredObject, at place: GraphDecoder.NodePlace) throws(GraphCodecError) {
            id = try stored.text("id")
            kind = try GraphDecoder.kind(stored)
            incoming = place.incoming
            outgoing = place.outgoing
            timeout = try stored.optionalDuration("timeout_ms")
            wave = place.wave
            profile = try Self.profile(kind, stored)
            // Most nodes have nothing but `id`, `kind`, `config`, `wave` and perhaps `timeout_ms`.
            let isPlain = stored.count == (timeout == nil ? 4 : 5) && stored.has("wave")
            name = isPlain ? nil : try stored.optionalText("name")
            join = isPlain ? .all : try GraphDecoder.join(stored)
            when = isPlain ? nil : try stored.optionalExpression("when")
            settings = isPlain ? nil : try NodeSettings(stored, place.positions)
        }

        /// A node that makes a call which stands in no document.
        init(_ call: Call, incoming: [Int], outgoing: [Int], at position: Int) {
            id = call.id
            name = nil
            kind = call.kind
            self.incoming = incoming
            self.outgoing = outgoing
            (join, when) = (.all, nil)
            timeout = call.timeout
            wave = position
            profile = call.profile
            settings = NodeSettings(call)
        }

        private static func profile(_ kind: NodeKind, _ stored: StoredObject) throws(GraphCodecError) -> String? {
            switch kind {
            case .tool, .agent: try stored.object("config").optionalText("profile")
            default: nil
            }
        }

        /// How failed attempts are repeated.
        public var retry: RetryPolicy { settings?.retry ?? RetryPolicy() }
        /// Over `error` and `attempt`: false ends the attempts.
        public var retryCondition: CELExpression? { settings?.retryCondition }
        /// What the last failed attempt does.
        public var onExhausted: Exhaustion { settings?.onExhausted ?? .fail }
        /// The document says what the last failed attempt does.
        public var saysOnExhausted: Bool { settings?.onExhausted != nil }
        /// The longest time from ready to start.
        public var scheduleTimeout: Duration? { settings?.scheduleTimeout }
        /// The longest all attempts together may take, from the first start.
        public var totalTimeout: Duration? { settings?.totalTimeout }
        /// A failure does not break outgoing edges.
        public var continueOnFailure: Bool { settings?.continueOnFailure ?? false }
        /// 0–1000; lower runs first.
        public var priority: Int { settings?.priority ?? 500 }
        /// The effect cannot take an idempotency key: it is never repeated once the request may have left.
        public var isNonIdempotent: Bool { settings?.isNonIdempotent ?? false }
        /// What undoes the node once it completed.
        public var compensation: Compensation? { settings?.compensation }
        /// Runs only to undo another node: it is no entry of the graph.
        public var isCompensation: Bool { settings?.isCompensation ?? false }
        /// Without compensation, `false` lists it as left in place when the run is rolled back.
        public var isReversible: Bool { settings?.isReversible ?? true }
        /// Transactional group.
        public var group: String? { settings?.group }
        /// The phase it belongs to.
        public var phase: String? { settings?.phase }
        /// Cap for all attempts.
        public var budget: Budget? { settings?.budget }
        /// Tasks at a time that share a key.
        public var concurrency: TaskConcurrency? { settings?.concurrency }
        /// Results are used again.
        public var cache: Cache? { settings?.cache }
        /// Checks that the output must pass (spec 9.7).
        public var checks: [Check] { settings?.checks ?? [] }
        /// The queue that workers serve; `nil` for the one of the kind.
        public var queue: String? { settings?.queue }
        /// Labels that a worker must have.
        public var labels: [String: String] { settings?.labels ?? [:] }
        /// Dispatch waits while one of these is offline.
        public var resources: [String] { settings?.resources ?? [] }
        /// A missing executor skips the node instead of failing the run.
        public var isSkippedWhenUnsupported: Bool { settings?.isSkippedWhenUnsupported ?? false }
        /// Typed inputs.
        public var ports: [Port] { settings?.ports ?? [] }
        /// JSON Schemas of typed outputs, by name.
        public var outputs: JSONObject { settings?.outputs ?? [:] }
    }

    /// What a node does, with its checked configuration (spec 3.6). Large configurations are kept apart, so that small
    /// nodes stay small.
    public enum NodeKind: Sendable {
        /// Lets an agent work. `config` evaluates to the object of spec 3.6.
        case agent(config: ValueTemplate)
        /// Lets several agents work together, or some that are chosen.
        indirect case team(Team)
        /// Calls a registered tool. `arguments` evaluates to an object; `storeAs` names the variable that gets the
        /// result.
        case tool(name: String, arguments: ValueTemplate, storeAs: String?)
        /// Sends an HTTP request. `config` evaluates to the object of spec 3.6.
        case http(config: ValueTemplate)
        /// Asks a person.
        indirect case human(Human)
        /// Chooses one way.
        case branch(Branch)
        /// Repeats a body.
        indirect case loop(Loop)
        /// Runs a body or a workflow for every item.
        indirect case map(Map)
        /// Waits for others and gives a map of their outputs. The join rule itself is in ``Node/join``;
        /// `cancelRest` cancels tasks that feed only this node once it ran.
        case join(cancelRest: Bool)
        /// Builds a value: `value` evaluates to it, then `remove` (JSON Pointers) are taken out.
        case transform(value: ValueTemplate, remove: [String])
        /// Keeps the items for which `predicate` holds, at most `limit`; `variable` names the item.
        indirect case filter(items: ValueTemplate, predicate: CELExpression, variable: String, limit: Int?)
        /// Condenses a list.
        indirect case aggregate(Aggregate)
        /// Calls a function.
        case function(name: String, arguments: ValueTemplate)
        /// Runs another workflow.
        indirect case workflow(Child)
        /// Waits for a span.
        case waitFor(ValueTemplate)
        /// Waits until a point in time: RFC 3339 text.
        case waitUntil(ValueTemplate)
        /// Waits for a signal.
        indirect case waitSignal(AwaitedSignal)
        /// Sends a signal. `config` evaluates to the object of spec 3.6.
        case signal(config: ValueTemplate)

        /// The kind as documents write it.
        public var type: NodeType {
            switch self {
            case .agent, .team: .agent
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
