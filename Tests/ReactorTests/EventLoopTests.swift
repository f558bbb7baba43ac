// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Reactor
import Synchronization
import Testing
import CLinux

private final class Box: Sendable {
    let values = Mutex<[Int]>([])
}

private final class Alarm: Deadlined, @unchecked Sendable {
    // Touched on the loop's thread only.
    var timerPlace = TimerPlace()
    var continuation: CheckedContinuation<Void, Never>?
    func deadlinePassed() {
        continuation?.resume()
        continuation = nil
    }
}

private actor Shared {
    func number(_ loop: EventLoop) -> Bool { loop.isCurrent }
}

private final class Own: Sendable {
    @MainActor func number(_ loop: EventLoop) -> Bool { loop.isCurrent }
}

@Suite(.timeLimit(.minutes(5))) struct EventLoopTests {
    @Test func `a task with the loop as preference runs on it, before and after it was elsewhere`() async throws {
        let loop = try EventLoop(named: "test")
        let (shared, own) = (Shared(), Own())
        let seen = await Task(executorPreference: loop) {
            let before = loop.isCurrent
            let there = await shared.number(loop)
            let away = await own.number(loop)
            let after = loop.isCurrent
            let child = await withTaskGroup(of: Bool.self) { group in
                group.addTask { loop.isCurrent }
                return await group.next() ?? false
            }
            let detached = await Task.detached { loop.isCurrent }.value
            return [before, there, away, after, child, detached]
        }.value
        #expect(seen == [true, true, false, true, true, false])
        loop.stop()
    }

    @Test func `bodies from other threads run in order, and at once on the loop itself`() async throws {
        let loop = try EventLoop(named: "test")
        let box = Box()
        for number in 0..<1000 { loop.execute { box.values.withLock { $0.append(number) } } }
        let order = await loop.perform {
            loop.execute { box.values.withLock { $0.append(-1) } }
            return box.values.withLock { $0 }
        }
        #expect(order == Array(0..<1000) + [-1])
        loop.stop()
    }

    @Test func `tasks go on elsewhere after the loop has stopped`() async throws {
        let loop = try EventLoop(named: "test")
        let (gate, open) = AsyncStream<Void>.makeStream()
        let task = Task(executorPreference: loop) {
            for await _ in gate { break }
            return 7
        }
        _ = await loop.perform { true }
        loop.stop()
        while await loop.perform({ true }) != nil { await Task.yield() }
        open.yield()
        #expect(await task.value == 7)
    }

    @Test func `a deadline is told`() async throws {
        let loop = try EventLoop(named: "test")
        let alarm = Alarm()
        let clock = ContinuousClock()
        let start = clock.now
        await withCheckedContinuation { continuation in
            loop.execute {
                alarm.continuation = continuation
                loop.setDeadline(loop.now + 100, of: alarm)
            }
        }
        // The clock of the loop is 4 ms coarse.
        #expect(clock.now - start >= .milliseconds(90))
        loop.stop()
    }

    @Test func `a Unix socket is for its owner only, replaces a dead one and refuses a living one`() throws {
        let path = "/tmp/baton-socket-\(getpid())"
        let first = try ListeningSocket.unix(path: path)
        var status = stat()
        lstat(path, &status)
        #expect(status.st_mode & 0o777 == 0o600)
        #expect(throws: SocketError.self) { try ListeningSocket.unix(path: path) }
        // A program that another test is just starting may hold a copy for a moment.
        shutdown(first.descriptor, Int32(SHUT_RDWR))
        close(first.descriptor)
        let second = try ListeningSocket.unix(path: path)
        second.close()
        #expect(lstat(path, &status) != 0)
        let error = #expect(throws: SocketError.self) { try ListeningSocket.unix(path: "/dev/null") }
        #expect(error?.message == "cannot listen on /dev/null: there is something that is no socket")
        #expect(throws: SocketError.self) { try ListeningSocket.unix(path: String(repeating: "a", count: 108)) }
    }

    @Test func `an address that is taken or of another machine is refused in words`() throws {
        let first = try ListeningSocket.tcp(host: "127.0.0.1", port: 0)
        defer { first.close() }
        let port = try #require(first.address.port)
        let taken = #expect(throws: SocketError.self) { try ListeningSocket.tcp(host: "127.0.0.1", port: port) }
        #expect(taken?.message == "cannot listen on 127.0.0.1:\(port): Address already in use")
        #expect(throws: SocketError.self) { try ListeningSocket.tcp(host: "192.0.2.1", port: 0) }
        #expect(throws: SocketError.self) { try ListeningSocket.tcp(host: "no.such.host.invalid", port: 0) }
        #expect(throws: SocketError.self) { try ListeningSocket.tcp(host: "127.0.0.1", port: 70000) }
    }
}
