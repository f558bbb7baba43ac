// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Providers

extension BatchDesk {
    /// What is known of a batch.
    struct Look {
        var outcome: Result<BatchStatus, ModelError>?
        var at = ContinuousClock.now
        /// How many looks failed in a row.
        var failures = 0
        /// How many calls are in it.
        var size: Int?
        var looking: Task<Result<BatchStatus, ModelError>, Never>?
        var reading: Task<Result<Void, ModelError>, Never>?
    }

    /// What became of a call.
    enum Found: Sendable {
        case pending(Duration)
        case result(BatchResult)
    }

    /// Looks for the result of a call.
    func find(_ ticket: BatchTicket, _ provider: HTTPProvider) async throws(ModelError) -> Found {
        if let result = taken(ticket, provider) { return .result(result) }
        let status: BatchStatus
        do throws(ModelError) {
            status = try await self.status(of: ticket.batch, provider)
        } catch {
            return .pending(try wait(after: error, ticket.batch))
        }
        switch status.state {
        case .working: return .pending(BatchPace.next(age: age(status, provider), shortest: limits.poll))
        case .failed: throw status.refusal(provider: provider.name, size: looks[ticket.batch]?.size)
        case .ended: return try await read(ticket, status, provider)
        }
    }

    func remember(_ status: BatchStatus, size: Int) {
        if looks.count >= limits.remembered { forget() }
        // What creating it said is no look.
        looks[status.id] = Look(size: size)
    }

    private func forget() {
        let idle = looks.filter { $0.value.looking == nil && $0.value.reading == nil }
        for (batch, _) in idle.sorted(by: { $0.value.at < $1.value.at }).prefix(max(1, looks.count / 2)) {
            looks[batch] = nil
            givenUp[batch] = nil
        }
    }

    private func age(_ status: BatchStatus, _ provider: HTTPProvider) -> Duration? {
        status.created.map { provider.now() - $0 }
    }

    // MARK: Looks

    /// The state of a batch; asked once for all who want it at about the same time, and never again once it has ended.
    private func status(of batch: String, _ provider: HTTPProvider) async throws(ModelError) -> BatchStatus {
        if let look = looks[batch] {
            if let looking = look.looking { return try await looking.value.get() }
            if case .success(let status)? = look.outcome, status.state != .working { return status }
            if let outcome = look.outcome, look.at + limits.floor > .now { return try outcome.get() }
        }
        if looks[batch] == nil, looks.count >= limits.remembered { forget() }
        let looking = Task { await self.look(at: batch, provider) }
        looks[batch, default: Look()].looking = looking
        return try await looking.value.get()
    }

    private func look(at batch: String, _ provider: HTTPProvider) async -> Result<BatchStatus, ModelError> {
        let outcome: Result<BatchStatus, ModelError>
        do throws(ModelError) {
            outcome = .success(try await provider.batch(batch))
        } catch {
            outcome = .failure(error)
        }
        var look = looks[batch] ?? Look()
        (look.outcome, look.at, look.looking) = (outcome, .now, nil)
        switch outcome {
        case .success(let status): (look.failures, look.size) = (0, look.size ?? status.total)
        case .failure: look.failures += 1
        }
        looks[batch] = look
        return outcome
    }

    /// How long to wait after a look that failed.
    ///
    /// - Throws: The error when waiting does not help.
    private func wait(after error: ModelError, _ batch: String) throws(ModelError) -> Duration {
        let isPassing =
            error.status.map { $0 >= 500 || [408, 409, 425, 429].contains($0) } ?? error.errorClass.isRetriedByDefault
        guard isPassing else {
            var error = error
            (error.mayHaveLeft, error.mayBeCharged) = (true, true)
            throw error
        }
        let failures = max(0, (looks[batch]?.failures ?? 1) - 1)
        return BatchPace.afterFailures(failures, shortest: limits.poll, asked: error.retryAfter)
    }

    // MARK: Results

    private func taken(_ ticket: BatchTicket, _ provider: HTTPProvider) -> BatchResult? {
        kept.take(ticket, isLast: wanted[ticket, default: 0] <= 1)
            .flatMap { BatchResult($0, as: provider.endpoint.format) }
    }

    /// The result of a call in a batch that has ended; the file is read once for all who wait.
    private func read(
        _ ticket: BatchTicket,
        _ status: BatchStatus,
        _ provider: HTTPProvider
    ) async throws(ModelError) -> Found {
        wanted[ticket, default: 0] += 1
        defer { wanted[ticket] = wanted[ticket].flatMap { $0 > 1 ? $0 - 1 : nil } }
        while true {
            if let result = taken(ticket, provider) { return .result(result) }
            // A reading that had begun before may have passed the line when nobody waited for it.
            let begun = looks[ticket.batch]?.reading
            let outcome = await (begun ?? startReading(status, provider)).value
            if let result = taken(ticket, provider) { return .result(result) }
            if case .failure(let error) = outcome { return .pending(try wait(after: error, ticket.batch)) }
            if begun == nil { break }
        }
        guard status.isWhole else {
            throw ModelError.overInBatch(provider: provider.name, "the batch ended without the call")
        }
        throw provider.strange("the batch has no answer to the call", wasTaken: true)
    }

    private func startReading(_ status: BatchStatus, _ provider: HTTPProvider) -> Task<Result<Void, ModelError>, Never>
    {
        kept.dropOld()
        let reading = Task { await self.reading(status, provider) }
        looks[status.id, default: Look()].reading = reading
        return reading
    }

    private func reading(_ status: BatchStatus, _ provider: HTTPProvider) async -> Result<Void, ModelError> {
        defer { looks[status.id]?.reading = nil }
        do throws(ModelError) {
            try await provider.readResults(of: status) { name, line in
                await self.keep(line, BatchTicket(batch: status.id, key: name))
            }
            looks[status.id]?.failures = 0
            return .success(())
        } catch {
            looks[status.id]?.failures += 1
            return .failure(error)
        }
    }

    private func keep(_ line: [UInt8], _ ticket: BatchTicket) {
        kept.keep(line, for: ticket, isWanted: wanted[ticket] != nil)
    }

    // MARK: Giving up

    /// Gives a call up, and the batch when all calls in it are given up.
    func cancel(_ ticket: BatchTicket, _ provider: HTTPProvider) async throws(ModelError) {
        givenUp[ticket.batch, default: []].insert(ticket.key)
        var size = looks[ticket.batch]?.size
        if size == nil {
            let status = try await status(of: ticket.batch, provider)
            guard status.state == .working else { return }
            size = status.total
        }
        guard let size, givenUp[ticket.batch]?.count ?? 0 >= size else { return }
        givenUp[ticket.batch] = nil
        try await provider.giveUp(ticket.batch)
    }
}
