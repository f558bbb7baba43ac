// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import HTTP
public import Threads

extension Program {
    /// Runs the program to its end and reads what it writes.
    ///
    /// It gets a session of its own; at the end everything left in its process group is killed. When the time is up or
    /// the caller cancels, the group gets SIGTERM, and SIGKILL after the grace: that of the signal, or else its own.
    /// Blocks no task's thread.
    ///
    /// - Throws: ``ProgramError`` when it did not start. Everything else, a timeout too, is in the result.
    public func run(cancellation: CancellationSignal? = nil) async throws(ProgramError) -> ProgramResult {
        let job = ProgramJob(try limited())
        @Sendable func stop() {
            job.stop(grace: cancellation?.grace)
            ProgramLoop.shared.ring()
        }
        let registration = cancellation?.onCancel(stop)
        defer { registration?.remove() }
        let outcome = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                guard job.answer.wait(continuation) else { return }
                ProgramLoop.shared.start(job)
            }
        } onCancel: {
            stop()
        }
        switch outcome {
        case .success(let result): return try result.get()
        case .failure: throw ProgramError(code: .cancelled, description: "cancelled before the start")
        }
    }

    /// The same program behind `prlimit`, unless nothing is limited.
    private func limited() throws(ProgramError) -> Program {
        // A sandboxed program has its limits inside; its launcher must not count against them.
        guard !writesReport else { return self }
        return try wrappedInLimits(countsProcesses: false)
    }

    func wrappedInLimits(countsProcesses: Bool) throws(ProgramError) -> Program {
        let options = limits.resourceArguments(countsProcesses: countsProcesses)
        guard !options.isEmpty else { return self }
        guard ProgramSearch.find(path) != nil else {
            throw ProgramError(code: .notFound, description: "\(path) is not there or may not be run")
        }
        guard let prlimit = ProgramSearch.find("prlimit") else {
            throw ProgramError(
                code: .notFound,
                description: "prlimit (package util-linux) is needed for resource limits"
            )
        }
        var wrapped = self
        wrapped.path = prlimit
        wrapped.arguments = options + [path] + arguments
        return wrapped
    }
}
