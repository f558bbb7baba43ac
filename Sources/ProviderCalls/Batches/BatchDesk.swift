// Baton
// SPDX-License-Identifier: Apache-2.0

import Providers

/// Gathers the calls of a provider into batches, and lets those who wait for the same batch share the looks at it.
actor BatchDesk {
    /// What holds for all batches of a provider.
    struct Limits: Sendable {
        /// How long calls for a batch are gathered.
        var gathering: Duration = .milliseconds(500)
        /// The time between the first looks.
        var poll: Duration = .seconds(60)
        /// How many calls a batch has at most.
        var count = 1000
        /// How many bytes a batch has at most, unless a single call has more.
        var bytes = 32 << 20
        /// How many bytes of results are kept for those who have not asked yet.
        var kept = 8 << 20
        /// For how long.
        var keeping: Duration = .seconds(300)
        /// How many batches are remembered; what is forgotten is asked for again.
        var remembered = 1000

        /// Nobody asks sooner about the same batch.
        var floor: Duration { min(.seconds(5), poll) }
    }

    /// A call on its way into a batch.
    struct Item: Sendable {
        let name: String
        let bytes: [UInt8]
    }

    typealias Handed = [String: Result<BatchTicket, ModelError>]

    private struct Group {
        var items: [Item] = []
        var size = 0
        let sending: Task<Handed, Never>
    }

    let limits: Limits
    private var groups: [Int: Group] = [:]
    /// The group that still takes calls for a model.
    private var open: [String: Int] = [:]
    private var made = 0

    /// By batch.
    var looks: [String: Look] = [:]
    var kept: KeptResults
    /// How many wait for a result that is being read.
    var wanted: [BatchTicket: Int] = [:]
    var givenUp: [String: Set<String>] = [:]

    init(_ limits: Limits) {
        self.limits = limits
        kept = KeptResults(byteLimit: limits.kept, keeping: limits.keeping)
    }

    /// Puts a call into a batch. Once it waits it is handed over, even when its task is cancelled.
    func submit(_ item: Item, model: String, to provider: HTTPProvider) async throws(ModelError) -> BatchTicket {
        let sending = place(item, model, provider)
        guard let result = await sending.value[item.name] else {
            throw provider.strange("it lost a call", wasTaken: true)
        }
        return try result.get()
    }

    private func place(_ item: Item, _ model: String, _ provider: HTTPProvider) -> Task<Handed, Never> {
        if let number = open[model], let group = groups[number] {
            if group.items.contains(where: { $0.name == item.name }) { return group.sending }
            if group.items.count < limits.count, group.size + item.bytes.count <= limits.bytes {
                groups[number]?.items.append(item)
                groups[number]?.size += item.bytes.count + 1
                return group.sending
            }
        }
        made += 1
        let number = made
        let sending = Task { await self.gather(number, model, provider) }
        groups[number] = Group(items: [item], size: item.bytes.count, sending: sending)
        open[model] = number
        return sending
    }

    private func gather(_ number: Int, _ model: String, _ provider: HTTPProvider) async -> Handed {
        // Others have so long to join: providers count batches, not calls.
        try? await Task.sleep(for: limits.gathering)
        if open[model] == number { open[model] = nil }
        let items = groups.removeValue(forKey: number)?.items ?? []
        return await handOver(items[...], provider)
    }

    /// A batch that is refused for what is in it is halved, so that nobody fails for the calls of others.
    private func handOver(_ items: ArraySlice<Item>, _ provider: HTTPProvider) async -> Handed {
        do throws(ModelError) {
            let status = try await provider.createBatch(of: items)
            remember(status, size: items.count)
            return Dictionary(
                items.map { ($0.name, .success(BatchTicket(batch: status.id, key: $0.name))) },
                uniquingKeysWith: { first, _ in first }
            )
        } catch {
            guard items.count > 1, [400, 413, 422].contains(error.status) else {
                return Dictionary(items.map { ($0.name, .failure(error)) }, uniquingKeysWith: { first, _ in first })
            }
            let middle = items.startIndex + items.count / 2
            let first = await handOver(items[..<middle], provider)
            return await handOver(items[middle...], provider).merging(first) { later, _ in later }
        }
    }
}

/// Results that nobody has asked for yet: bounded, and for a short time.
struct KeptResults {
    private let byteLimit: Int
    private let keeping: Duration
    private var lines: [BatchTicket: (line: [UInt8], at: ContinuousClock.Instant)] = [:]
    private(set) var byteCount = 0

    init(byteLimit: Int, keeping: Duration) {
        (self.byteLimit, self.keeping) = (byteLimit, keeping)
    }

    /// Takes a line in; when there is no room, only if somebody waits for it.
    mutating func keep(_ line: [UInt8], for ticket: BatchTicket, isWanted: Bool) {
        guard lines[ticket] == nil, isWanted || byteCount + line.count <= byteLimit else { return }
        lines[ticket] = (line, .now)
        byteCount += line.count
    }

    /// Hands a line out. It stays when others wait for it too.
    mutating func take(_ ticket: BatchTicket, isLast: Bool) -> [UInt8]? {
        guard let (line, _) = lines[ticket] else { return nil }
        if isLast { drop(ticket) }
        return line
    }

    /// Forgets what was kept for long enough.
    mutating func dropOld() {
        let oldest = ContinuousClock.now - keeping
        for (ticket, entry) in lines where entry.at < oldest { drop(ticket) }
    }

    private mutating func drop(_ ticket: BatchTicket) {
        byteCount -= lines.removeValue(forKey: ticket)?.line.count ?? 0
    }
}
