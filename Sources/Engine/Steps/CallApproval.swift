// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import Hashing
public import JSON
public import Model
internal import Store

/// A call that a person has to approve before it is made (spec 7.2, 8.4).
public struct CallApproval: Sendable, Equatable {
    /// Which call of the task it is: another call is approved on its own, also with the same arguments. A task that
    /// makes one call leaves it empty.
    public let call: String
    /// What is called.
    public let tool: String
    /// With what, exactly.
    public let arguments: JSONValue
    /// Which rule asks.
    public let rule: String
    /// The SHA-256 of the canonical JSON of `{arguments, tool}`.
    public let sha256: String

    /// A call with its arguments as they would be sent; secrets are not in there.
    public init(call: String = "", tool: String, arguments: JSONValue, rule: String) {
        (self.call, self.tool, self.arguments, self.rule) = (call, tool, arguments, rule)
        let both: JSONValue = ["arguments": arguments, "tool": .string(tool)]
        sha256 = SHA256.hex(both.canonicalBytes())
    }

    /// What a person sees.
    var subject: JSONValue {
        [
            "tool": .string(tool), "arguments": arguments, "sha256": .string(sha256), "rule": .string(rule),
            "call": .string(call),
        ]
    }

    /// The decision about this very call, if there is one.
    public func consent(in consents: [CallConsent]) -> CallConsent? {
        consents.last { $0.call == call && $0.sha256 == sha256 }
    }
}

/// What a person decided about a call. It holds for a call with exactly these arguments, and for one.
public struct CallConsent: Sendable, Equatable {
    /// The request that was answered.
    public let request: HumanTaskID
    /// Which call of the task, see ``CallApproval/call``.
    public let call: String
    /// The hash of what is called with what, see ``CallApproval/sha256``.
    public let sha256: String
    /// It may be made.
    public let isApproved: Bool
    /// Who decided.
    public let by: String
    /// Why.
    public let comment: String?

    /// Why a call is not made.
    public var refusal: TaskError {
        let reason = comment.map { ": \($0)" } ?? ""
        return TaskError(
            code: "human_task.rejected",
            errorClass: .permanent,
            message: "\(by) did not approve the call\(reason)",
            details: ["human_task": .string(request.description)]
        )
    }
}

/// A call to be approved; what a person sees of it is durable.
public struct PreparedApproval: Sendable {
    let binding: HumanRequest.Call
    let rule: String
    let subject: Payload

    init(_ approval: CallApproval, subject: Payload) {
        binding = HumanRequest.Call(call: approval.call, tool: approval.tool, sha256: approval.sha256)
        rule = approval.rule
        self.subject = subject
    }
}

extension HumanRequest {
    /// The call that a request with the purpose ``Purpose/call`` is about.
    public struct Call: Sendable, Equatable {
        /// Which call of the task.
        public let call: String
        /// What is called.
        public let tool: String
        /// See ``CallApproval/sha256``.
        public let sha256: String

        var json: JSONValue { ["call": .string(call), "tool": .string(tool), "sha256": .string(sha256)] }

        init(call: String, tool: String, sha256: String) {
            (self.call, self.tool, self.sha256) = (call, tool, sha256)
        }

        init?(json: JSONValue?) {
            guard let call = json?["call"]?.stringValue, let tool = json?["tool"]?.stringValue,
                let sha256 = json?["sha256"]?.stringValue
            else { return nil }
            self.init(call: call, tool: tool, sha256: sha256)
        }
    }
}

extension CallConsent {
    var json: JSONObject {
        var json: JSONObject = [
            "human_task": .string(request.description), "call": .string(call), "sha256": .string(sha256),
            "approved": .bool(isApproved), "by": .string(by),
        ]
        json["comment"] = comment.map { .string($0) }
        return json
    }

    init?(json: JSONValue) {
        guard let request = json["human_task"]?.stringValue.flatMap(HumanTaskID.init),
            let call = json["call"]?.stringValue, let sha256 = json["sha256"]?.stringValue,
            let isApproved = json["approved"]?.boolValue, let by = json["by"]?.stringValue
        else { return nil }
        self.init(
            request: request,
            call: call,
            sha256: sha256,
            isApproved: isApproved,
            by: by,
            comment: json["comment"]?.stringValue
        )
    }
}

/// Calls that people approve.
extension RunMachine {
    /// The attempt that wants to make the call has ended; the task waits for a person.
    mutating func askForCall(_ task: TaskRef, _ approval: PreparedApproval) {
        // Nobody is asked by a replay.
        if state.derivation?.isReplay == true || state.derivation?.kind == .shadow {
            let error = TaskError(
                code: "tool.denied",
                errorClass: .permanent,
                message: "\(approval.binding.tool) would need approval, and a replay asks nobody"
            )
            return fail(task, error, nil)
        }
        var request = HumanRequest(
            id: nextHumanTaskID(task),
            purpose: .call,
            kind: .approval,
            title: "`\(state.name(of: task))` wants to call \(approval.binding.tool)",
            message: "The call needs approval (\(approval.rule)). "
                + "It is made with exactly these arguments, or not at all.",
            choices: [
                HumanChoice(HumanRequest.approval, label: "Approve", effect: "the call is made, once"),
                HumanChoice(HumanRequest.refusal, label: "Reject", effect: "the call is not made; the reason is told"),
            ],
            subject: approval.subject,
            assignees: ["owner"]
        )
        request.call = approval.binding
        open(request, for: task)
    }

    /// A person decided about a call; a new attempt goes on with the steps of the one that asked.
    mutating func callDecided(_ task: TaskRef, _ request: HumanRequest, _ decision: HumanDecision) {
        guard let call = request.call else { return }
        let consent = CallConsent(
            request: request.id,
            call: call.call,
            sha256: call.sha256,
            isApproved: decision.choice == HumanRequest.approval,
            by: decision.by,
            comment: decision.comment
        )
        emit(task, .step(.decided(consent, tool: call.tool)), actor: decision.by)
        emit(task, .taskReady(.released))
        offer(task)
    }
}
