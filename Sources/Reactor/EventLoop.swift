// Baton
// SPDX-License-Identifier: Apache-2.0

internal import CLinux
import Glibc
import Synchronization
internal import Threads

/// One thread that waits for descriptors and deadlines and runs the jobs of tasks in between.
///
/// It is a task executor: a task started with it as preference runs on this thread, so that it shares the thread with the
/// sockets it works for and no lock and no switch lies between them. Actors without an executor of their own run on it
/// too while such a task calls them; calls to the main actor and to actors with executors of their own leave the thread
/// and come back by themselves. Nothing on it may block.
public final class EventLoop: SerialExecutor, TaskExecutor, @unchecked Sendable {
    // `inbox`, `isWakePending` and `thread` are safe from any thread; the rest is touched by the loop's thread only.

    private enum Work {
        case job(UnownedJob)
        case body(@Sendable () -> Void)
    }

    private struct Inbox {
        var work: [Work] = []
        var isOpen = true
    }

    private struct Slot {
        var handler: (any EventHandler)?
        var generation: UInt32 = 0
    }

    /// Bytes of ``readBuffer``.
    public static let readBufferSize = 65536
    /// Jobs run in a turn before descriptors are looked at again.
    private static let turnLimit = 1024
    private static let wakeToken = UInt64.max

    private let epoll: Int32
    private let wakeup: Int32
    private let inbox = Mutex(Inbox())
    private let isWakePending = Atomic(false)
    private let thread = Atomic<UInt>(0)

    private var local: [Work] = []
    private var spare: [Work] = []
    private var dirty: [any Flushable] = []
    private var slots: [Slot] = []
    private var wheel: TimerWheel
    private var isEnding = false

    /// For reading into, one for all descriptors of the loop; what is in it is gone with the next read.
    public let readBuffer: UnsafeMutableRawBufferPointer
    /// Monotonic milliseconds as of the start of this turn.
    public private(set) var now: Int64

    /// Starts the thread.
    ///
    /// - Parameter name: Shown by `ps -L`; the first 15 bytes count.
    /// - Throws: `SocketError` when the process has no descriptors left.
    public init(named name: String) throws(SocketError) {
        epoll = baton_epoll_create()
        guard epoll >= 0 else { throw SocketError("make an event loop", errno) }
        wakeup = baton_eventfd()
        guard wakeup >= 0 else {
            let reason = errno
            close(epoll)
            throw SocketError("make an event loop", reason)
        }
        baton_epoll_add(epoll, wakeup, Readiness.readable.rawValue, Self.wakeToken)
        readBuffer = .allocate(byteCount: Self.readBufferSize, alignment: 16)
        now = baton_monotonic_milliseconds()
        wheel = TimerWheel(now: now)
        OwnThread(named: name) { [self] in run() }.detach()
    }

    deinit {
        readBuffer.deallocate()
        close(wakeup)
        close(epoll)
    }

    // MARK: From any thread

    /// The caller is on the loop's thread.
    public var isCurrent: Bool { UInt(pthread_self()) == thread.load(ordering: .relaxed) }

    /// Runs a job of a task on the loop; after ``stop()`` on the threads that all tasks share.
    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        if isCurrent { return local.append(.job(job)) }
        if !send(.job(job)) { globalConcurrentExecutor.enqueue(job) }
    }

    /// Runs the body on the loop: at once when called there, otherwise soon and in order; after ``stop()`` never.
    public func execute(_ body: @escaping @Sendable () -> Void) {
        if isCurrent { body() } else { _ = send(.body(body)) }
    }

    /// Runs the body on the loop in a later step, wherever it is called; after ``stop()`` never.
    public func executeLater(_ body: @escaping @Sendable () -> Void) {
        if isCurrent { local.append(.body(body)) } else { _ = send(.body(body)) }
    }

    /// Runs the body on the loop and returns its result; `nil` after ``stop()``.
    public func perform<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value? {
        await withCheckedContinuation { continuation in
            if isCurrent { return continuation.resume(returning: body()) }
            let sent = send(.body { continuation.resume(returning: body()) })
            if !sent { continuation.resume(returning: nil) }
        }
    }

    /// Ends the thread once it has nothing to run. Descriptors are to be closed before.
    public func stop() {
        execute { [self] in isEnding = true }
    }

    // MARK: On the loop's thread

    /// Waits for a descriptor to become ready. The handler is held until ``remove(_:)``.
    ///
    /// - Throws: `SocketError` when the kernel refuses it.
    public func add(_ descriptor: Int32, for events: Readiness, _ handler: any EventHandler) throws(SocketError) {
        preconditionCurrent()
        let index = Int(descriptor)
        while slots.count <= index { slots.append(Slot()) }
        slots[index].generation &+= 1
        let result = baton_epoll_add(epoll, descriptor, events.rawValue, token(descriptor))
        guard result == 0 else { throw SocketError("wait for a descriptor", errno) }
        slots[index].handler = handler
    }

    /// Waits for other events of a descriptor that was added.
    public func change(_ descriptor: Int32, to events: Readiness) {
        preconditionCurrent()
        baton_epoll_change(epoll, descriptor, events.rawValue, token(descriptor))
    }

    /// Forgets a descriptor; to be called before it is closed. Events that were found already are not told any more.
    public func remove(_ descriptor: Int32) {
        preconditionCurrent()
        baton_epoll_remove(epoll, descriptor)
        slots[Int(descriptor)].handler = nil
        slots[Int(descriptor)].generation &+= 1
    }

    /// Calls `flush` at the end of this turn. The caller remembers that it did, so that it is called once.
    public func flushLater(_ element: any Flushable) {
        dirty.append(element)
    }

    /// Sets when an element is told, in milliseconds of ``now``; `Int64.max` for never. It may be some 100 ms late.
    public func setDeadline(_ deadline: Int64, of element: any Deadlined) {
        wheel.set(deadline, of: element)
    }

    /// The element is not told of its deadline any more, and let go.
    public func removeDeadline(of element: any Deadlined) {
        wheel.remove(element)
    }

    /// Stops the process when not on the loop's thread: what is confined to the loop would be corrupted.
    public func preconditionCurrent() {
        precondition(isCurrent, "not on the thread of the event loop")
    }

    // MARK: Turns

    private func run() {
        thread.store(UInt(pthread_self()), ordering: .relaxed)
        var events = Array(repeating: baton_event(), count: 256)
        while true {
            let ready = baton_epoll_wait(epoll, &events, 256, patience)
            // Only a broken descriptor of our own can make it fail.
            precondition(ready >= 0, "epoll_wait failed: errno \(errno)")
            now = baton_monotonic_milliseconds()
            for event in events[..<Int(ready)] { tell(event) }
            runJobs()
            for element in wheel.due(at: now) { element.deadlinePassed() }
            flush()
            if isEnding, local.isEmpty, closeInbox() { return }
        }
    }

    /// How long to sleep: milliseconds, or −1 until something happens.
    private var patience: Int32 {
        if !local.isEmpty || !dirty.isEmpty || isEnding { return 0 }
        guard let delay = wheel.delay(from: now) else { return -1 }
        return Int32(min(delay, 60_000))
    }

    private func tell(_ event: baton_event) {
        guard event.token != Self.wakeToken else { return takeInbox() }
        let index = Int(event.token & 0xffff_ffff)
        guard slots[index].generation == UInt32(event.token >> 32) else { return }
        slots[index].handler?.ready(for: Readiness(rawValue: event.events))
    }

    private func takeInbox() {
        var count: UInt64 = 0
        read(wakeup, &count, 8)
        // Cleared before looking: what is added later wakes again.
        isWakePending.store(false, ordering: .sequentiallyConsistent)
        local += inbox.withLock { inbox in
            defer { inbox.work = [] }
            return inbox.work
        }
    }

    private func runJobs() {
        let (serial, task) = (asUnownedSerialExecutor(), asUnownedTaskExecutor())
        var count = 0
        while !local.isEmpty, count < Self.turnLimit {
            swap(&local, &spare)
            for work in spare {
                switch work {
                case .job(let job): job.runSynchronously(isolatedTo: serial, taskExecutor: task)
                case .body(let body): body()
                }
            }
            count += spare.count
            spare.removeAll(keepingCapacity: spare.count <= Self.turnLimit)
        }
    }

    private func flush() {
        guard !dirty.isEmpty else { return }
        let elements = dirty
        dirty.removeAll(keepingCapacity: true)
        for element in elements { element.flush() }
    }

    /// Takes no more work; false when some came in between.
    private func closeInbox() -> Bool {
        let isClosed = inbox.withLock { inbox in
            inbox.isOpen = !inbox.work.isEmpty
            return !inbox.isOpen
        }
        if isClosed { thread.store(0, ordering: .relaxed) } else { takeInbox() }
        return isClosed
    }

    private func send(_ work: Work) -> Bool {
        let isTaken = inbox.withLock { inbox in
            guard inbox.isOpen else { return false }
            inbox.work.append(work)
            return true
        }
        guard isTaken else { return false }
        if !isWakePending.exchange(true, ordering: .sequentiallyConsistent) {
            var one: UInt64 = 1
            write(wakeup, &one, 8)
        }
        return true
    }

    private func token(_ descriptor: Int32) -> UInt64 {
        UInt64(slots[Int(descriptor)].generation) << 32 | UInt64(UInt32(bitPattern: descriptor))
    }
}
