// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import HTTPServer
internal import Identity
internal import JSON
internal import Model

/// Workers (spec 12.7): administrators see those of their tenant, everybody else who does tasks his own.
struct WorkerRoutes: Sendable {
    let service: Service

    /// Whoever may claim tasks, and administrators.
    private static let audience = Contract.Audience.mayAny([.leaseTasks, .controlRuns, .manageWorkers])
    private static let word = Shape.text(1...100, pattern: "^[!-~]+$")

    var routes: [Route] { [list, register, show, remove, heartbeat] + orders }

    private var list: Route {
        let contract = Contract(
            "listWorkers",
            "Workers, the server itself first; for a day also those that stopped or died.",
            .workers,
            Self.audience,
            .page("Worker")
        )
        return Route("GET", "/v1/workers", contract) { call throws(Problem) in
            let rows = try await workers(call).map(\.json)
            return .page(call.caller.may(.manageWorkers) ? [service.engine.pool.json] + rows : rows, next: nil)
        }
    }

    private var register: Route {
        let contract = Contract(
            "registerWorker",
            "Makes a worker known that claims tasks in its own name, and is heard of every 10 seconds.",
            .workers,
            Self.audience,
            body: .optional(
                .optional("queues", .list(Self.word, 0...100), "Those that it serves; all when left out."),
                .optional("labels", .map(.text(0...128), upTo: 32, names: 1...128), "What it has."),
                .optional("capabilities", .list(Self.word, 0...100), "What it can do, for people."),
                .optional("capacity", .integer(1...1000), "How many tasks it does at a time; 1 when left out."),
                .optional("version", .text(1...100), "Of its program.")
            ),
            Contract.Answer(201, "It takes tasks.", .named("Worker")),
            .problem(409, "There are too many.")
        )
        return Route("POST", "/v1/workers", contract) { call throws(Problem) in
            let profile = WorkerRecord.Profile(json: .object(call.fields.object))
            let worker = try await service.ask(call) { engine throws(EngineError) in
                try await engine.register(profile, tenant: call.caller.tenant, by: call.actor)
            }
            let place: HTTPHeaders = ["location": "/v1/workers/\(worker.record.id)"]
            return .json(worker.json, status: 201, headers: place)
        }
    }

    private var show: Route {
        let contract = Contract(
            "showWorker",
            "A worker with the tasks that it has.",
            .workers,
            Self.audience,
            .ok(.named("Worker"))
        )
        return Route("GET", "/v1/workers/{worker}", contract) { call throws(Problem) in
            .json(try await worker(call).json)
        }
    }

    private var remove: Route {
        let contract = Contract(
            "removeWorker",
            "Forgets a worker; its attempts are lost to it, and others make them again.",
            .workers,
            Self.audience,
            .nothing
        )
        return Route("DELETE", "/v1/workers/{worker}", contract) { call throws(Problem) in
            let id = try await worker(call).record.id
            try await service.ask(call) { engine throws(EngineError) in try await engine.remove(id, by: call.actor) }
            return HTTPResponse(status: 204)
        }
    }

    private var heartbeat: Route {
        let contract = Contract(
            "sendWorkerHeartbeat",
            "The worker is still there; the answer says whether it is to take tasks.",
            .workers,
            Self.audience,
            body: .optional([]),
            .ok(.named("Worker")),
            .problem(409, "It is dead or stopped: register anew, or end.")
        )
        return Route("PUT", "/v1/workers/{worker}/heartbeat", contract) { call throws(Problem) in
            let id = try await worker(call).record.id
            let worker = try await service.ask(call) { engine throws(EngineError) in
                try await engine.heartbeat(id, by: call.actor)
            }
            return .json(worker.json)
        }
    }

    private var orders: [Route] {
        [
            order("drain", "Takes no task any more, and stops when its last one ends.", .drain),
            order("pause", "Takes no task until it is resumed.", .pause),
            order("resume", "Takes tasks again.", .resume),
        ]
    }

    private func order(_ word: String, _ summary: String, _ order: WorkerRecord.Order) -> Route {
        let contract = Contract(
            "\(word)Worker",
            summary,
            .workers,
            Self.audience,
            body: .optional([]),
            .ok(.named("Worker")),
            .problem(409, "Its state does not allow that.")
        )
        return Route("POST", "/v1/workers/{worker}/\(word)", contract) { call throws(Problem) in
            let id = try await worker(call).record.id
            let worker = try await service.ask(call) { engine throws(EngineError) in
                try await engine.tell(id, order, by: call.actor)
            }
            return .json(worker.json)
        }
    }

    // MARK: Who sees what

    private func workers(_ call: APICall) async throws(Problem) -> [Worker] {
        let all: [Worker]
        do throws(EngineError) {
            all = try await service.engine.workers(of: call.caller.tenant)
        } catch {
            throw Problem(error)
        }
        return call.caller.may(.manageWorkers) ? all : all.filter { $0.record.owner == call.actor }
    }

    private func worker(_ call: APICall) async throws(Problem) -> Worker {
        let id: WorkerID = try call.id("worker", "worker")
        guard let worker = try await workers(call).first(where: { $0.record.id == id }) else {
            throw .notFound("worker `\(id)`")
        }
        return worker
    }
}
