// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON

extension Graph {
    /// Several agents that work on one task (spec 8.3), or agents that are chosen when it begins (8.2).
    public struct Team: Sendable {
        /// How they work together.
        public enum Strategy: String, Sendable, CaseIterable {
            /// One after the other; each sees what the one before gave.
            case sequential
            /// All at once; what each gave.
            case parallel
            /// All at once; the first that succeeds wins.
            case race
            /// One after the other; what one gives is the input of the next.
            case pipeline
            /// All at once; the answer that most of them give.
            case vote
            /// All at once, and again with the answers of the others, until they agree.
            case consensus

            /// Not all begin at once.
            public var isInOrder: Bool { self == .sequential || self == .pipeline }
        }

        /// What agents are chosen by.
        public struct Match: Sendable, Hashable {
            /// All of it has to be covered.
            public let capabilities: [String]
            /// Ids of agents that are preferred.
            public let preferred: [String]
            /// The most agents that are chosen.
            public let limit: Int

            /// What is wanted.
            public init(capabilities: [String], preferred: [String] = [], limit: Int = 1) {
                (self.capabilities, self.preferred, self.limit) = (capabilities, preferred, limit)
            }
        }

        /// The ids, in order; empty when ``match`` chooses them.
        public let agents: [String]
        /// `nil` when they are named.
        public let match: Match?
        /// How they work together.
        public let strategy: Strategy
        /// So many have to succeed under `parallel`; `nil` for all.
        public let minimum: Int?
        /// The share that the answer of a vote needs, from 0 to 1.
        public let threshold: Double
        /// How often those who do not agree see the answers of the others.
        public let rounds: Int
        /// The node that is instantiated for each of them.
        public let body: Body

        /// How many work, at most.
        public var size: Int { match?.limit ?? agents.count }

        /// The keys of the config that say how they work together; those who work do not see them.
        static let keys = ["agents", "match", "strategy", "min_succeeded", "threshold", "rounds"]

        /// What a single agent waits for an answer at most, in milliseconds.
        static let longestWait: Int64 = 300_000

        /// Several agents work, or some are chosen.
        static func isTeam(_ config: JSONValue?) -> Bool { config?["agents"] != nil || config?["match"] != nil }

        /// How many agents the config of an `agent` node stands for.
        static func size(of config: JSONValue?) -> Int {
            if let agents = config?["agents"]?.arrayValue { return max(1, agents.count) }
            return config?["match"]?["max_agents"]?.intValue.map { Int($0) } ?? 1
        }
    }
}

extension Graph.NodeKind {
    /// How many agents work because of the node itself, at most.
    public var agentCount: Int {
        switch self {
        case .agent: 1
        case .team(let team): team.size
        default: 0
        }
    }
}

extension GraphDecoder {
    static func team(_ node: StoredObject, _ config: StoredObject) throws(GraphCodecError) -> Graph.Team {
        let strategy: Graph.Team.Strategy = try config.optionalChoice("strategy") ?? .sequential
        var match: Graph.Team.Match?
        if config.has("match") {
            let wanted = try config.object("match")
            match = Graph.Team.Match(
                capabilities: try wanted.texts("capabilities"),
                preferred: wanted.has("prefer") ? try wanted.texts("prefer") : [],
                limit: try wanted.optionalInteger("max_agents") ?? 1
            )
        }
        return Graph.Team(
            agents: config.has("agents") ? try config.texts("agents") : [],
            match: match,
            strategy: strategy,
            minimum: try config.optionalInteger("min_succeeded"),
            threshold: config.has("threshold") ? try config.value("threshold").doubleValue ?? 0.5 : 0.5,
            rounds: try config.optionalInteger("rounds") ?? 2,
            body: try body(StoredObject(["nodes": [try seat(node)], "edges": []]), hasOutput: false)
        )
    }

    /// What every one of a team does: the work of the node, with what the others gave.
    private static func seat(_ node: StoredObject) throws(GraphCodecError) -> JSONValue {
        var config = JSONObject()
        for member in try node.value("config").objectValue?.members ?? [] where !Graph.Team.keys.contains(member.key) {
            config[member.key] = member.value
        }
        config["agent"] = "${participant.agent}"
        config["team"] = "${participant.team}"
        let limit = try node.optionalInteger("timeout_ms").map { Int64($0) } ?? Graph.Team.longestWait
        // No document can hold this id.
        var seat: JSONObject = [
            "id": .string(try node.text("id") + ":agent"), "kind": "agent", "config": .object(config),
            "timeout_ms": .int(min(limit, Graph.Team.longestWait)),
        ]
        let shared = [
            "retry", "schedule_timeout_ms", "total_timeout_ms", "priority", "concurrency", "queue", "labels",
            "resources",
        ]
        for key in shared where node.has(key) { seat[key] = try node.value(key) }
        return .object(seat)
    }
}
