// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON

/// What holds for the calls of tools while a skill is active.
public enum SkillConstraint: Sendable, Hashable {
    /// A call of the tool has that argument.
    case requireArgument(tool: String, argument: String)
    /// It does not have it; with a value, not with that one.
    case forbidArgument(tool: String, argument: String, value: JSONValue?)
    /// It is called only after a call of `first` succeeded.
    case requireBefore(tool: String, first: String)
    /// After it was called, `then` is called before the task is done.
    case requireAfter(tool: String, then: String)
    /// It is called so often at most.
    case maxExecutions(tool: String, count: Int)
    /// A person approves each call of it, with its exact arguments.
    case requireConfirmation(tool: String)

    /// Why something is none.
    struct Problem: Error {
        let rule: String
    }

    static func read(_ json: JSONValue) -> Result<SkillConstraint, Problem> {
        guard let object = json.objectValue, object.count == 1, let member = object.members.first else {
            return .failure(Problem(rule: "must be a mapping with one kind of constraint"))
        }
        let fields = member.value
        func text(_ key: String) -> String { fields[key]?.stringValue ?? "" }
        func checked(_ needed: [String], _ optional: [String] = [], _ make: () -> SkillConstraint?) -> Result<
            SkillConstraint, Problem
        > {
            let names = (needed + optional).joined(separator: ", ")
            let known = Set(needed + optional)
            let stray = fields.objectValue?.members.first { !known.contains($0.key) }
            let isComplete = needed.allSatisfy { fields[$0] != nil && ($0 == "count" || !text($0).isEmpty) }
            guard stray == nil, isComplete, let constraint = make() else {
                return .failure(Problem(rule: "`\(member.key)` has \(names)"))
            }
            return .success(constraint)
        }
        switch member.key {
        case "require_argument":
            return checked(["tool", "argument"]) { .requireArgument(tool: text("tool"), argument: text("argument")) }
        case "forbid_argument":
            return checked(["tool", "argument"], ["value"]) {
                .forbidArgument(tool: text("tool"), argument: text("argument"), value: fields["value"])
            }
        case "require_before":
            return checked(["tool", "first"]) { .requireBefore(tool: text("tool"), first: text("first")) }
        case "require_after":
            return checked(["tool", "then"]) { .requireAfter(tool: text("tool"), then: text("then")) }
        case "max_executions":
            return checked(["tool", "count"]) {
                guard let count = fields["count"]?.intValue, (0...1000).contains(count) else { return nil }
                return .maxExecutions(tool: text("tool"), count: Int(count))
            }
        case "require_confirmation": return checked(["tool"]) { .requireConfirmation(tool: text("tool")) }
        default:
            let known =
                "require_argument, forbid_argument, require_before, require_after, max_executions, require_confirmation"
            return .failure(Problem(rule: "`\(member.key)` is none of \(known)"))
        }
    }

    var json: JSONValue {
        switch self {
        case .requireArgument(let tool, let argument):
            return ["require_argument": ["tool": .string(tool), "argument": .string(argument)]]
        case .forbidArgument(let tool, let argument, let value):
            var fields: JSONObject = ["tool": .string(tool), "argument": .string(argument)]
            fields["value"] = value
            return ["forbid_argument": .object(fields)]
        case .requireBefore(let tool, let first):
            return ["require_before": ["tool": .string(tool), "first": .string(first)]]
        case .requireAfter(let tool, let then):
            return ["require_after": ["tool": .string(tool), "then": .string(then)]]
        case .maxExecutions(let tool, let count):
            return ["max_executions": ["tool": .string(tool), "count": .int(Int64(count))]]
        case .requireConfirmation(let tool): return ["require_confirmation": ["tool": .string(tool)]]
        }
    }

    /// A call that was made, in order.
    struct Made: Equatable {
        let tool: String
        let isSuccess: Bool
    }

    /// Why a call may not be made now; `nil` when it may.
    ///
    /// - Parameter earlier: The calls of the task before it.
    func refusal(of tool: String, _ arguments: JSONValue, after earlier: [Made]) -> String? {
        switch self {
        case .requireArgument(tool, let argument) where arguments[argument].map(\.isNull) ?? true:
            return "\(tool) needs the argument `\(argument)`"
        case .forbidArgument(tool, let argument, nil) where arguments[argument] != nil:
            return "\(tool) must not have the argument `\(argument)`"
        case .forbidArgument(tool, let argument, let value?) where arguments[argument] == value:
            return "the argument `\(argument)` of \(tool) must not be \(value.text)"
        case .requireBefore(tool, let first) where !earlier.contains(Made(tool: first, isSuccess: true)):
            return "\(first) has to succeed before \(tool) may be called"
        case .maxExecutions(tool, let count) where earlier.count(where: { $0.tool == tool }) >= count:
            return "\(tool) may be called \(count) times, and was"
        default: return nil
        }
    }

    /// Why a task is not done yet; `nil` when it is.
    func isOpen(after made: [Made]) -> String? {
        guard case .requireAfter(let tool, let then) = self,
            let last = made.lastIndex(where: { $0.tool == tool && $0.isSuccess }),
            !made[last...].dropFirst().contains(where: { $0.tool == then })
        else { return nil }
        return "\(tool) was called, so \(then) has to be called after it"
    }
}
