// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Model

/// How thorough a plan is (spec 9.2).
enum PlanRigor: String, CaseIterable {
    case L1, L2, L3

    /// Sections that must be there.
    var sections: [String] {
        switch self {
        case .L1: ["tasks"]
        case .L2: ["phases", "tasks", "open_questions"]
        case .L3: ["phases", "tasks", "open_questions", "risks", "test_strategy"]
        }
    }
}

/// A task of a plan as written (spec 3.5).
struct PlanTask {
    let key: String
    /// Where the key stands.
    let keyValue: SourceValue
    /// The whole task.
    let value: SourceValue
    /// In stored form, but for what holds expressions.
    let stored: JSONObject
    /// Positions of the tasks before this one, with the places where they are named.
    var dependencies: [(task: Int, value: SourceValue)] = []

    /// A kind of work.
    enum Kind: String, CaseIterable {
        case code, research, analysis, asset, integration, documentation

        /// The built-in role that does it.
        var role: String {
            switch self {
            case .code, .asset: "implementer"
            case .research, .analysis, .documentation: "analyst"
            case .integration: "integrator"
            }
        }
    }

    static let complexities = ["simple", "medium", "complex"]
    static let tiers = ["local", "small", "medium", "large"]

    var title: String { stored["title"]?.stringValue ?? key }

    var role: String { (stored["type"]?.stringValue).flatMap(Kind.init)?.role ?? Kind.code.role }

    var tier: String {
        if let tier = stored["tier"]?.stringValue { return tier }
        return switch stored["complexity"] {
        case "simple": "small"
        case "complex": "large"
        default: "medium"
        }
    }

    var requires: [String] { (stored["requires"]?.arrayValue ?? []).compactMap(\.stringValue) }

    var writes: [String] { (stored["writes"]?.arrayValue ?? []).compactMap(\.stringValue) }

    var checks: [SourceValue] { value.member("verify")?.items ?? [] }

    var outputs: [(name: String, schema: JSONValue)] {
        (stored["outputs"]?.arrayValue ?? []).compactMap { output in
            output["name"]?.stringValue.map { ($0, output["schema"] ?? true) }
        }
    }
}

/// Something that a plan has to meet.
struct PlanRequirement {
    let id: String
    let text: String
    /// `must`, `should` or `could`.
    let priority: String
    let value: SourceValue

    var isMust: Bool { priority == "must" }
}

/// Something that people have to decide before tasks can start.
struct PlanQuestion {
    let id: String
    let question: String
    let proposedAnswer: String?
    let impact: String?
    /// Positions of the tasks that wait for the answer.
    var blocks: [Int] = []
    let value: SourceValue
}

/// A plan whose parts are each well formed.
struct PlanDraft {
    var rigor = PlanRigor.L1
    var requirements: [PlanRequirement] = []
    var phases: [JSONObject] = []
    var questions: [PlanQuestion] = []
    var tasks: [PlanTask] = []
    var serializes = true
    var budget: (usd: Money?, tokens: Int64?, value: SourceValue)?
    let root: SourceValue
}
