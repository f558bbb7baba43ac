// Baton
// SPDX-License-Identifier: Apache-2.0

import Engine
import JSON
import Model
import Threads
import Tools

/// Calls of tools.
extension AgentRun {
    /// So many calls that only read are under way at once.
    private static let parallel = 8

    mutating func carryOut(_ calls: [AgentCall]) async throws(Ending) {
        let (calls, refused) = try await permitted(Array(calls.prefix(Self.parallel)))
        if !refused.isEmpty { try await refuse(refused) }
        let fresh = calls.filter { $0.step == nil }
        if calls.isEmpty { return }
        var begun: [(number: Int, allowance: Charge?)] = []
        if !fresh.isEmpty || !changes.isEmpty {
            let costs = fresh.map { call in
                call.tool.cost.map { CallCost(most: Charge(money: $0), provider: call.tool.name) }
            }
            let begins = zip(fresh, costs).map { call, cost in
                StepChange.begin(
                    .tool,
                    name: call.tool.name,
                    request: call.record,
                    cost: cost,
                    consent: call.consent
                )
            }
            let receipt = try await record(begins)
            if receipt.shortage != nil, let cost = costs.compactMap(\.self).first {
                throw Ending(outcome: .starved(cost))
            }
            steps += zip(receipt.begun, fresh).map { AgentStep($0, request: $1.record) }
            begun = zip(receipt.begun, receipt.allowances).map { ($0.number, $1) }
        }
        var work: [(call: AgentCall, number: Int, allowance: Charge?)] = []
        for call in calls {
            if let number = call.step {
                work.append((call, number, nil))
            } else if !begun.isEmpty {
                let (number, allowance) = begun.removeFirst()
                work.append((call, number, allowance))
            }
        }
        CrashPoint.beforeEffect.reach()
        let results = await results(of: work.map { ($0.call, $0.number) })
        CrashPoint.afterEffect.reach()
        for ((_, number, allowance), result) in zip(work, results) {
            let usage = allowance.map { CallUsage(charge: $0) }
            switch result {
            case .success(let output): end(number, ["output": output], usage)
            case .failure(let error):
                // Whatever was told to stop may have done anything.
                guard !cancellation.isCancelled, error.code != "cancelled" else { continue }
                let shown: JSONValue = ["code": .string(error.code), "message": .string(clean(error.message))]
                end(number, ["error": shown], usage)
            }
        }
        if cancellation.isCancelled {
            if !changes.isEmpty { _ = try? await record([]) }
            throw .cancelled
        }
    }

    /// The calls that may be made, and those that may not with what the model hears. When nothing is left but calls that
    /// a person has to approve, the attempt ends with the first of them.
    private mutating func permitted(
        _ calls: [AgentCall]
    ) async throws(Ending) -> (made: [AgentCall], refused: [(AgentCall, TaskError)]) {
        guard !task.permission.isEmpty else { return (calls, []) }
        let workspace = settings.workspace(of: assignment.run)
        var (made, refused, asked): ([AgentCall], [(AgentCall, TaskError)], [CallApproval]) = ([], [], [])
        for var call in calls {
            // What began was permitted then; looking up asks nobody.
            let isJudged = call.step == nil && (call.tool.kind == .tool || call.tool.kind == .patch)
            let verdict =
                isJudged
                ? task.permission.verdict(on: call.tool.definition, call.arguments, workspace: workspace) : .allow
            switch verdict {
            case .allow: made.append(call)
            case .deny(let rule): refused.append((call, .denied(call.tool.name, by: rule)))
            case .ask(let rule):
                let approval = call.approval(rule)
                guard let consent = approval.consent(in: assignment.consents) else {
                    asked.append(approval)
                    continue
                }
                guard consent.isApproved else {
                    refused.append((call, consent.refusal))
                    continue
                }
                call.consent = consent.request
                made.append(call)
            }
        }
        if made.isEmpty, refused.isEmpty, let first = asked.first {
            log.append("a person has to approve \(first.tool): \(first.rule)")
            if !changes.isEmpty { _ = try await record([]) }
            throw Ending(outcome: .asks(first))
        }
        return (made, refused)
    }

    /// Writes down that calls are not made.
    private mutating func refuse(_ calls: [(call: AgentCall, error: TaskError)]) async throws(Ending) {
        let receipt = try await record(
            calls.map { .begin(.tool, name: $0.call.tool.name, request: $0.call.record) }
        )
        steps += zip(receipt.begun, calls).map { AgentStep($0, request: $1.call.record) }
        for (step, (call, error)) in zip(receipt.begun, calls) {
            log.append("step \(step.number): \(call.tool.name) was not called: \(error.message)")
            end(step.number, ["error": ["code": .string(error.code), "message": .string(clean(error.message))]], nil)
        }
    }

    private func results(of work: [(AgentCall, Int)]) async -> [Result<JSONValue, TaskError>] {
        if let (call, number) = work.first, work.count == 1 { return [await result(of: call, number)] }
        return await withTaskGroup(of: (Int, Result<JSONValue, TaskError>).self) { group in
            for (position, (call, number)) in work.enumerated() {
                group.addTask { (position, await result(of: call, number)) }
            }
            var results: [Int: Result<JSONValue, TaskError>] = [:]
            for await (position, result) in group { results[position] = result }
            return work.indices.compactMap { results[$0] }
        }
    }

    private func result(of call: AgentCall, _ number: Int) async -> Result<JSONValue, TaskError> {
        let key = "\(assignment.idempotencyKey)/step\(number)"
        do throws(TaskError) {
            switch call.tool.kind {
            case .patch: return .success(try await patch(call.arguments, key))
            case .skill: return .success(try instructions(call.arguments))
            case .listTools, .searchTools, .toolSchema:
                return .success(try (task.catalogue ?? ToolCatalogue([])).answer(call.tool.kind, call.arguments))
            case .tool, .giveUp, .respond, .execute: break
            }
            var context = try settings.context(
                for: assignment,
                key: key,
                timeout: assignment.timeout.map { max(.seconds(1), $0 - (ContinuousClock.now - start)) },
                cancellation
            )
            context.notes?.agent = task.record.id
            context.notes?.session = task.session
            let result = try await settings.call(
                call.tool.name,
                call.arguments,
                task.permission,
                isApproved: call.consent != nil,
                context: context
            )
            return .success(result.output)
        } catch {
            return .failure(error)
        }
    }

    /// Those of a skill that is active.
    private func instructions(_ arguments: JSONValue) throws(TaskError) -> JSONValue {
        let name = arguments["name"]?.stringValue ?? ""
        if let skill = task.skills.first(where: { $0.name == name }) { return .string(skill.instructions) }
        let names = task.skills.map(\.name).joined(separator: ", ")
        throw TaskError(
            code: "skill.unavailable",
            errorClass: .permanent,
            message: "no skill of that name is active; there are \(names)"
        )
    }

    /// What became of a change of the run.
    private func patch(_ arguments: JSONValue, _ key: String) async throws(TaskError) -> JSONValue {
        let request = PatchRequest(
            .operations(arguments["ops"] ?? []),
            summary: arguments["summary"]?.stringValue ?? "",
            key: key
        )
        do throws(EngineError) {
            let record = try await control.propose(request)
            return [
                "status": .string(record.status.rawValue), "number": .int(record.number),
                "findings": .array(record.findings.map(\.json)),
            ]
        } catch {
            throw TaskError(error)
        }
    }

    /// Without the path of the folder that the run works in.
    private func clean(_ message: String) -> String {
        message.replacing(settings.workspace(of: assignment.run), with: ".")
    }
}
