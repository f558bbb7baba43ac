// Baton
// SPDX-License-Identifier: Apache-2.0

import HTTP
public import JSON
public import Model
import Threads

/// `shell.exec`: runs a command line or a program in the sandbox.
public struct ShellExec: Tool {
    /// The name of the tool.
    static let name = "shell.exec"
    /// Exit code of a program that asks to be tried again later (`sysexits.h`).
    static let temporaryFailure = 75

    /// The tool.
    public init() {}

    /// What the tool is.
    public let definition = ToolDefinition(
        name: name,
        description: "Runs a command line (by /bin/sh) or a program with arguments in the sandbox.",
        inputSchema: inputSchema,
        effects: .write,
        isIdempotent: false,
        category: "shell",
        isConfined: true
    )

    private static var inputSchema: JSONValue {
        var schema =
            Schema.object([
                "command": Schema.text("A command line for /bin/sh -c"),
                "argv": [
                    "type": "array", "items": ["type": "string"], "minItems": 1, "description": "Program and arguments",
                ],
                "stdin": Schema.text("What the program reads"),
                "cwd": Schema.text("A folder beneath the workspace", default: "."),
                "env": ["type": "object", "additionalProperties": ["type": "string"], "description": "More variables"],
                "timeout": Schema.text("A span such as 10s"),
                "expect_exit": [
                    "type": "array", "minItems": 1, "items": ["type": "integer", "minimum": 0, "maximum": 255],
                    "default": [0],
                    "description": "Exit codes that are no failure",
                ],
                "read": Schema.texts("Absolute paths that are seen read-only"),
                "network": EgressRules.schema,
            ]).objectValue ?? [:]
        schema["oneOf"] = [["required": ["command"]], ["required": ["argv"]]]
        return .object(schema)
    }

    /// Runs the program and waits for its end.
    public func call(_ arguments: JSONValue, context: ToolContext) async throws(TaskError) -> ToolResult {
        let limits = context.limits(for: definition, timeout: try arguments.duration("timeout"))
        let folder = try WorkspaceFolder(context).path(of: arguments.text("cwd") ?? ".")
        let (path, programArguments) = try Self.command(arguments)
        var program = Program(
            path: path,
            arguments: programArguments,
            environment: try Self.environment(arguments),
            workingDirectory: folder,
            input: arguments.text("stdin").map { Array($0.utf8) },
            limits: limits
        )
        program.environment["BATON_IDEMPOTENCY_KEY"] = context.idempotencyKey
        program.masker = context.masker
        let proxy = try Self.proxy(arguments, context)
        if let proxy { proxy.serve(&program) }
        defer { proxy?.close() }
        let outcome = try await Sandbox(context.sandbox).run(
            program,
            workspace: context.workspace,
            readPaths: arguments.texts("read"),
            cancellation: context.cancellation
        )
        let log = proxy?.log ?? []
        do throws(TaskError) {
            let output = try Self.output(outcome, arguments, limits)
            return ToolResult(output: output, log: log.isEmpty ? nil : log.joined(separator: "\n"))
        } catch {
            throw log.isEmpty ? error : error.adding(log)
        }
    }

    /// `nil` without a list: there is no network then.
    private static func proxy(_ arguments: JSONValue, _ context: ToolContext) throws(TaskError) -> EgressProxy? {
        guard let list = arguments["network"], !list.isNull else { return nil }
        do throws(EgressRules.Invalid) {
            return EgressProxy(try EgressRules(list), bounds: context.egress, policy: context.http.policy)
        } catch {
            throw .argument("network", error.description)
        }
    }

    private static func command(_ arguments: JSONValue) throws(TaskError) -> (String, [String]) {
        if let command = arguments.text("command") { return ("/bin/sh", ["-c", command]) }
        let words = arguments.texts("argv")
        guard let name = words.first, !name.isEmpty else { throw .argument("argv", "names no program") }
        guard !name.contains("/") || name.hasPrefix("/") else {
            throw .argument("argv", "begins with a relative path; give a name or an absolute path")
        }
        guard let path = ProgramSearch.find(name) else {
            throw TaskError(code: "tool.unavailable", errorClass: .permanent, message: "there is no program \(name)")
        }
        return (path, Array(words.dropFirst()))
    }

    private static func environment(_ arguments: JSONValue) throws(TaskError) -> [String: String] {
        var values: [String: String] = [:]
        for member in arguments["env"]?.objectValue ?? [:] {
            guard !member.key.isEmpty, !member.key.contains("="), let value = member.value.stringValue else {
                throw .argument("env", "has a name that is empty or contains =")
            }
            values[member.key] = value
        }
        return values
    }

    private static func output(
        _ outcome: Sandbox.Outcome,
        _ arguments: JSONValue,
        _ limits: ProgramLimits
    ) throws(TaskError) -> JSONValue {
        let result = outcome.result
        let expected = (arguments["expect_exit"]?.arrayValue ?? [0]).compactMap(\.intValue)
        try result.checkStop("the program", limits)
        guard expected.contains(Int64(result.exitCode)) else {
            // A shell says 127 when it does not find the command.
            let isMissing = result.exitCode == 127 && arguments["command"] != nil
            throw result.failure("the program", code: isMissing ? "tool.unavailable" : "tool.failed")
        }
        return [
            "exit_code": .int(Int64(result.exitCode)), "stdout": .string(result.output.text),
            "stderr": .string(result.errors.text), "duration_ms": .int(result.duration.milliseconds),
            "truncated": .bool(result.output.isTruncated || result.errors.isTruncated),
            "sandboxed": .bool(outcome.isSandboxed),
        ]
    }
}

extension ProgramResult {
    /// Throws when we ended the program.
    func checkStop(_ what: String, _ limits: ProgramLimits) throws(TaskError) {
        switch stopReason {
        case nil: break
        case .cancelled: throw .cancelled
        case .silence, .output, .ended:
            throw TaskError(code: "tool.failed", errorClass: .permanent, message: "\(what) was ended", details: details)
        case .timeout: throw .timeout(what, limits.timeout, details: details)
        }
    }

    /// The error for an exit code nobody expected.
    func failure(_ what: String, code: String = "tool.failed") -> TaskError {
        let isTemporary = exitCode == ShellExec.temporaryFailure
        let last = errors.lastText(200).split(whereSeparator: \.isNewline).last.map { ": \($0)" } ?? ""
        let how =
            ranOutOfMemory
            ? "had more memory than it may have, and was ended"
            : exitCode > 128 ? "was ended by signal \(exitCode - 128)" : "ended with exit code \(exitCode)"
        return TaskError(
            code: code,
            errorClass: isTemporary ? .transient : .permanent,
            message: "\(what) \(how)\(last)",
            details: details
        )
    }

    private var details: JSONValue {
        var details: JSONObject = [
            "exit_code": .int(Int64(exitCode)), "stderr": .string(errors.lastText(4096)),
            "stdout": .string(output.lastText(4096)),
        ]
        if exitCode > 128 { details["signal"] = .int(Int64(exitCode - 128)) }
        return .object(details)
    }
}

extension TaskError {
    /// Says what was not let through, which may be why.
    fileprivate func adding(_ refusals: [String]) -> TaskError {
        var details = details?.objectValue ?? [:]
        details["network"] = .array(refusals.map { .string($0) })
        return TaskError(
            code: code,
            errorClass: errorClass,
            message: "\(message) (\(refusals[0]))",
            details: .object(details),
            retryAfter: retryAfter
        )
    }
}
