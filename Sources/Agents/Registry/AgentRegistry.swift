// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON
public import Model
internal import Tools
import Synchronization

/// The agents of a process with what they do now (spec 8.1). What they did is counted from the start of the process.
public final class AgentRegistry: Sendable {
    /// What the files have, what was edited, and what comes of both.
    private struct Staff {
        var files: (roster: AgentRoster, skills: SkillShelf)
        var edits = PromptEdits() { didSet { merge() } }
        private(set) var roster: AgentRoster
        private(set) var skills: SkillShelf

        init(_ roster: AgentRoster, _ skills: SkillShelf) {
            files = (roster, skills)
            (self.roster, self.skills) = (roster, skills)
        }

        mutating func merge() { (roster, skills) = (edits.over(files.roster), edits.over(files.skills)) }
    }

    private let staff: Mutex<Staff>
    private let now: @Sendable () -> Timestamp
    private let activities = Mutex<[String: AgentActivity]>([:])

    /// Agents that have not done anything.
    public init(
        _ roster: AgentRoster,
        skills: SkillShelf = .builtIn(),
        now: @escaping @Sendable () -> Timestamp
    ) {
        staff = Mutex(Staff(roster, skills))
        self.now = now
    }

    /// Who they are.
    public var roster: AgentRoster { staff.withLock { $0.roster } }
    /// What they may be told to do well.
    public var skills: SkillShelf { staff.withLock { $0.skills } }

    /// Takes what other files have; edits stay over them. What agents of the same ids did still counts, and attempts under way
    /// go on with what they began with.
    public func replace(_ roster: AgentRoster, skills: SkillShelf) {
        staff.withLock { staff in
            staff.files = (roster, skills)
            staff.merge()
        }
    }

    /// Takes all edits, in place of those before.
    public func take(_ edits: PromptEdits) { staff.withLock { $0.edits = edits } }

    /// Takes an edit; `nil` lets the file count again.
    public func edit(_ name: PromptName, _ record: PromptRecord?) { staff.withLock { $0.edits.set(name, record) } }

    /// Which edits cannot be read.
    public var problems: [String] { staff.withLock { $0.edits.problems } }

    /// The text that is in force; `nil` for a name that is not known.
    public func prompt(_ name: PromptName) -> PromptText? {
        staff.withLock { staff in
            switch name.kind {
            case .agent: staff.roster[name.name]?.prompt
            case .skill: staff.skills[name.name]?.prompt
            }
        }
    }

    /// The text that its file has, whatever was edited; `nil` likewise.
    public func filePrompt(_ name: PromptName) -> PromptText? {
        staff.withLock { staff in
            switch name.kind {
            case .agent: staff.files.roster[name.name]?.prompt
            case .skill: staff.files.skills[name.name]?.prompt
            }
        }
    }

    /// The name that a wrong one was probably meant to be.
    public func nearest(to name: PromptName) -> String? {
        switch name.kind {
        case .agent: roster.nearestID(to: name.name)
        case .skill: skills.nearestName(to: name.name)
        }
    }

    /// How many attempts an agent makes at a time; `nil` for one that is not known.
    public func limit(of id: String) -> Int? { roster[id]?.maxConcurrent }

    /// An attempt of an agent is about to begin.
    ///
    /// - Throws: `agent.unavailable` for one that is not known, is switched off, or failed too often; only the last is worth
    ///   another try.
    /// - Parameter given: The agent as its run has it; whether it takes work is what is so now.
    func begin(_ given: AgentRecord) throws(TaskError) {
        let (id, record) = (given.id, roster[given.id] ?? given)
        guard record.isEnabled else {
            throw TaskError(
                code: "agent.unavailable",
                errorClass: .permanent,
                message: "the agent \"\(id)\" is switched off (`enabled: false`)"
            )
        }
        guard let wait = activities.withLock({ $0[id, default: .init(reset: record.reset)].begin(at: now()) }) else {
            return
        }
        throw TaskError(
            code: "agent.unavailable",
            errorClass: .upstream,
            message: "the agent \"\(id)\" failed too often in a row and is left alone for a while",
            retryAfter: wait
        )
    }

    func end(_ id: String, _ error: TaskError?) {
        activities.withLock { $0[id, default: .init()].end(error, at: now()) }
    }

    func stop(_ id: String) { activities.withLock { $0[id, default: .init()].stop() } }

    func spend(_ id: String, _ amount: Money) {
        guard amount != .zero else { return }
        activities.withLock { activities in
            let before = activities[id]?.spent.picodollars ?? 0
            activities[id, default: .init()].spent = Money(picodollars: before + amount.picodollars)
        }
    }

    /// All agents, by id: their records with `live`.
    public var list: [JSONValue] {
        let (activities, now) = (activities.withLock { $0 }, now())
        return roster.all.map { .object(Self.json($0, activities[$0.id], now)) }
    }

    /// One agent with its instructions; `nil` when there is none of that id.
    public func show(_ id: String) -> JSONValue? {
        guard let record = roster[id] else { return nil }
        var json = Self.json(record, activities.withLock { $0[id] }, now())
        json["instructions"] = .string(record.instructions)
        return .object(json)
    }

    /// Starts those of some agents, of all when there are none, that are started before they are needed: one that a model
    /// does must be switched on and not be left alone, a program must be there as well.
    ///
    /// - Parameter path: Where programs are looked for.
    /// - Returns: `{agent, started, problem?}` for each.
    public func start(_ ids: [String], in path: String) -> [JSONValue] {
        let (activities, now) = (activities.withLock { $0 }, now())
        let eager = roster.all.filter { $0.isEager && (ids.isEmpty || ids.contains($0.id)) }
        return eager.map { record in
            var json: JSONObject = ["agent": .string(record.id)]
            let status = (activities[record.id] ?? AgentActivity()).status(of: record, at: now)
            var problem: String?
            if status == "stopped" { problem = "\(record.id) is switched off" }
            if status == "error" { problem = "\(record.id) failed too often in a row and is left alone for a while" }
            if let program = record.program, ProgramSearch.find(program.command, in: path) == nil {
                problem = "the program \(program.command) of \(record.id) is not there"
            }
            json["started"] = .bool(problem == nil)
            json["problem"] = problem.map(JSONValue.string)
            return .object(json)
        }
    }

    /// Everybody with what they do now.
    var candidates: [(record: AgentRecord, activity: AgentActivity)] {
        let activities = activities.withLock { $0 }
        return roster.all.map { ($0, activities[$0.id] ?? AgentActivity()) }
    }

    var time: Timestamp { now() }

    private static func json(_ record: AgentRecord, _ activity: AgentActivity?, _ now: Timestamp) -> JSONObject {
        var json = record.json
        json["live"] = .object((activity ?? AgentActivity()).json(of: record, at: now))
        return json
    }
}
