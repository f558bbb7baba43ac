// Baton
// SPDX-License-Identifier: Apache-2.0

public import HTTP

/// An MCP server whose tools can be called, as settings name it.
public struct MCPServerSettings: Sendable, Equatable {
    /// Where it is.
    public enum Place: Sendable, Equatable {
        /// A program that is started here and spoken to over its input and output.
        case program(MCPProgram)
        /// A URL. Values of headers may be handles of secrets, such as `Bearer secret://NAME`.
        case url(String, headers: [String: String])
    }

    /// Lower-case letters, digits, `_` and `-`; part of the names of its tools.
    public var name: String
    /// Where it is.
    public var place: Place
    /// Its tools are offered.
    public var isEnabled = true
    /// For one call of a tool.
    public var timeout: Duration = .seconds(60)
    /// For its start and the first words.
    public var startTimeout: Duration = .seconds(30)

    /// A server with the usual times.
    public init(name: String, place: Place) {
        (self.name, self.place) = (name, place)
    }

    /// `stdio` or `http`.
    public var transport: String {
        switch place {
        case .program: "stdio"
        case .url: "http"
        }
    }
}

/// A program that is an MCP server.
public struct MCPProgram: Sendable, Equatable {
    /// An absolute path, or a name of the search path.
    public var command: String
    /// After the program's name.
    public var arguments: [String] = []
    /// More variables; values may be handles of secrets.
    public var environment: [String: String] = [:]
    /// More absolute paths that it sees, read-only.
    public var readPaths: [String] = []
    /// The absolute path of the folder that it may change; `nil` gives it one of its own.
    public var folder: String?
    /// It sees the network of this machine. Nothing guards where it goes then.
    public var usesNetwork = false

    /// A program without arguments.
    public init(command: String) {
        self.command = command
    }
}

/// What connections to MCP servers need of their surroundings.
public struct MCPSurroundings: Sendable {
    /// Of this program, which servers are told.
    public var version: String
    /// Holds a folder for each server that is a program.
    public var folder: String
    /// How programs are confined.
    public var sandbox: SandboxSettings
    /// Where requests may go. A server that is named by a private address is reached all the same.
    public var policy: AddressPolicy
    /// Opens a handle of a secret: `secret://NAME`, `env:NAME`, `file:PATH`.
    public var openHandle: @Sendable (_ handle: String) throws -> String

    /// Puts them together.
    public init(
        version: String,
        folder: String,
        sandbox: SandboxSettings,
        policy: AddressPolicy,
        openHandle: @escaping @Sendable (_ handle: String) throws -> String
    ) {
        (self.version, self.folder, self.sandbox, self.policy) = (version, folder, sandbox, policy)
        self.openHandle = openHandle
    }
}
