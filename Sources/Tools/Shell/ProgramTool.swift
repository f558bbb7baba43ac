// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
public import JSON
public import Model
import Threads

/// A tool made from a program: it reads the arguments as JSON and writes the result as JSON.
///
/// The manifest is a JSON file `{name, description, command, input_schema, output_schema?, effects, idempotent, timeout,
/// max_output, cost_usd?, risk?}`. Words of `command` that name a file beside the manifest become its absolute path; the first word may
/// also be a program of the search path. The folder of the manifest is seen read-only, the workspace is the working
/// directory.
public struct ProgramTool: Tool {
    /// A manifest that cannot be used.
    public struct Invalid: Error, CustomStringConvertible {
        /// One sentence with the path of the file.
        public let description: String
    }

    private static let manifestSchema = Schema.object(
        [
            "name": Schema.text("Unique name"), "description": Schema.text("For people and models", default: ""),
            "command": ["type": "array", "items": ["type": "string"], "minItems": 1],
            "input_schema": ["type": ["object", "boolean"]],
            "output_schema": ["type": ["object", "boolean"]],
            "effects": Schema.choice(
                ["read", "write", "external", "destructive"],
                "What it changes",
                default: "write"
            ),
            "idempotent": Schema.flag("May be repeated"), "timeout": Schema.text("A span such as 10s", default: "60s"),
            "max_output": Schema.integer("Bytes", 1...(64 << 20), default: 1 << 20),
            "cost_usd": ["type": "string"], "risk": ["enum": ["low", "medium", "high", "critical"]],
        ],
        required: ["name", "command", "input_schema"]
    )

    /// What the tool is.
    public let definition: ToolDefinition
    private let folder: String
    private let command: [String]

    /// Reads every `*.json` in a folder, in the order of their names. A folder that does not exist has none.
    public static func load(folder: String) throws(Invalid) -> [ProgramTool] {
        guard let directory = Descriptor(open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) else { return [] }
        var tools: [ProgramTool] = []
        for name in directory.entryNames().sorted() where name.hasSuffix(".json") {
            guard let file = Descriptor(openat(directory.number, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK)),
                let bytes = file.readAll(limit: 1 << 20)
            else { throw Invalid(description: "\(folder)/\(name) cannot be read: \(systemError())") }
            do {
                tools.append(try ProgramTool(manifest: try JSONValue(parsing: bytes), folder: folder))
            } catch {
                throw Invalid(description: "\(folder)/\(name): \(error)")
            }
        }
        return tools
    }

    /// Checks a manifest whose file is in `folder`.
    public init(manifest: JSONValue, folder: String) throws(Invalid) {
        let manifest = manifest.fillingDefaults(from: Self.manifestSchema)
        guard let schema = try? JSONSchema(Self.manifestSchema), let folder = SandboxMounts.real(folder) else {
            throw Invalid(description: "the folder \(folder) does not exist")
        }
        if let violation = schema.validate(manifest).first {
            throw Invalid(description: "\(violation.instancePointer) \(violation.message)")
        }
        guard let timeout = manifest.text("timeout").flatMap({ Duration(text: $0) }), timeout > .zero else {
            throw Invalid(description: "timeout is no span of time such as 10s")
        }
        let cost = manifest.text("cost_usd").map { Money(text: $0) }
        guard cost != .some(nil) else {
            throw Invalid(description: "cost_usd is no amount such as 0.05")
        }
        self.folder = folder
        command = manifest.texts("command").map { Self.resolve($0, in: folder) }
        definition = ToolDefinition(
            name: manifest.text("name") ?? "",
            description: manifest.text("description") ?? "",
            inputSchema: manifest["input_schema"] ?? true,
            outputSchema: manifest["output_schema"],
            effects: manifest.text("effects").flatMap { .init(rawValue: $0) } ?? .write,
            isIdempotent: manifest.flag("idempotent"),
            timeout: timeout,
            maxOutput: manifest.integer("max_output") ?? 1 << 20,
            category: "function",
            cost: cost ?? nil,
            risk: manifest.text("risk").flatMap { .init(rawValue: $0) },
            isConfined: true
        )
    }

    /// A word that names a file beneath the folder, as its absolute path; links do not lead out.
    private static func resolve(_ word: String, in folder: String) -> String {
        guard !word.hasPrefix("/"), !word.hasPrefix("-"), !word.isEmpty,
            let real = SandboxMounts.real("\(folder)/\(word)"), real.hasPrefix("\(folder)/")
        else { return word }
        return real
    }

    /// Runs the program and checks that it wrote JSON.
    public func call(_ arguments: JSONValue, context: ToolContext) async throws(TaskError) -> ToolResult {
        guard let name = command.first, let path = ProgramSearch.find(name) else {
            throw TaskError(
                code: "tool.unavailable",
                errorClass: .permanent,
                message: "the program \(command.first ?? "") of \(definition.name) is not there or may not be run"
            )
        }
        let limits = context.limits(for: definition)
        var program = Program(
            path: path,
            arguments: Array(command.dropFirst()),
            workingDirectory: context.workspace,
            input: arguments.bytes(),
            limits: limits
        )
        program.environment["BATON_IDEMPOTENCY_KEY"] = context.idempotencyKey
        program.masker = context.masker
        let outcome = try await Sandbox(context.sandbox).run(
            program,
            workspace: context.workspace,
            readPaths: [folder],
            cancellation: context.cancellation
        )
        try outcome.result.checkStop(definition.name, limits)
        guard outcome.result.ending == .exited(0) else { throw outcome.result.failure(definition.name) }
        return ToolResult(output: try output(outcome.result), log: outcome.result.errors.text)
    }

    private func output(_ result: ProgramResult) throws(TaskError) -> JSONValue {
        guard !result.output.isTruncated else {
            throw TaskError(
                code: "output.invalid",
                errorClass: .permanent,
                message: "\(definition.name) wrote \(result.output.totalBytes) bytes, more than \(definition.maxOutput)"
            )
        }
        do {
            return try JSONValue(parsing: result.output.bytes)
        } catch {
            throw TaskError(
                code: "output.invalid",
                errorClass: .permanent,
                message: "\(definition.name) did not write JSON: \(error.message) in line \(error.line)",
                details: ["stdout": .string(result.output.lastText(1000))]
            )
        }
    }
}
