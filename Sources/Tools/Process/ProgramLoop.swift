// Baton
// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
import HTTP
import Synchronization
import Threads

/// The one thread that starts children, reads what they write and waits for their end.
///
/// A confined program dies with the thread that started it, so this thread lives as long as the process.
final class ProgramLoop: Sendable {
    static let shared = ProgramLoop()

    /// Children at the same time; more wait for their turn.
    private static let childLimit = 128

    private let inbox = Mutex<[ProgramJob]>([])
    private let bell: Descriptor

    private init() {
        guard let bell = Descriptor(baton_eventfd()) else {
            preconditionFailure("no descriptor left: \(systemError())")
        }
        self.bell = bell
        OwnThread(named: "programs") { [self] in work() }.detach()
    }

    func start(_ job: ProgramJob) {
        inbox.withLock { $0.append(job) }
        ring()
    }

    /// Makes the loop look at its jobs; call it after ``ProgramJob/stop()``.
    func ring() {
        var one: UInt64 = 1
        _ = write(bell.number, &one, 8)
    }

    private func work() {
        var waiting: [ProgramJob] = []
        var children: [Child] = []
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65536, alignment: 1)
        while true {
            waiting += inbox.withLock { jobs in
                defer { jobs = [] }
                return jobs
            }
            begin(&waiting, &children)
            watch(&children, buffer)
        }
    }

    private func begin(_ waiting: inout [ProgramJob], _ children: inout [Child]) {
        waiting.removeAll { job in
            guard job.isStopped else { return false }
            job.answer.give(
                .success(.failure(ProgramError(code: .cancelled, description: "cancelled before the start")))
            )
            return true
        }
        while !waiting.isEmpty, children.count < Self.childLimit {
            let job = waiting.removeFirst()
            do throws(ProgramError) {
                children.append(try Child(job))
            } catch {
                job.answer.give(.success(.failure(error)))
            }
        }
    }

    /// One turn: waits for something to happen and handles it.
    private func watch(_ children: inout [Child], _ buffer: UnsafeMutableRawBufferPointer) {
        var list = [pollfd(fd: bell.number, events: Int16(POLLIN), revents: 0)]
        var owners: [Int] = [-1]
        for (index, child) in children.enumerated() {
            child.watch(&list)
            owners += [Int](repeating: index, count: list.count - owners.count)
        }
        poll(&list, nfds_t(list.count), timeout(children))
        if list[0].revents != 0 {
            var count: UInt64 = 0
            _ = read(bell.number, &count, 8)
        }
        var finished: Set<Int> = []
        func act(_ action: ProgramTeardown.Action, _ index: Int) {
            guard !finished.contains(index) else { return }
            switch action {
            case .none: break
            case .terminate: children[index].send(SIGTERM)
            case .kill: children[index].send(SIGKILL)
            case .finish:
                children[index].finish()
                finished.insert(index)
            }
        }
        for (entry, owner) in zip(list, owners) where owner >= 0 && entry.revents != 0 && !finished.contains(owner) {
            act(children[owner].handle(entry.fd, buffer: buffer), owner)
        }
        let now = ContinuousClock.now
        for index in children.indices {
            let job = children[index].job
            if job.isStopped { act(children[index].teardown.cancel(now: now, grace: job.grace), index) }
            act(children[index].look(now: now), index)
            act(children[index].teardown.tick(now: now), index)
        }
        for index in finished.sorted(by: >) { children.remove(at: index) }
    }

    /// Milliseconds until the next deadline, rounded up; -1 waits for ever.
    private func timeout(_ children: [Child]) -> Int32 {
        guard let next = children.flatMap({ [$0.teardown.deadline, $0.watchDeadline] }).compactMap(\.self).min() else {
            return -1
        }
        let left = next - ContinuousClock.now
        let milliseconds = left.components.seconds * 1000 + left.components.attoseconds / 1_000_000_000_000_000 + 1
        return Int32(clamping: max(0, milliseconds))
    }
}
