// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import Definition
import Engine
import HTTP
import Hashing
import JSON
import Model
import Secrets

/// Checks that start a program or send a request.
extension CheckMaker {
    func commandEvidence(_ item: CheckOrder.Item) async throws(TaskError) -> CheckEvidence {
        let words = try (try values(item)["run"]?.arrayValue ?? []).map { word throws(TaskError) -> String in
            guard word.arrayValue == nil, word.objectValue == nil, !word.isNull else {
                throw .argument("run", "has a part that is no text: \(word.text)")
            }
            return word.stringValue ?? word.text
        }
        guard let name = words.first, !name.isEmpty else { throw .argument("run", "names no program") }
        guard !name.contains("/") || name.hasPrefix("/") else {
            throw .argument("run", "begins with a relative path; give a name or an absolute path")
        }
        guard let path = ProgramSearch.find(name) else {
            throw TaskError(code: "tool.unavailable", errorClass: .permanent, message: "there is no program \(name)")
        }
        let context = try context(item, usual: .seconds(60))
        var limits = context.limits
        limits.timeout = context.timeout
        var program = Program(
            path: path,
            arguments: Array(words.dropFirst()),
            workingDirectory: try WorkspaceFolder(context).path(of: "."),
            limits: limits
        )
        program.environment["BATON_IDEMPOTENCY_KEY"] = context.idempotencyKey
        let outcome = try await Sandbox(context.sandbox).run(
            program,
            workspace: context.workspace,
            cancellation: cancellation
        )
        return try evidence(item, words, outcome, limits.timeout)
    }

    private func evidence(
        _ item: CheckOrder.Item,
        _ words: [String],
        _ outcome: Sandbox.Outcome,
        _ limit: Duration
    ) throws(TaskError) -> CheckEvidence {
        let result = outcome.result
        if result.stopReason == .cancelled { throw .cancelled }
        let written = result.output.bytes + result.errors.bytes
        let tail = (result.output.lastText(Self.tailLimit / 2) + "\n" + result.errors.lastText(Self.tailLimit / 2))
            .split(whereSeparator: \.isNewline).joined(separator: "\n")
        let details: JSONObject = [
            "argv": .array(words.map { .string(String($0.prefix(500))) }), "exit_code": .int(Int64(result.exitCode)),
            "output_sha256": .string(SHA256.hex(written)), "tail": .string(tail),
            "duration_ms": .int(result.duration.milliseconds), "sandboxed": .bool(outcome.isSandboxed),
        ]
        let line = "`\(words.joined(separator: " ").prefix(200))`"
        let how =
            result.stopReason == .timeout
            ? "did not end within \(limit.text)"
            : result.exitCode > 128
                ? "was ended by signal \(result.exitCode - 128)" : "ended with exit code \(result.exitCode)"
        let hasPassed = result.stopReason == nil && result.ending == .exited(0)
        return CheckEvidence(
            check: item.number,
            verdict: hasPassed ? .passed : .gapsFound,
            message: hasPassed ? "" : "\(line) \(how)" + (tail.isEmpty ? "" : "; it wrote: \(tail.suffix(1500))"),
            details: details
        )
    }

    // MARK: Requests

    func requestEvidence(_ item: CheckOrder.Item) async throws(TaskError) -> CheckEvidence {
        let handles = SecretHandles(assignment.scope)
        var config = try assignment.evaluate(item.check.template, in: handles).objectValue ?? [:]
        config["method"] = item.check.source["method"]
        var expect = JSONObject()
        for key in ["status", "schema"] { expect[key] = item.check.source["expect"]?[key] }
        if !expect.isEmpty { config["expect"] = .object(expect) }
        let secrets = try await handles.open(in: .object(config), for: assignment.run, settings.secrets)
        let context = try context(item, usual: .seconds(30))
        do throws(TaskError) {
            var call = try HTTPCall(try secrets.filled(.object(config)))
            for member in config["headers"]?.objectValue ?? [:] where secrets.stands(in: member.value.stringValue ?? "")
            {
                call.request.credentialHeaders.insert(member.key.lowercased())
            }
            let output = secrets.masker.mask(
                try await call.send(
                    by: settings.http,
                    idempotencyKey: context.idempotencyKey,
                    timeout: context.timeout,
                    cancellation: cancellation
                )
            )
            return try evidence(item, output)
        } catch {
            let error = secrets.mask(error)
            // An answer that is not the wanted one, or none, is what the check looks for; a request that must not be sent
            // is a mistake in the document.
            guard ["http.status", "output.invalid", "timeout", "too_large", "tool.failed"].contains(error.code) else {
                throw error
            }
            var details = JSONObject()
            details["status"] = error.details?["status"]
            details["url"] = error.details?["url"]
            return CheckEvidence(check: item.number, verdict: .gapsFound, message: error.message, details: details)
        }
    }

    private func evidence(_ item: CheckOrder.Item, _ output: JSONValue) throws(TaskError) -> CheckEvidence {
        let body = output["body"] ?? .null
        var details: JSONObject = ["body_sha256": .string(SHA256.hex(body.canonicalBytes()))]
        for key in ["status", "url", "duration_ms"] { details[key] = output[key] }
        guard let condition = item.check.condition else {
            return CheckEvidence(check: item.number, verdict: .passed, details: details)
        }
        details["expression"] = .string(condition.source)
        var message = ""
        do {
            if !(try condition.condition(in: AnswerScope(outer: assignment.scope, answer: output))) {
                message = "`\(condition.source)` is false for the answer: \(body.text.prefix(500))"
            }
        } catch {
            message = "`\(condition.source)` cannot be evaluated: \(error.message)"
        }
        return CheckEvidence(
            check: item.number,
            verdict: message.isEmpty ? .passed : .gapsFound,
            message: message,
            details: details
        )
    }
}

/// What a condition over an answer sees: `status`, `headers` and `body`, and what the check sees.
private struct AnswerScope: CELScope {
    let outer: ScopeSnapshot
    let answer: JSONValue

    func variable(_ name: String) -> CELValue? {
        guard ["status", "headers", "body"].contains(name) else { return outer.variable(name) }
        return CELValue(answer[name] ?? .null)
    }
}
