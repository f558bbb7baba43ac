// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import HTTP
import MCP
import Model
import Secrets
import Threads

/// A server that is there, and how it is spoken to.
struct MCPConnection: Sendable {
    let wire: any MCPWire
    let facts: ServerFacts
    /// Hides the secrets that the server was given.
    let masker: Masker

    /// Starts or reaches a server and finds out how it is spoken to.
    ///
    /// - Throws: `tool.unavailable`, `tool.failed`, `sandbox.failed`, `http.blocked`, `secret.missing`.
    static func open(
        _ settings: MCPServerSettings,
        _ surroundings: MCPSurroundings,
        _ cancellation: CancellationSignal
    ) async throws(TaskError) -> MCPConnection {
        var secrets: [[UInt8]] = []
        let wire: any MCPWire =
            switch settings.place {
            case .program(let program): try makeWire(program, settings.name, surroundings, &secrets)
            case .url(let url, let headers): try makeWire(url, headers, surroundings, &secrets)
            }
        let end = ContinuousClock.now + settings.startTimeout
        do throws(TaskError) {
            let facts = try await shakeHands(
                wire,
                surroundings.version,
                until: end,
                settings.startTimeout,
                cancellation
            )
            return MCPConnection(wire: wire, facts: facts, masker: Masker(secrets))
        } catch {
            await wire.close()
            var error = error
            error.message = Masker(secrets).mask(error.message)
            throw error
        }
    }

    /// A program may not know `server/discover`, and say nothing to what it does not know.
    private static func shakeHands(
        _ wire: any MCPWire,
        _ version: String,
        until end: ContinuousClock.Instant,
        _ whole: Duration,
        _ cancellation: CancellationSignal
    ) async throws(TaskError) -> ServerFacts {
        var handshake = Handshake(wire.kind, version: version)
        var step = handshake.start()
        while true {
            switch step {
            case .ask(let request, let era):
                let left = end - .now
                guard left > .zero else { throw .timeout("the MCP server", whole) }
                let isFirst = request.method != "initialize" && wire.kind == .program
                step = handshake.take(try await reply(wire, request, era, isFirst ? left / 3 : left, cancellation))
            case .ready(let facts):
                if !facts.era.isModern { await wire.notify(ServerWish.initialized, facts.era) }
                return facts
            case .failed(let reason): throw .server(reason, .transient)
            }
        }
    }

    private static func reply(
        _ wire: any MCPWire,
        _ request: ClientRequest,
        _ era: Era,
        _ limit: Duration,
        _ cancellation: CancellationSignal
    ) async throws(TaskError) -> Handshake.Reply {
        do throws(MCPBreak) {
            return try await wire.ask(request, era, within: limit, cancellation)
        } catch {
            guard error.code == .timeout else { throw error.error }
            return .silence
        }
    }

    // MARK: Wires

    private static func makeWire(
        _ program: MCPProgram,
        _ name: String,
        _ surroundings: MCPSurroundings,
        _ secrets: inout [[UInt8]]
    ) throws(TaskError) -> ProgramWire {
        guard let path = ProgramSearch.find(program.command) else {
            throw TaskError(
                code: "tool.unavailable",
                errorClass: .permanent,
                message: "the program \(program.command) of the MCP server \(name) is not there or may not be run"
            )
        }
        let workspace: String
        if let folder = program.folder {
            workspace = folder
        } else {
            workspace = try makeFolder(name, surroundings.folder)
        }
        var environment: [String: String] = [:]
        for (variable, value) in program.environment {
            environment[variable] = try filled(value, surroundings, &secrets)
        }
        var limits = ProgramLimits(timeout: .seconds(100 * 365 * 86_400), outputBytes: 4096)
        // Servers are larger than the programs of tools, and few.
        (limits.memoryBytes, limits.processes) = (2 << 30, 256)
        let started = Program(
            path: path,
            arguments: program.arguments,
            environment: environment,
            workingDirectory: workspace,
            limits: limits
        )
        var sandbox = surroundings.sandbox
        sandbox.sharesNetwork = program.usesNetwork
        return ProgramWire(started, workspace, program.readPaths, sandbox, version: surroundings.version)
    }

    private static func makeFolder(_ name: String, _ parent: String) throws(TaskError) -> String {
        for path in [parent, "\(parent)/\(name)"] where mkdir(path, 0o700) != 0 && errno != EEXIST {
            let number = errno
            throw TaskError(
                code: "tool.failed",
                errorClass: number == ENOSPC ? .transient : .permanent,
                message: "the folder \(path) cannot be made: \(String(cString: strerror(number)))"
            )
        }
        return "\(parent)/\(name)"
    }

    /// An address that the policy forbids as it stands was named by whoever set the server up, and is meant. A public name
    /// must not lead to a private address all the same.
    private static func makeWire(
        _ url: String,
        _ headers: [String: String],
        _ surroundings: MCPSurroundings,
        _ secrets: inout [[UInt8]]
    ) throws(TaskError) -> HTTPWire {
        var policy = surroundings.policy
        if policy.refusal(ofURL: url) != nil, let read = try? HTTPURL(url) {
            policy = AddressPolicy(allowed: Array(policy.allowed) + [read.authority])
        }
        var filledHeaders: [(name: String, value: String)] = []
        for (name, value) in headers.sorted(by: { $0.key < $1.key }) {
            filledHeaders.append((name, try filled(value, surroundings, &secrets)))
        }
        return HTTPWire(url, headers: filledHeaders, policy, version: surroundings.version)
    }

    /// Words that are handles are opened: `Bearer secret://TOKEN`.
    private static func filled(
        _ text: String,
        _ surroundings: MCPSurroundings,
        _ secrets: inout [[UInt8]]
    ) throws(TaskError) -> String {
        var words: [String] = []
        for word in text.split(separator: " ", omittingEmptySubsequences: false).map(String.init) {
            guard ["secret://", "env:", "file:"].contains(where: { word.hasPrefix($0) && word != $0 }) else {
                words.append(word)
                continue
            }
            do {
                let value = try surroundings.openHandle(word)
                secrets.append(Array(value.utf8))
                words.append(value)
            } catch {
                throw .secretMissing("`\(word)` cannot be opened: \(error)")
            }
        }
        return words.joined(separator: " ")
    }
}
