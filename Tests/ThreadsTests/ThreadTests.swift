// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing
import Threads

@Suite(.timeLimit(.minutes(5))) struct ThreadTests {
    @Test func `a thread has its name, takes no signals and can be waited for`() {
        let seen = Shared<(name: String, isBlocked: Bool)>(("", false))
        OwnThread(named: "baton-test-with-a-long-name") {
            var signals = sigset_t()
            pthread_sigmask(SIG_BLOCK, nil, &signals)
            let isBlocked = sigismember(&signals, SIGTERM) == 1 && sigismember(&signals, SIGINT) == 1
            seen.change { $0 = (nameOfThisThread(), isBlocked) }
        }.join()
        #expect(seen.value.name == "baton-test-with")
        #expect(seen.value.isBlocked)
    }

    @Test func `a semaphore gives as many permits as it has`() {
        let semaphore = ThreadSemaphore(2)
        let passed = Shared(0)
        let arrived = ThreadSemaphore()
        let threads = (0..<5).map { _ in
            OwnThread(named: "waiter") {
                semaphore.wait()
                passed.change { $0 += 1 }
                arrived.signal()
            }
        }
        for _ in 0..<2 { arrived.wait() }
        #expect(passed.value == 2)
        for _ in 0..<3 { semaphore.signal() }
        for thread in threads { thread.join() }
        #expect(passed.value == 5)
    }

    @Test func `a serial thread runs one closure at a time, on itself`() async {
        let thread = SerialThread(named: "baton-serial-t")
        let inside = Shared(0)
        let largest = Shared(0)
        let names = await withTaskGroup { group in
            for _ in 0..<200 {
                group.addTask {
                    await thread.run {
                        let now = inside.change {
                            $0 += 1
                            return $0
                        }
                        largest.change { $0 = max($0, now) }
                        sched_yield()
                        inside.change { $0 -= 1 }
                        return nameOfThisThread()
                    }
                }
            }
            return await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(names == ["baton-serial-t"])
        #expect(largest.value == 1)
    }

    @Test func `a serial thread keeps the order of its callers`() async {
        let thread = SerialThread(named: "baton-order-t")
        let seen = Shared<[Int]>([])
        for number in 0..<100 { await thread.run { seen.change { $0.append(number) } } }
        #expect(seen.value == Array(0..<100))
    }

    @Test func `a serial thread ends with its value`() async {
        var thread: SerialThread? = SerialThread(named: "baton-ending-t")
        let task = await thread?.run { ownNumber() } ?? nil
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

/// `gettid` is not in Swift's Glibc; `/proc/thread-self` is a link to `PID/task/TID`.
private func ownNumber() -> pid_t? {
    var bytes = [CChar](repeating: 0, count: 64)
    let count = readlink("/proc/thread-self", &bytes, bytes.count)
    let path = String(decoding: bytes.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return path.split(separator: "/").last.flatMap { pid_t($0) }
}

private func isAlive(_ task: pid_t) -> Bool {
    access("/proc/self/task/\(task)", F_OK) == 0
}
