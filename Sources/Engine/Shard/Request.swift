// Baton
// SPDX-License-Identifier: Apache-2.0

public import Definition
public import JSON
public import Model
internal import Store

/// Called once, after everything the answer tells is durable.
typealias Reply<Value> = @Sendable (Result<Value, EngineError>) -> Void

/// What other threads ask of the loop. Some cases are large and all are handed on several times, so they are behind a
/// pointer.
indirect enum Request: Sendable {
    case start(StartRequest, Reply<StartedRun>)
    case again(AgainRequest)
    case patch(PatchAsked)
    case claim(ClaimRequest)
    case control(RunID, Command, actor: String, Reply<Int64>)
    case signal(SignalTarget, RunSignal, from: SignalSender?, actor: String, Reply<Int>)
    case person(HumanTaskID, PersonRequest, actor: String, Reply<HumanTaskRow>)
    case attemptEnded(HeldLease, AttemptResult, CallUsage?)
    case steps([PreparedStep], HeldLease, Reply<StepReceipt>)
    case checks([CheckChange], HeldLease, Reply<CheckReceipt>)
    case budget(BudgetScope, BudgetLimit, actor: String, Reply<Void>)
    case heartbeat([HeldLease])
    case wait(RunID, Reply<RunRow>)
    case adopt(RunID?, Reply<[RunID]>)
    case schedule(ScheduleRequest)
    case pause(PauseRequest)
    case bulk(BulkRequest)
    case deadLetter(DeadLetterRequest)
    case worker(WorkerRequest)
    case resource(ResourceRequest)
    case pattern(PatternRequest)
    case paid(PaidCallRequest)
    /// Carried out once, however often it comes.
    case keyed(IdempotencyKey, Request)
    case keep([UInt8], IdempotencyKey, Reply<Void>)
    case release(Reply<Void>)
    case advance(consumer: String, to: Int64, Reply<Void>)
    case stop(Reply<Void>)

    /// Answers with an error.
    func refuse(_ error: EngineError) {
        switch self {
        case .start(_, let reply): reply(.failure(error))
        case .again(let request): request.refuse(error)
        case .patch(let asked): asked.refuse(error)
        case .claim(let request): request.refuse(error)
        case .control(_, _, _, let reply): reply(.failure(error))
        case .signal(_, _, _, _, let reply): reply(.failure(error))
        case .person(_, _, _, let reply): reply(.failure(error))
        case .wait(_, let reply): reply(.failure(error))
        case .steps(_, _, let reply): reply(.failure(error))
        case .checks(_, _, let reply): reply(.failure(error))
        case .adopt(_, let reply): reply(.failure(error))
        case .schedule(let request): request.refuse(error)
        case .pause(let request): request.refuse(error)
        case .bulk(let request): request.refuse(error)
        case .deadLetter(let request): request.refuse(error)
        case .worker(let request): request.refuse(error)
        case .resource(let request): request.refuse(error)
        case .pattern(let request): request.refuse(error)
        case .paid(let request): request.refuse(error)
        case .keyed(_, let request): request.refuse(error)
        case .keep(_, _, let reply): reply(.failure(error))
        case .release(let reply), .advance(_, _, let reply), .budget(_, _, _, let reply), .stop(let reply):
            reply(.failure(error))
        case .attemptEnded, .heartbeat: break
        }
    }
}

/// One attempt an executor still works on.
struct HeldLease: Sendable, Hashable {
    let key: TaskKey
    let fence: Int64
}

/// What an attempt gave; large values are durable already.
enum AttemptResult: Sendable {
    case completed(Payload, log: BlobRef?)
    case failed(TaskError, log: BlobRef?)
    case starved(CallCost)
    case awaits(until: Timestamp)
    case asks(PreparedApproval)
    case checked([CheckEvidence])

    /// What it means for the task whose attempt it is.
    func command(for task: TaskRef, fence: Int64) -> Command {
        switch self {
        case .completed(let output, let log): .taskCompleted(task: task, fence: fence, output: output, log: log)
        case .failed(let error, let log): .taskFailed(task: task, fence: fence, error: error, log: log)
        case .starved(let cost): .starve(task: task, fence: fence, cost)
        case .awaits(let until): .awaitAnswer(task: task, fence: fence, until: until)
        case .asks(let approval): .askForCall(task: task, fence: fence, approval)
        case .checked(let evidence): .checked(task: task, fence: fence, evidence)
        }
    }
}

/// A run to start.
public struct StartRequest: Sendable {
    /// What it runs; pinned by hash.
    public var graph: Graph
    /// The document's text as given, kept for people.
    public var source: [UInt8]
    /// Checked inputs, defaults filled in.
    public var inputs: JSONObject
    /// Chosen by the client: a second start with the same id and content gives the first answer.
    public var id: RunID?
    /// Who starts it: `user:NAME`.
    public var actor: String
    /// 0–1000; for nodes that have no priority of their own.
    public var priority: Int?
    /// For people and lists; at most 32 of 128 characters.
    public var labels: [String: String] = [:]
    /// Whose it is. Its tasks take from the shares of that tenant and project.
    public var ownership = Ownership.common
    /// What it may spend, with all that it starts; goes before what its document says.
    public var budget = BudgetLimit.none
    /// Who carries out its tasks, and those of the runs that it starts.
    public var execution = RunExecution.auto

    /// Puts a request together.
    public init(graph: Graph, source: [UInt8], inputs: JSONObject, id: RunID? = nil, actor: String) {
        self.graph = graph
        self.source = source
        self.inputs = inputs
        self.id = id
        self.actor = actor
    }
}

/// The answer to a start: durable.
public struct StartedRun: Sendable, Equatable {
    /// The run.
    public let id: RunID
    /// The number of the last event the start wrote.
    public let sequence: Int64
}
