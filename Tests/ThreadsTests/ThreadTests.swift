// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization
import Testing
import Threads

@Suite(.timeLimit(.minutes(1))) struct ThreadTests {
    @Test func `a thread has its name, takes no signals and can be waited for`() {
        let seen = Mutex<(name: String, isBlocked: Bool)>(("", false))
        OwnThread(named: "baton-test-with-a-long-name") {
            var signals = sigset_t()
            pthread_sigmask(SIG_BLOCK, nil, &signals)
            let isBlocked = sigismember(&signals, SIGTERM) == 1 && sigismember(&signals, SIGINT) == 1
            seen.withLock { $0 = (nameOfThisThread(), isBlocked) }
        }.join()
        #expect(seen.withLock(\.name) == "baton-test-with")
        #expect(seen.withLock(\.isBlocked))
    }

    @Test func `a semaphore gives as many permits as it has`() {
        let semaphore = ThreadSemaphore(2)
        let passed = Atomic(0)
        let arrived = ThreadSemaphore()
        let threads = (0..<5).map { _ in
            OwnThread(named: "waiter") {
                semaphore.wait()
                passed.add(1, ordering: .sequentiallyConsistent)
                arrived.signal()
            }
        }
        for _ in 0..<2 { arrived.wait() }
        #expect(passed.load(ordering: .sequentiallyConsistent) == 2)
        for _ in 0..<3 { semaphore.signal() }
        for thread in threads { thread.join() }
        #expect(passed.load(ordering: .sequentiallyConsistent) == 5)
    }

    @Test func `a serial thread runs one closure at a time, on itself`() async {
        let thread = SerialThread(named: "baton-serial-t")
        let inside = Atomic(0)
        let largest = Atomic(0)
        let names = await withTaskGroup { group in
            for _ in 0..<200 {
                group.addTask {
                    await thread.run {
                        let now = inside.add(1, ordering: .sequentiallyConsistent).newValue
                        largest.max(now, ordering: .sequentiallyConsistent)
                        sched_yield()
                        inside.subtract(1, ordering: .sequentiallyConsistent)
                        return nameOfThisThread()
                    }
                }
            }
            return await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(names == ["baton-serial-t"])
        #expect(largest.load(ordering: .sequentiallyConsistent) == 1)
    }

    @Test func `a serial thread keeps the order of its callers`() async {
        let thread = SerialThread(named: "baton-order-t")
        let seen = Mutex<[Int]>([])
        for number in 0..<100 { await thread.run { seen.withLock { $0.append(number) } } }
        #expect(seen.withLock(\.self) == Array(0..<100))
    }

    @Test func `a serial thread ends with its value`() async {
        var thread: SerialThread? = SerialThread(named: "baton-ending-t")
        let task = await thread?.run { gettid() }
        #expect(task.map(isAlive) == true)
        thread = nil
        let end = ContinuousClock.now + .seconds(30)
        while let task, isAlive(task), ContinuousClock.now < end { sched_yield() }
        #expect(task.map(isAlive) == false)
    }
}

private func nameOfThisThread() -> String {
    var bytes = [UInt8](repeating: 0, count: 32)
    let file = open("/proc/thread-self/comm", O_RDONLY)
    defer { close(file) }
    let count = read(file, &bytes, bytes.count)
    return String(decoding: bytes.prefix(max(0, count - 1)), as: UTF8.self)
}

private func isAlive(_ task: pid_t) -> Bool {
    access("/proc/self/task/\(task)", F_OK) == 0
}
