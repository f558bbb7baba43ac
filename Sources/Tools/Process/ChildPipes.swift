// Baton
// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// The descriptors between us and a child, and its start.
struct ChildPipes {
    /// Our ends of output, errors and report (if there is one).
    let readers: [Descriptor?]
    /// Our end of the input, if there is any.
    let inputWriter: Descriptor?
    private let childInput: Descriptor
    private let childWriters: [Descriptor?]

    init(_ program: Program) throws(ProgramError) {
        let pipes = [Descriptor.pipe(), Descriptor.pipe(), program.writesReport ? Descriptor.pipe() : nil]
        let hasInput = program.input?.isEmpty == false || program.liveInput != nil
        let input = hasInput ? Descriptor.pipe() : nil
        guard pipes[0] != nil, pipes[1] != nil, pipes[2] != nil || !program.writesReport,
            let childInput = input?.reader ?? (hasInput ? nil : Descriptor(open("/dev/null", O_RDONLY | O_CLOEXEC)))
        else { throw ProgramError(code: .notStarted, description: "no pipe for \(program.path): \(systemError())") }
        readers = pipes.map { $0?.reader }
        childWriters = pipes.map { $0?.writer }
        inputWriter = input?.writer
        self.childInput = childInput
    }

    /// Starts the child; its ends are closed here when this value goes.
    func spawn(_ program: Program) throws(ProgramError) -> pid_t {
        let command = try CommandLine(program)
        guard let output = childWriters[0], let errors = childWriters[1] else {
            throw ProgramError(code: .notStarted, description: "no pipe for \(program.path)")
        }
        let inherited = (program.descriptors + [childWriters[2]].compactMap { $0 }).map(\.number)
        var pid: pid_t = 0
        let error = command.withCStrings { path, arguments, environment, directory in
            inherited.withUnsafeBufferPointer { inherited in
                var request = baton_spawn_request(
                    path: path,
                    arguments: arguments,
                    environment: environment,
                    working_directory: directory,
                    standard_input: childInput.number,
                    standard_output: output.number,
                    standard_error: errors.number,
                    inherited: inherited.baseAddress,
                    inherited_count: Int32(inherited.count)
                )
                return baton_spawn(&request, &pid)
            }
        }
        guard error == 0 else {
            let isMissing = error == ENOENT || error == EACCES || error == ENOTDIR || error == ENOEXEC
            throw ProgramError(
                code: isMissing ? .notFound : .notStarted,
                description: "\(program.path) did not start: \(systemError(error))"
            )
        }
        return pid
    }
}

/// What `execve` gets.
private struct CommandLine {
    private let path: String
    private let arguments: [String]
    private let environment: [String]
    private let directory: String

    init(_ program: Program) throws(ProgramError) {
        path = program.path
        arguments = [program.path] + program.arguments
        environment = program.environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        directory = program.workingDirectory
        guard (arguments + environment + [directory]).allSatisfy({ !$0.utf8.contains(0) }) else {
            throw ProgramError(code: .notStarted, description: "an argument of \(path) has a NUL byte")
        }
    }

    func withCStrings<Value>(
        _ body: (
            UnsafePointer<CChar>, UnsafePointer<UnsafeMutablePointer<CChar>?>,
            UnsafePointer<UnsafeMutablePointer<CChar>?>,
            UnsafePointer<CChar>
        ) -> Value
    ) -> Value {
        let argumentPointers = arguments.map { strdup($0) } + [nil]
        let environmentPointers = environment.map { strdup($0) } + [nil]
        defer { for pointer in argumentPointers + environmentPointers { free(pointer) } }
        return path.withCString { path in
            directory.withCString { directory in
                argumentPointers.withUnsafeBufferPointer { arguments in
                    environmentPointers.withUnsafeBufferPointer { environment in
                        // Neither list is empty, so both have an address.
                        guard let arguments = arguments.baseAddress, let environment = environment.baseAddress else {
                            preconditionFailure("a list that ends with nil is not empty")
                        }
                        return body(path, arguments, environment, directory)
                    }
                }
            }
        }
    }
}
