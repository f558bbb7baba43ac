// Baton
// SPDX-License-Identifier: Apache-2.0

import Engine
import Model
import ProviderCalls
import Providers

/// Calls that are answered later, for less (`batch` of a node).
extension AgentRun {
    /// Hands a call over. When it is written down by what its answer is asked for, no death loses the answer; a process
    /// that dies before leaves a call that counts in full, like any other that was under way.
    mutating func submit(
        _ request: ModelRequest,
        to provider: any BatchProvider,
        _ step: Int,
        _ model: ModelReference
    ) async throws(Ending) {
        let key = "\(assignment.idempotencyKey)/step\(step)"
        CrashPoint.beforeEffect.reach()
        let answer = await call { () throws(ModelError) in try await provider.submit(request, key: key) }
        CrashPoint.afterEffect.reach()
        switch answer {
        case .success(let ticket):
            do throws(Ending) {
                _ = try await record([.handOver(step, ticket: ticket.json)])
            } catch {
                // Nobody will ask for the answer when the task is not ours any more.
                if error.isLostLease { _ = try? await provider.cancel(ticket) }
                throw error
            }
            if let position = steps.firstIndex(where: { $0.number == step }) { steps[position].ticket = ticket.json }
            log.append("step \(step): \(model) took the call, and answers later (batch \(ticket.batch))")
        case .failure(let error): try await take(error, of: model, step)
        }
    }

    /// Asks once for the answer to a call that was handed over. Without one the attempt ends, and another one asks later.
    mutating func look(for step: AgentStep) async throws(Ending) {
        let asked = request(of: step)
        let (model, provider, price) = try await taker(of: step, asked)
        guard let ticket = step.ticket.flatMap(BatchTicket.init(json:)), let request = asked else {
            end(step.number, AgentStep.lost, nil)
            log.append("step \(step.number): nothing is known any more by which its answer could be asked for")
            return
        }
        switch await call({ () throws(ModelError) in try await provider.answer(to: ticket, for: request) }) {
        case .success(.pending(let pause)):
            try await flush()
            throw Ending(outcome: .awaits(until: models.now() + pause))
        case .success(.answered(let reply)): await take(reply, of: model, step.number, price)
        case .failure(let error):
            // Without leave to ask nobody knows what became of the call.
            let mayNotAsk = error.code == "cancelled" || [401, 403].contains(error.status)
            if mayNotAsk || error.code == "provider.unavailable" { try await fail(error.taskError) }
            try await take(error, of: model, step.number)
        }
    }

    /// Who took the call, and what it costs.
    private mutating func taker(
        of step: AgentStep,
        _ asked: ModelRequest?
    ) async throws(Ending) -> (ModelReference, any BatchProvider, AskPrice) {
        guard let model = ModelReference(step.name),
            let provider = setup.providers[model.provider] as? any BatchProvider,
            let rate = setup.price(of: model)
        else {
            try await fail(
                .noModel("\(step.name) took call \(step.number) and has to be asked for its answer, but is not set up")
            )
            throw .cancelled
        }
        let price = AskPrice(
            asked ?? ModelRequest(model: model.model, messages: []),
            rate,
            of: model,
            isBatch: true
        )
        return (model, provider, price)
    }

    /// What was asked, but for the length of the answer: the same steps lead to the same call.
    private func request(of step: AgentStep) -> ModelRequest? {
        guard let model = ModelReference(step.name),
            let machine = try? AgentMachine(task, steps.filter { $0.number < step.number }),
            case .ask(let ask) = machine.next()
        else { return nil }
        var request = ask.request
        request.model = model.model
        return request
    }
}

extension AgentRun.Ending {
    fileprivate var isLostLease: Bool {
        guard case .failed(let error, _, _) = outcome else { return false }
        return error.code == EngineError.Code.leaseLost.rawValue
    }
}
