// Baton
// SPDX-License-Identifier: Apache-2.0

public import Definition
public import Engine
public import HTTP
public import JSON
public import Model
public import RateLimits
public import Webhooks

/// How the API is served (spec 10.7, `server` and `limits.rate`).
public struct APISettings: Sendable {
    /// How often everybody may ask.
    public var rates = RateLimitSettings()
    /// The largest body that is read into memory, in bytes.
    public var bodyLimit = APICall.defaultBodyLimit
    /// The largest blob, in bytes; blobs are never in memory as a whole.
    public var blobLimit = 1 << 30
    /// Whose `X-Forwarded-For` is believed.
    public var trustedProxies: [IPNetwork] = []
    /// Pages of these origins may call the API; `*` stands for all.
    public var origins: [String] = []
    /// How people reach the server, without a slash at the end; `nil` when they come as they like.
    public var publicURL: String?
    /// What `GET /v1/settings` shows; without secrets.
    public var shown: @Sendable () -> JSONValue = { [] }
    /// Settings that may change while the server works, by key: each takes a value and says what it is now.
    public var changeable: [String: Change] = [:]
    /// Tools that may be called now, by name: `{name, description, input_schema, output_schema, effects, …}`.
    public var tools: @Sendable () -> [JSONValue] = { [] }
    /// What clients of the Model Context Protocol are offered.
    public var exposure = ToolExposure()
    /// Servers of others that have tools; `nil` where there are none.
    public var toolServers: ToolServerAccess?
    /// What agents may be told to do well.
    public var skills = Skills()
    /// Who works in this server.
    public var agents = Agents()
    /// Models for programs that are no part of a run.
    public var gateway = ModelAccess()
    /// Texts of agents and skills that administrators change; `nil` where there are none.
    public var prompts: PromptAccess?
    /// What agents are estimated with.
    public var prices: @Sendable () -> PriceTable = { PriceTable() }
    /// What `/health` and `/readyz` look at besides the store.
    public var checks: [HealthCheck] = []
    /// Where webhooks may go.
    public var targets = AddressPolicy()
    /// When they are tried again.
    public var deliveries = DeliverySchedule.standard
    /// Told of each run that was deleted; takes away what lies outside of the stores. Blocks.
    public var didDelete: @Sendable (RunID) -> Void = { _ in }
    /// Makes a copy of everything; `nil` when this server cannot.
    public var backup: Backup?

    /// The skills, by name: `{name, description, category, tags, tools, priority, disclosure, defaults, constraints}`.
    public struct Skills: Sendable {
        let list: @Sendable () -> [JSONValue]
        let show: @Sendable (_ name: String) -> JSONValue?
        let apply: Apply

        /// The arguments of a call of a tool that is made with a skill. Throws a `TaskError`.
        public typealias Apply =
            @Sendable (
                _ skill: String, _ tool: String, _ arguments: JSONObject
            ) throws(TaskError) -> JSONObject

        /// - Parameters:
        ///   - list: All of them.
        ///   - show: One with its `instructions`; `nil` for a name that is not known.
        ///   - apply: Fills in its defaults, and checks what it says about calls.
        public init(
            list: @escaping @Sendable () -> [JSONValue] = { [] },
            show: @escaping @Sendable (_ name: String) -> JSONValue? = { _ in nil },
            apply: @escaping Apply = { (_, _, arguments) in arguments }
        ) {
            (self.list, self.show, self.apply) = (list, show, apply)
        }
    }

    /// The agents, by id: `{id, name, kind, summary, …, live: {status, running, …}}`.
    public struct Agents: Sendable {
        let list: @Sendable () -> [JSONValue]
        let show: @Sendable (_ id: String) -> JSONValue?
        let match: @Sendable (_ wanted: Graph.Team.Match) -> JSONValue
        let prompt: Prompt
        let start: @Sendable (_ ids: [String]) -> [JSONValue]

        /// What a model was asked in a call of a task, the last one when `call` and `attempt` are `nil`:
        /// `{calls, prompt}`; `nil` when there is no such call.
        public typealias Prompt = @Sendable (_ steps: [LoggedStep], _ call: Int?, _ attempt: Int?) -> JSONValue?

        /// - Parameters:
        ///   - list: All of them.
        ///   - show: One with its `instructions`; `nil` for an id that is not known.
        ///   - match: Who would be chosen now: `{agents, scores, candidates, missing, latency_ms, parallel}`.
        ///   - prompt: Reads prompts out of steps.
        ///   - start: Starts those of these agents, of all when there are none, that are started with a session:
        ///     `{agent, started, problem?}`.
        public init(
            list: @escaping @Sendable () -> [JSONValue] = { [] },
            show: @escaping @Sendable (_ id: String) -> JSONValue? = { _ in nil },
            match: @escaping @Sendable (_ wanted: Graph.Team.Match) -> JSONValue = { _ in ["agents": []] },
            prompt: @escaping Prompt = { _, _, _ in nil },
            start: @escaping @Sendable (_ ids: [String]) -> [JSONValue] = { _ in [] }
        ) {
            (self.list, self.show, self.match, self.prompt) = (list, show, match, prompt)
            self.start = start
        }
    }

    /// Makes a backup of that name and says what it is. Blocks.
    public typealias Backup = @Sendable (_ name: String) throws(Problem) -> JSONValue

    /// Sets a value; throws 422 for one that is none. Blocks.
    public typealias Change = @Sendable (_ value: JSONValue) throws(Problem) -> JSONValue

    /// The usual ones.
    public init() {}
}

/// One thing that the server needs.
public struct HealthCheck: Sendable {
    /// A word.
    public let name: String
    /// Says what is wrong in one sentence without paths and secrets; `nil` for nothing. Blocks.
    let problem: @Sendable () -> String?

    /// - Parameter problem: Says what is wrong in one sentence without paths and secrets, because everybody may read it;
    ///   `nil` for nothing. May block.
    public init(_ name: String, _ problem: @escaping @Sendable () -> String?) {
        (self.name, self.problem) = (name, problem)
    }
}
