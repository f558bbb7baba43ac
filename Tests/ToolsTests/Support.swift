// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import HTTP
import JSON
import Model
import Testing
import Threads

@testable import Tools

/// Confined programs can run here; asked once.
func sandboxWorks() async -> Bool {
    await Sandbox().probe() == .available
}

/// A folder that lives as long as `body` runs; without links in its path.
func withFolder<Value>(_ body: (String) async throws -> Value) async throws -> Value {
    var template = Array("/tmp/baton-test-XXXXXX".utf8CString)
    let made = try #require(mkdtemp(&template))
    let path = try #require(SandboxMounts.real(String(cString: made)))
    let result: Result<Value, any Error>
    do { result = .success(try await body(path)) } catch { result = .failure(error) }
    _ = try await Program(path: "/bin/rm", arguments: ["-rf", path]).run()
    return try result.get()
}

/// Writes a file, and makes its folder if needed.
func put(_ text: String, _ path: String, mode: mode_t = 0o644) throws {
    let parts = path.split(separator: "/").dropLast()
    for count in parts.indices { mkdir("/" + parts[...count].joined(separator: "/"), 0o755) }
    let file = try #require(Descriptor(open(path, O_WRONLY | O_CREAT | O_TRUNC, mode)))
    #expect(file.writeAll(Array(text.utf8)))
    fchmod(file.number, mode)
}

/// The text of a file; `nil` when there is none.
func content(_ path: String) -> String? {
    Descriptor(open(path, O_RDONLY))?.readAll(limit: 1 << 20).map { String(decoding: $0, as: UTF8.self) }
}

/// A context that uses the sandbox where there is one.
func context(
    _ workspace: String,
    sandbox: SandboxSettings = SandboxSettings(isRequired: false),
    timeout: Duration = .seconds(30),
    allowing: [String] = [],
    key: String? = nil,
    cancellation: CancellationSignal = CancellationSignal()
) -> ToolContext {
    ToolContext(
        workspace: workspace,
        http: HTTPClient(policy: AddressPolicy(allowed: allowing)),
        idempotencyKey: key,
        timeout: timeout,
        cancellation: cancellation,
        sandbox: sandbox
    )
}

/// Calls a built-in tool.
func call(_ name: String, _ arguments: JSONValue, _ context: ToolContext) async throws -> JSONValue {
    try await ToolRegistry.builtIn().call(name, arguments, context: context).output
}

/// The error a built-in tool ends with.
func failure(_ name: String, _ arguments: JSONValue, _ context: ToolContext) async throws -> TaskError {
    let registry = try ToolRegistry.builtIn()
    do throws(TaskError) {
        let result = try await registry.call(name, arguments, context: context)
        Issue.record("\(name) returned \(result.output)")
        return TaskError(code: "none", errorClass: .fatal, message: "")
    } catch {
        return error
    }
}

/// Runs a shell command without a sandbox.
@discardableResult
func shell(
    _ command: String,
    input: [UInt8]? = nil,
    limits: ProgramLimits = ProgramLimits(),
    cancellation: CancellationSignal? = nil
) async throws -> ProgramResult {
    let program = Program(
        path: "/bin/sh",
        arguments: ["-c", command],
        environment: ["PATH": ProgramSearch.defaultPath],
        input: input,
        limits: limits
    )
    return try await program.run(cancellation: cancellation)
}

/// A process that runs and is no zombie.
func isAlive(_ pid: String) -> Bool {
    guard let text = content("/proc/\(pid)/stat"), let end = text.lastIndex(of: ")") else { return false }
    return !text[end...].hasPrefix(") Z")
}

/// Waits until something is so; the time limit of the suite ends it otherwise.
func wait(until isSo: () -> Bool) async {
    while !isSo() { await Task.yield() }
}
