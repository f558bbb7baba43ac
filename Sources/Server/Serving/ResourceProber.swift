// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import HTTP
internal import JSON
internal import Model
internal import Synchronization
internal import Telemetry

/// Looks at resources as often as they say, and tells the engine what it found.
final class ResourceProber: Sendable {
    private struct Name: Hashable {
        let tenant: String
        let name: String

        init(_ record: ResourceRecord) { (tenant, name) = (record.tenant, record.name) }
    }
    private struct Round {
        let definition: ResourceRecord.Definition
        var isRunning = false
        var dueAt = ContinuousClock.now
    }
    /// How long it takes at most until a new resource is looked at.
    private static let pause = Duration.seconds(1)

    private let service: Service
    private let log: Log?
    private let client = HTTPClient()
    /// Clients that may go to one private target.
    private let privateClients = Mutex<[String: HTTPClient]>([:])
    private let rounds = Mutex<[Name: Round]>([:])

    init(_ service: Service, log: Log?) {
        (self.service, self.log) = (service, log)
    }

    /// Works until the task is cancelled or the engine stops.
    func run() async {
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled {
                guard let records = try? await service.engine.resources(of: nil) else { break }
                for record in due(among: records) { group.addTask { await self.look(at: record) } }
                guard (try? await Task.sleep(for: Self.pause)) != nil else { break }
            }
            group.cancelAll()
        }
    }

    /// Looks at a resource now; gives it as it is then.
    func probe(_ record: ResourceRecord) async throws(EngineError) -> ResourceRecord {
        let start = ContinuousClock.now
        let problem = await problem(of: record.definition)
        let latency = Duration.milliseconds((ContinuousClock.now - start) / .milliseconds(1))
        let found = ResourceRecord.Probe(at: service.clock.wall(), latency: latency, problem: problem)
        return try await service.engine.observe(record, found)
    }

    // MARK: Rounds

    private func due(among records: [ResourceRecord]) -> [ResourceRecord] {
        let now = ContinuousClock.now
        let targets = Set(records.filter(\.definition.isPrivate).map(\.definition.target))
        privateClients.withLock { clients in clients = clients.filter { targets.contains($0.key) } }
        return rounds.withLock { rounds in
            let names = Set(records.map(Name.init))
            rounds = rounds.filter { names.contains($0.key) }
            return records.filter { record in
                let known = rounds[Name(record)].flatMap { $0.definition == record.definition ? $0 : nil }
                var round = known ?? Round(definition: record.definition)
                let isDue = !round.isRunning && round.dueAt <= now
                if isDue { round.isRunning = true }
                rounds[Name(record)] = round
                return isDue
            }
        }
    }

    private func look(at record: ResourceRecord) async {
        // One that was removed meanwhile, or an engine that stops: the next round knows.
        if let after = try? await probe(record) { tell(after, since: record) }
        rounds.withLock { rounds in
            guard rounds[Name(record)]?.definition == record.definition else { return }
            rounds[Name(record)]?.isRunning = false
            rounds[Name(record)]?.dueAt = .now + record.definition.interval
        }
    }

    private func tell(_ record: ResourceRecord, since before: ResourceRecord) {
        guard record.state != before.state else { return }
        var fields: KeyValuePairs<String, JSONValue> {
            [
                "resource": .string(record.name), "tenant": .string(record.tenant),
                "from": .string(before.state.rawValue), "to": .string(record.state.rawValue),
                "reason": .string(record.reason ?? ""),
            ]
        }
        log?.record(record.state == .offline ? .warn : .info, "resource.changed", fields)
    }

    // MARK: Looking

    /// What is wrong with it; `nil` for nothing.
    private func problem(of definition: ResourceRecord.Definition) async -> String? {
        do throws(HTTPClientError) {
            switch definition.kind {
            case .tcp:
                let policy = definition.isPrivate ? AddressPolicy(allowed: [definition.target]) : AddressPolicy()
                try await ConnectionProbe.connect(to: definition.target, policy: policy, timeout: definition.timeout)
                return nil
            case .http:
                let request = HTTPRequest(url: definition.target, byteLimit: 1 << 20, timeout: definition.timeout)
                let response = try await client(for: definition).send(request)
                return (200..<400).contains(response.status) ? nil : "it answered \(response.status)"
            }
        } catch {
            // A long answer is one.
            return error.code == .tooLarge ? nil : "\(error.code): \(error.message)"
        }
    }

    private func client(for definition: ResourceRecord.Definition) -> HTTPClient {
        guard definition.isPrivate, let place = try? HTTPURL(definition.target).authority else { return client }
        return privateClients.withLock { clients in
            if let known = clients[definition.target] { return known }
            let made = HTTPClient(policy: AddressPolicy(allowed: [place]))
            clients[definition.target] = made
            return made
        }
    }
}
