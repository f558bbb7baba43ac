// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import Hashing
public import JSON
internal import Model

extension Verification {
    /// The SHA-256 of the output's canonical JSON.
    public var outputHash: String {
        output.blob?.hash ?? SHA256.hex(output.value.canonicalBytes())
    }

    /// One object for each check: `{check, kind, title, verdict?, message?, evidence?, at?}`.
    func checksJSON(_ checks: [Graph.Check]) -> [JSONValue] {
        checks.enumerated().map { number, check in
            var result: JSONObject = [
                "check": .int(Int64(number)), "kind": .string(check.kind.rawValue), "title": .string(check.title),
            ]
            guard let found = evidence.first(where: { $0.check == number }) else { return .object(result) }
            result["verdict"] = .string(found.verdict.rawValue)
            if !found.message.isEmpty { result["message"] = .string(found.message) }
            result["evidence"] = .object(found.details)
            result["at"] = found.at.map { .string($0.description) }
            return .object(result)
        }
    }
}

extension RunState {
    /// `{attempt, verdict?, output_sha256, checks[], feedback[]?}` of a task whose output was or is checked.
    public func verificationJSON(of task: TaskRef) -> JSONValue? {
        guard let verification = verifications[task] else { return nil }
        var result: JSONObject = ["attempt": .int(Int64(verification.attempt))]
        result["verdict"] = verification.verdict.map { .string($0.rawValue) }
        result["output_sha256"] = .string(verification.outputHash)
        if verification.isTakenOver { result["taken_over"] = true }
        result["checks"] = .array(verification.checksJSON(node(task).checks))
        if !verification.feedback.isEmpty {
            result["feedback"] = .array(
                verification.feedback.map { ["attempt": .int(Int64($0.attempt)), "text": .string($0.text)] }
            )
        }
        return .object(result)
    }
}
