// Baton
// SPDX-License-Identifier: Apache-2.0

public import Model
internal import Store

extension RunState {
    /// One task.
    ///
    /// There may be a million of them, and they are copied often, so that what few tasks have is behind one pointer.
    public struct TaskState: Sendable, Equatable {
        /// The status.
        public internal(set) var status = TaskStatus.blocked
        /// While ready: why.
        public internal(set) var readyReason: Event.ReadyReason?
        /// Ended in the run that this one was made from.
        public internal(set) var isReused = false
        /// Cancelled because the run ended: it goes on when the run does.
        var isCutOff = false
        /// Incoming edges by state.
        var taken: Int32 = 0
        var dead: Int32 = 0
        var broken: Int32 = 0
        /// Attempts so far, lost ones included.
        public internal(set) var attempts = 0
        /// Grows with every attempt.
        public internal(set) var fence: Int64 = 0
        /// Who has it, while running.
        public internal(set) var worker: String?
        /// What it gave.
        public internal(set) var output: Payload?
        /// While waiting or retrying: when it goes on.
        public internal(set) var until: Timestamp?
        /// Since when it has its status.
        public internal(set) var since: Timestamp?
        /// When the first attempt that counts started.
        public internal(set) var countedSince: Timestamp?
        /// When its first attempt started.
        public internal(set) var startedAt: Timestamp?
        /// When it ended.
        public internal(set) var endedAt: Timestamp?
        /// `nil` while all of it is as in a task in which nothing has happened.
        private var rest: Rest?

        /// What few tasks have.
        struct Rare: Sendable, Equatable {
            var lostAttempts = 0
            var repeats = 0
            var attemptsBefore = 0
            var lostBefore = 0
            var crashes = 0
            var cachedFrom: RunID?
            var error: TaskError?
            var skipReason: SkipReason?
            var chosen: String?
            var requests: [HumanTask] = []
            var guidance: [String] = []
            var failedAttempts: [FailedAttempt] = []
            var attention: Attention?
            var awaited: AwaitedSignal?
            var child: RunID?
            var log: BlobRef?
            var isCalledOff = false
        }

        private indirect enum Rest: Sendable, Equatable {
            case some(Rare)

            var value: Rare {
                switch self {
                case .some(let value): value
                }
            }
        }
    }
}

extension RunState.TaskState {
    private mutating func change<Value: Equatable>(_ path: WritableKeyPath<Rare, Value>, _ value: Value) {
        var rare = rest?.value ?? Rare()
        guard rare[keyPath: path] != value else { return }
        rare[keyPath: path] = value
        rest = rare == Rare() ? nil : .some(rare)
    }

    /// Attempts whose executor died; they do not count as retries.
    public internal(set) var lostAttempts: Int {
        get { rest?.value.lostAttempts ?? 0 }
        set { if rest != nil || newValue != 0 { change(\.lostAttempts, newValue) } }
    }
    /// How often it was reset after it had completed: what it does then is something new to the other side.
    public internal(set) var repeats: Int {
        get { rest?.value.repeats ?? 0 }
        set { if rest != nil || newValue != 0 { change(\.repeats, newValue) } }
    }
    /// Attempts from before a person had it tried again or it was reset: they count no more.
    var attemptsBefore: Int {
        get { rest?.value.attemptsBefore ?? 0 }
        set { if rest != nil || newValue != 0 { change(\.attemptsBefore, newValue) } }
    }
    /// Those of them that were lost.
    var lostBefore: Int {
        get { rest?.value.lostBefore ?? 0 }
        set { if rest != nil || newValue != 0 { change(\.lostBefore, newValue) } }
    }
    /// Executors that died of it one after the other, with no progress in between.
    var crashes: Int {
        get { rest?.value.crashes ?? 0 }
        set { if rest != nil || newValue != 0 { change(\.crashes, newValue) } }
    }
    /// The run whose output it took from the cache.
    public internal(set) var cachedFrom: RunID? {
        get { rest?.value.cachedFrom }
        set { if rest != nil || newValue != nil { change(\.cachedFrom, newValue) } }
    }
    /// What it, or its last attempt, failed with.
    public internal(set) var error: TaskError? {
        get { rest?.value.error }
        set { if rest != nil || newValue != nil { change(\.error, newValue) } }
    }
    /// Why it never ran.
    public internal(set) var skipReason: SkipReason? {
        get { rest?.value.skipReason }
        set { if rest != nil || newValue != nil { change(\.skipReason, newValue) } }
    }
    /// The case a branch chose.
    public internal(set) var chosen: String? {
        get { rest?.value.chosen }
        set { if rest != nil || newValue != nil { change(\.chosen, newValue) } }
    }
    /// The last request to people: none or one.
    var requests: [HumanTask] {
        get { rest?.value.requests ?? [] }
        set { if rest != nil || !newValue.isEmpty { change(\.requests, newValue) } }
    }
    /// What people said about it, for the attempts that follow.
    public internal(set) var guidance: [String] {
        get { rest?.value.guidance ?? [] }
        set { if rest != nil || !newValue.isEmpty { change(\.guidance, newValue) } }
    }
    /// Its last attempts that did not succeed, the oldest first.
    public internal(set) var failedAttempts: [FailedAttempt] {
        get { rest?.value.failedAttempts ?? [] }
        set { if rest != nil || !newValue.isEmpty { change(\.failedAttempts, newValue) } }
    }
    /// What the supervisor did about it, since it has its status.
    var attention: RunState.Attention? {
        get { rest?.value.attention }
        set { if rest != nil || newValue != nil { change(\.attention, newValue) } }
    }
    /// While waiting for a signal: which.
    public internal(set) var awaited: AwaitedSignal? {
        get { rest?.value.awaited }
        set { if rest != nil || newValue != nil { change(\.awaited, newValue) } }
    }
    /// The run that it started and waits for; stays after its end.
    public internal(set) var child: RunID? {
        get { rest?.value.child }
        set { if rest != nil || newValue != nil { change(\.child, newValue) } }
    }
    /// Somebody cancelled it by itself.
    public internal(set) var isCalledOff: Bool {
        get { rest?.value.isCalledOff ?? false }
        set { if rest != nil || newValue { change(\.isCalledOff, newValue) } }
    }
    /// What the programs of its last attempt wrote.
    public internal(set) var log: BlobRef? {
        get { rest?.value.log }
        set { if rest != nil || newValue != nil { change(\.log, newValue) } }
    }
}
