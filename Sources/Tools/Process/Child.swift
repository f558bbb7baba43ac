// Baton
// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
import HTTP
import Secrets
import Synchronization
import Threads

/// A request to run a program, shared by its caller and the loop.
final class ProgramJob: Sendable {
    let program: Program
    let answer = Answer<Result<ProgramResult, ProgramError>>()
    private let stopped = Atomic(false)
    private let givenGrace = Mutex<Duration?>(nil)

    init(_ program: Program) {
        self.program = program
    }

    var isStopped: Bool { stopped.load(ordering: .acquiring) }

    /// How long the program gets once it is stopped; `nil` for its own time.
    var grace: Duration? { givenGrace.withLock { $0 } }

    func stop(grace: Duration? = nil) {
        if !isStopped { givenGrace.withLock { $0 = grace } }
        stopped.store(true, ordering: .releasing)
    }
}

/// A process that runs, as its loop sees it. Used on the loop's thread only.
final class Child {
    /// A pipe that is read until its end.
    private struct Source {
        var descriptor: Descriptor?
        var captured: CapturedOutput
        /// Hides secrets, also those that come in two pieces.
        var masking: MaskingStream?

        mutating func take(_ bytes: UnsafeRawBufferPointer) {
            guard masking != nil else { return captured.append(bytes) }
            if let shown = masking?.mask(bytes) { captured.append(shown) }
        }

        /// Takes what was held back.
        mutating func finish() {
            if let rest = masking?.finish() { captured.append(rest) }
        }
    }

    let job: ProgramJob
    var teardown: ProgramTeardown
    private let pid: pid_t
    /// Becomes readable at the end; `nil` once that was seen.
    private var process: Descriptor?
    /// The first process inside a sandbox; its end is the end of all processes inside.
    private var inside: Descriptor?
    private var insideNumber: pid_t?
    private var isUnwanted = false
    /// Ports could not be opened inside.
    private var failure: ProgramError?
    private var processorTime = ProcessorTime()
    private let start: ContinuousClock.Instant
    private var sources: [Source]
    private var sink: Descriptor?
    /// What is being written to it, and how much of that was.
    private var outgoing: [UInt8]
    private var written = 0

    /// Starts the program.
    init(_ job: ProgramJob) throws(ProgramError) {
        let program = job.program
        let pipes = try ChildPipes(program)
        pid = try pipes.spawn(program)
        guard let process = Descriptor(baton_pidfd_open(pid)) else {
            kill(-pid, SIGKILL)
            var status: Int32 = 0
            waitpid(pid, &status, 0)
            throw ProgramError(code: .notStarted, description: "no descriptor for the process: \(systemError())")
        }
        self.process = process
        self.job = job
        outgoing = program.input ?? []
        start = .now
        teardown = ProgramTeardown(start: start, timeout: program.limits.timeout, grace: program.limits.grace)
        let limits = [program.limits.outputBytes, program.limits.outputBytes, 4096]
        sources = zip(pipes.readers, limits).map { Source(descriptor: $0, captured: CapturedOutput(byteLimit: $1)) }
        // The third one is what the sandbox says.
        if let masker = program.masker { for index in 0..<2 { sources[index].masking = masker.stream() } }
        sink = pipes.inputWriter
        for reader in pipes.readers { reader?.makeNonBlocking() }
        sink?.makeNonBlocking()
    }

    private var hasOpenPipes: Bool { sources.contains { $0.descriptor != nil } }

    /// What the loop has to watch.
    func watch(_ list: inout [pollfd]) {
        if let process { list.append(pollfd(fd: process.number, events: Int16(POLLIN), revents: 0)) }
        for source in sources {
            guard let descriptor = source.descriptor else { continue }
            list.append(pollfd(fd: descriptor.number, events: Int16(POLLIN), revents: 0))
        }
        takeInput()
        guard let sink, written < outgoing.count else { return }
        list.append(pollfd(fd: sink.number, events: Int16(POLLOUT), revents: 0))
    }

    /// Handles one descriptor that is ready.
    func handle(_ ready: Int32, buffer: UnsafeMutableRawBufferPointer) -> ProgramTeardown.Action {
        if ready == sink?.number {
            write()
            return .none
        }
        if ready == process?.number {
            process = nil
            sink = nil
            return teardown.processEnded(now: .now, hasOpenPipes: hasOpenPipes)
        }
        guard let index = sources.firstIndex(where: { $0.descriptor?.number == ready }) else { return .none }
        read(index, buffer)
        return hasOpenPipes ? .none : teardown.pipesClosed()
    }

    func send(_ signal: Int32) {
        isUnwanted = true
        guard job.program.writesReport else {
            // The leader is not reaped yet, so its number still names this group.
            kill(-pid, signal)
            return
        }
        // The launcher must not end first: while it starts, what is inside would live on without it. And inside, the
        // first process takes no other signal than SIGKILL.
        endInside()
        if signal == SIGKILL { kill(-pid, SIGKILL) }
    }

    private func endInside() {
        if let inside { _ = baton_pidfd_send_signal(inside.number, SIGKILL) }
    }

    /// Looks for the launcher's report of the process it made, which comes before that process may go on.
    private func findInside() {
        guard inside == nil, let range = sources[2].captured.text.firstRange(of: "\"child-pid\": ") else { return }
        let digits = sources[2].captured.text[range.upperBound...].prefix { $0.isNumber }
        guard let number = pid_t(digits), let descriptor = Descriptor(baton_pidfd_open(number)) else { return }
        // Once open it cannot change any more, so looking at its parent now tells whether it was the right one.
        guard Self.parent(of: number) == pid else { return }
        inside = descriptor
        insideNumber = number
        if isUnwanted { return endInside() }
        begin(number)
    }

    /// Puts it into its group, opens the ports in its network, and lets it begin.
    private func begin(_ number: pid_t) {
        guard let gate = job.program.gate else { return }
        if let group = job.program.group, !group.add(number) {
            failure = ProgramError(code: .notStarted, description: "no control group: \(systemError())")
            return send(SIGKILL)
        }
        for port in job.program.ports {
            let listener = baton_listen_inside(number, port.number)
            guard listener >= 0 else {
                failure = ProgramError(
                    code: .notStarted,
                    description: "no port \(port.number) inside the sandbox: \(systemError())"
                )
                send(SIGKILL)
                return
            }
            port.open(listener)
        }
        var byte: UInt8 = 1
        _ = Glibc.write(gate.number, &byte, 1)
    }

    // MARK: Watching

    /// When ``look(now:)`` may have something to do.
    var watchDeadline: ContinuousClock.Instant? {
        teardown.isRunning ? job.program.watch?.deadline(start: start) : nil
    }

    /// Asks the watch whether it may go on.
    func look(now: ContinuousClock.Instant) -> ProgramTeardown.Action {
        guard teardown.isRunning, let watch = job.program.watch else { return .none }
        let reason = watch.verdict(start: start, now: now) { span in
            processorTime.isBusy(insideNumber ?? pid, hasNamespace: insideNumber != nil, in: span)
        }
        return reason.map { teardown.stop($0, now: now) } ?? .none
    }

    /// The fourth field of `/proc/PID/stat`; the second may hold any character, in parentheses.
    private static func parent(of number: pid_t) -> pid_t? {
        let file = Descriptor(open("/proc/\(number)/stat", O_RDONLY | O_CLOEXEC))
        let text = file?.readAll(limit: 4096).map { String(decoding: $0, as: UTF8.self) } ?? ""
        guard let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[end...].split(separator: " ")
        return fields.count > 2 ? pid_t(fields[2]) : nil
    }

    /// Sweeps the group, reaps the leader and answers.
    func finish() {
        // What is in the pipes now was written before the end.
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 65536, alignment: 1)
        defer { room.deallocate() }
        for index in sources.indices {
            while read(index, room) {}
            // Closed before the caller goes on, who may look.
            sources[index].descriptor = nil
        }
        endInside()
        kill(-pid, SIGKILL)
        var code: Int32 = 0
        _ = baton_reap(pid, &code)
        let ranOutOfMemory = job.program.group?.ranOutOfMemory ?? false
        job.program.group?.end()
        for index in sources.indices { sources[index].finish() }
        if let failure {
            job.answer.give(.success(.failure(failure)))
            return
        }
        let result = ProgramResult(
            ending: code < 0 ? .signalled(-code) : .exited(code),
            stopReason: teardown.stopReason,
            output: sources[0].captured,
            errors: sources[1].captured,
            duration: .now - start,
            ranOutOfMemory: ranOutOfMemory,
            report: sources[2].captured
        )
        job.answer.give(.success(.success(result)))
    }

    /// Reads once; false when nothing is there now.
    @discardableResult
    private func read(_ index: Int, _ buffer: UnsafeMutableRawBufferPointer) -> Bool {
        guard let descriptor = sources[index].descriptor else { return false }
        let count = Glibc.read(descriptor.number, buffer.baseAddress, buffer.count)
        if count > 0 {
            let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<count])
            sources[index].take(bytes)
            if index == 0 { job.program.watch?.take(bytes) }
            if index == 1 { job.program.watch?.takeErrors(count) }
            if index == 2 { findInside() }
            return true
        }
        if count == 0 || (errno != EAGAIN && errno != EINTR) { sources[index].descriptor = nil }
        return false
    }

    /// Takes what there is to tell now, and ends the input when nothing will follow.
    private func takeInput() {
        guard sink != nil, written == outgoing.count else { return }
        let next = job.program.liveInput?.take() ?? (bytes: [], isClosed: true)
        (outgoing, written) = (next.bytes, 0)
        if outgoing.isEmpty, next.isClosed { sink = nil }
    }

    private func write() {
        guard let descriptor = sink else { return }
        // SIGPIPE is blocked in this thread; a reader that has gone shows as EPIPE.
        let count = outgoing[written...].withUnsafeBytes { Glibc.write(descriptor.number, $0.baseAddress, $0.count) }
        if count > 0 { written += count }
        if count < 0 && errno != EAGAIN && errno != EINTR { sink = nil } else { takeInput() }
    }
}

/// The text of `errno`.
func systemError(_ number: Int32 = errno) -> String {
    String(cString: strerror(number))
}
