// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON
public import Model

/// The parts of a request to a person that nobody searches for; stores keep them as one JSON text.
public struct HumanTaskDetails: Sendable, Equatable {
    /// One person's answer.
    public struct Decision: Sendable, Equatable {
        /// `user:NAME` or `system`.
        public var by: String
        /// The id of the choice.
        public var choice: String
        /// What was filled in: an object; a large one as `{"blob": {"hash", "size"}}`.
        public var values: JSONValue
        /// Why.
        public var comment: String?
        /// When.
        public var at: Timestamp
        /// The channel it came through, for example `cli`.
        public var via: String?

        /// Describes an answer.
        public init(
            by: String,
            choice: String,
            values: JSONValue = [:],
            comment: String? = nil,
            at: Timestamp,
            via: String? = nil
        ) {
            self.by = by
            self.choice = choice
            self.values = values
            self.comment = comment
            self.at = at
            self.via = via
        }
    }
    /// What can be answered.
    public var choices: [HumanChoice]
    /// JSON Schema of the values that are asked for.
    public var form: JSONValue?
    /// What people should see: a list; a large one as `{"blob": {"hash", "size"}}`.
    public var evidence: JSONValue?
    /// What went wrong, in an escalation: `{summary, attempts, output?, question?}`; likewise.
    public var subject: JSONValue?
    /// People who must agree.
    public var quorum: Int
    /// What happens when nobody decides in time, as documents write it.
    public var onExpiry: String?
    /// How often it was passed on because nobody decided in time.
    public var escalations: Int
    /// How often people were reminded.
    public var reminders: Int
    /// Every answer, in order.
    public var decisions: [Decision]

    /// Puts details together.
    public init(
        choices: [HumanChoice] = [],
        form: JSONValue? = nil,
        evidence: JSONValue? = nil,
        subject: JSONValue? = nil,
        quorum: Int = 1,
        onExpiry: String? = nil,
        escalations: Int = 0,
        reminders: Int = 0,
        decisions: [Decision] = []
    ) {
        self.choices = choices
        self.form = form
        self.evidence = evidence
        self.subject = subject
        self.quorum = quorum
        self.onExpiry = onExpiry
        self.escalations = escalations
        self.reminders = reminders
        self.decisions = decisions
    }
}

extension HumanTaskDetails {
    /// The stored form: what has its usual value is left out.
    public var json: JSONValue {
        var result: JSONObject = [:]
        if !choices.isEmpty { result["choices"] = .array(choices.map(\.json)) }
        result["form"] = form
        result["evidence"] = evidence
        result["subject"] = subject
        if quorum != 1 { result["quorum"] = .int(Int64(quorum)) }
        result["on_expire"] = onExpiry.map(JSONValue.string)
        if escalations != 0 { result["escalations"] = .int(Int64(escalations)) }
        if reminders != 0 { result["reminders"] = .int(Int64(reminders)) }
        if !decisions.isEmpty { result["decisions"] = .array(decisions.map(\.json)) }
        return .object(result)
    }

    /// Reads the stored form; `nil` when it is none.
    public init?(json: JSONValue) {
        guard json.objectValue != nil else { return nil }
        let choices = json["choices"]?.arrayValue?.map(HumanChoice.init(json:)) ?? []
        let decisions = json["decisions"]?.arrayValue?.map(Decision.init(json:)) ?? []
        guard !choices.contains(nil), !decisions.contains(nil) else { return nil }
        self.init(
            choices: choices.compactMap(\.self),
            form: json["form"],
            evidence: json["evidence"],
            subject: json["subject"],
            quorum: Int(json["quorum"]?.intValue ?? 1),
            onExpiry: json["on_expire"]?.stringValue,
            escalations: Int(json["escalations"]?.intValue ?? 0),
            reminders: Int(json["reminders"]?.intValue ?? 0),
            decisions: decisions.compactMap(\.self)
        )
    }
}

extension HumanTaskDetails.Decision {
    /// `{by, choice, values, comment?, at, via?}` with `at` in milliseconds.
    fileprivate var json: JSONValue {
        var result: JSONObject = [
            "by": .string(by), "choice": .string(choice), "values": values, "at": .int(at.milliseconds),
        ]
        result["comment"] = comment.map(JSONValue.string)
        result["via"] = via.map(JSONValue.string)
        return .object(result)
    }

    fileprivate init?(json: JSONValue) {
        guard let by = json["by"]?.stringValue, let choice = json["choice"]?.stringValue,
            let at = json["at"]?.intValue
        else { return nil }
        self.init(
            by: by,
            choice: choice,
            values: json["values"] ?? [:],
            comment: json["comment"]?.stringValue,
            at: Timestamp(milliseconds: at),
            via: json["via"]?.stringValue
        )
    }
}
