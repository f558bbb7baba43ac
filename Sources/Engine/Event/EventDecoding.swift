// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import JSON
internal import Model

/// A stored event that this program cannot read: another format, or damage that checksums did not see.
struct EventDecodingError: Error, CustomStringConvertible {
    let description: String
}

/// Reads what ``EventEncoder`` wrote.
struct EventDecoder {
    /// The graph as the document has it; events name the nodes of others by number. `nil` where tasks are known already.
    let graph: RunGraph?
    /// Finds the graph of that hash.
    var definition: (String) throws -> Graph = { hash in
        throw EventDecodingError(description: "the graph \(hash) is not known here")
    }
    /// Fetches the value behind a reference; with `true` a blob of JSON lines as a list.
    let load: (BlobRef, _ isLines: Bool) throws -> JSONValue

    func events(_ bytes: [UInt8]) throws -> [Event] {
        guard let items = try JSONValue(parsing: bytes).arrayValue else {
            throw EventDecodingError(description: "a record is not a list")
        }
        return try items.map(event)
    }

    private func event(_ json: JSONValue) throws -> Event {
        guard let name = json["type"]?.stringValue, let type = EventType(rawValue: name) else {
            throw EventDecodingError(description: "unknown event type \(json["type"]?.text ?? "(none)")")
        }
        var task: TaskRef?
        if let index = json["index"]?.intValue {
            task = TaskRef(scope: Int(json["scope"]?.intValue ?? 0), node: Int(index))
        } else if let id = json["node"]?.stringValue {
            guard let index = graph?.index(of: id) else {
                throw EventDecodingError(description: "\(name) names the unknown node `\(id)`")
            }
            task = TaskRef(scope: Int(json["scope"]?.intValue ?? 0), node: index)
        }
        guard let body = try body(type, json["data"] ?? [:], task) else {
            throw EventDecodingError(description: "\(name) lacks a field: \(json.text)")
        }
        return Event(task: task, actor: json["actor"]?.stringValue, body: body)
    }

    func body(_ type: EventType, _ data: JSONValue, _ task: TaskRef?) throws -> Event.Body? {
        switch type {
        case .runQueued: try origin(data).map(Event.Body.runQueued)
        case .runStarted: .runStarted
        case .runResumed: .runResumed
        case .runWaiting: data["reason"]?.stringValue.flatMap(WaitReason.init).map(Event.Body.runWaiting)
        case .runPaused: .runPaused(reason: data["reason"]?.stringValue)
        case .runCancelled:
            .runCancelled(reason: data["reason"]?.stringValue, isTerminated: data["terminated"]?.boolValue ?? false)
        case .runCompleted: try payload(data["outputs"]).map(Event.Body.runCompleted)
        case .runFailed: TaskError(json: data["error"]).map(Event.Body.runFailed)
        case .taskReady: data["reason"]?.stringValue.flatMap(Event.ReadyReason.init).map(Event.Body.taskReady)
        case .taskHeld, .budgetExhausted: TaskHold(type, data).map(Event.Body.held)
        case .taskStarted: started(data)
        case .taskCompleted:
            try payload(data["output"]).map {
                .taskCompleted(output: $0, routing: routing(data), log: BlobRef(json: data["log"]))
            }
        case .taskFailed:
            TaskError(json: data["error"]).map {
                .taskFailed($0, routing: routing(data), log: BlobRef(json: data["log"]))
            }
        case .taskRetrying: retrying(data)
        case .taskWaiting: time(data["until"]).map(Event.Body.taskWaiting)
        case .taskSkipped:
            data["reason"]?.stringValue.flatMap(SkipReason.init).map { .taskSkipped($0, routing: routing(data)) }
        case .taskCancelled: data["reason"]?.stringValue.map(Event.Body.taskCancelled)
        case .runUpdated: .runUpdated(RunUpdate(data: data))
        case .runForked, .runReopened, .runReset, .taskCached: try again(type, data).map(Event.Body.again)
        case .childStarted, .childEnded: ChildEvent(type, data).map(Event.Body.child)
        case .signalReceived, .signalAwaited, .signalTaken: try signal(type, data).map(Event.Body.signal)
        case .loopIterationStarted, .loopIterationCompleted: try loop(type, data).map(Event.Body.loop)
        case .mapExpanded, .mapItemsStarted, .mapItemCompleted, .mapItemFailed, .mapChunkSealed:
            try map(type, data).map(Event.Body.map)
        case .teamFormed, .teamAgentsStarted, .teamAgentCompleted, .teamAgentFailed, .teamDecided:
            team(type, data).map(Event.Body.team)
        case .runCompensating, .runCompensated, .runCompensationFailed, .rollbackStarted, .compensationRecorded,
            .compensationLate, .compensationStarted, .compensationCompleted, .compensationFailed,
            .compensationCancelled, .taskCompensated:
            try compensation(type, data, task).map(Event.Body.compensation)
        case .groupCompleted, .groupFailed: group(type, data).map(Event.Body.group)
        case .phaseStarted, .phaseCompleted, .phaseFailed, .phaseRolledBack, .phaseSkipped, .phaseReleased:
            phase(type, data).map(Event.Body.phase)
        case .waveStarted, .waveCompleted: wave(type, data).map(Event.Body.wave)
        case .humanTaskOpened, .humanTaskClaimed, .humanTaskReleased, .humanTaskReassigned, .humanTaskReminded,
            .humanTaskEscalated, .humanTaskDecided, .humanTaskResolved, .humanTaskExpired, .humanTaskCancelled:
            try human(type, data).map(Event.Body.human)
        case .graphPatched, .runMigrated, .patchProposed, .patchRejected, .patchSuperseded, .patchReverted:
            try patch(type, data).map(Event.Body.patch)
        case .taskNeedsReview, .taskResumed, .taskPoisoned, .taskExhausted:
            review(type, data).map(Event.Body.review)
        case .budgetReserved, .budgetSettled, .budgetWarning, .budgetRaised:
            BudgetEvent(type, data).map(Event.Body.budget)
        case .runStuck, .workerMissing: supervision(type, data).map(Event.Body.supervision)
        case .taskClaimed, .taskProgress: claim(type, data).map(Event.Body.claim)
        case .agentCallStarted, .agentCallSubmitted, .agentCallCompleted, .toolRequested, .toolCompleted,
            .toolDecided, .taskStarved:
            StepEvent(type, data).map(Event.Body.step)
        case .verificationStarted, .verificationDispatched, .evidenceRecorded, .verificationReturned,
            .verificationCompleted:
            try verification(type, data).map(Event.Body.verification)
        case .deadLetterAdded: deadLetter(data).map(Event.Body.deadLetter)
        case .patternSuggested: PatternEvent(data).map(Event.Body.pattern)
        }
    }

    /// Reads the first event of a run, which tells its graph.
    func origin(_ data: JSONValue) throws -> Event.RunOrigin? {
        guard let id = data["id"]?.stringValue.flatMap(RunID.init), let workflow = data["workflow"]?.stringValue,
            let graphHash = data["graph"]?.stringValue, let inputs = try payload(data["inputs"])
        else { return nil }
        return Event.RunOrigin(
            id: id,
            workflow: workflow,
            graphHash: graphHash,
            inputs: inputs,
            deadline: time(data["deadline"]),
            derivation: Derivation(json: data["derivation"]),
            parent: parent(data["parent"]),
            schedule: data["schedule"]?.stringValue.flatMap(ScheduleID.init),
            priority: integer(data["priority"]),
            labels: [String: String](json: data["labels"]),
            ownership: Ownership(
                tenant: data["tenant"]?.stringValue ?? Ownership.defaultTenant,
                owner: data["owner"]?.stringValue,
                project: data["project"]?.stringValue,
                apiKey: data["api_key"]?.stringValue.flatMap(APIKeyID.init)
            ),
            budget: BudgetLimit(json: data["budget"]) ?? .none,
            execution: data["execution"]?.stringValue.flatMap(RunExecution.init) ?? .auto
        )
    }

    private func parent(_ json: JSONValue?) -> ParentRun? {
        guard let run = json?["run"]?.stringValue.flatMap(RunID.init), let task = integer(json?["task"]),
            let depth = integer(json?["depth"])
        else { return nil }
        return ParentRun(run: run, task: TaskRef(number: task), depth: depth)
    }

    func payload(_ json: JSONValue?, isLines: Bool = false) throws -> Payload? {
        if let value = json?["value"] { return Payload(inline: value) }
        guard let blob = BlobRef(json: json?["blob"]) else { return nil }
        return Payload(value: try load(blob, isLines), storedAs: blob)
    }

    private func routing(_ data: JSONValue) -> Event.Routing {
        let dead = data["dead_edges"]?.arrayValue?.compactMap { $0.intValue.map(Int.init) } ?? []
        return Event.Routing(dead: dead, chosen: data["case"]?.stringValue)
    }

    private func started(_ data: JSONValue) -> Event.Body? {
        guard let attempt = data["attempt"]?.intValue, let fence = data["fence"]?.intValue,
            let worker = data["worker"]?.stringValue
        else { return nil }
        return .taskStarted(attempt: Int(attempt), fence: fence, worker: worker)
    }

    private func retrying(_ data: JSONValue) -> Event.Body? {
        guard let error = TaskError(json: data["error"]), let next = time(data["next_attempt_at"]) else { return nil }
        return .taskRetrying(
            error,
            next: next,
            unit: data["unit"]?.doubleValue ?? 0,
            log: BlobRef(json: data["log"])
        )
    }

    func time(_ json: JSONValue?) -> Timestamp? {
        json?.intValue.map(Timestamp.init(milliseconds:))
    }
}
