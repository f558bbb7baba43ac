// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON
public import Model

/// What a tool is called, takes, returns and does (spec 8.6).
public struct ToolDefinition: Sendable {
    /// What a call changes.
    public enum Effects: String, Sendable, CaseIterable {
        /// Nothing.
        case read
        /// The workspace.
        case write
        /// The world outside.
        case external
        /// What cannot be brought back.
        case destructive
    }

    /// How much harm a call can do.
    public enum Risk: String, Sendable, CaseIterable {
        case low
        case medium
        case high
        case critical

        init(_ effects: Effects) {
            self =
                switch effects {
                case .read: .low
                case .write: .medium
                case .external: .high
                case .destructive: .critical
                }
        }
    }

    /// Unique; words in lower case joined by dots, such as `fs.read`.
    public var name: String
    /// For people and models.
    public var description: String
    /// JSON Schema of the arguments; its `default`s are filled in.
    public var inputSchema: JSONValue
    /// JSON Schema of the result.
    public var outputSchema: JSONValue?
    /// What a call changes.
    public var effects: Effects
    /// A repeated call with the same arguments changes nothing more.
    public var isIdempotent: Bool
    /// After this a call ends with `timeout`.
    public var timeout: Duration
    /// Bytes of output that are kept.
    public var maxOutput: Int
    /// For grouping in lists.
    public var category: String
    /// What a call costs; `nil` for one that is free.
    public var cost: Money?

    /// How much harm a call can do; by what it changes, when nobody says more.
    public var risk: Risk
    /// All it does is done by programs in the sandbox.
    public var isConfined: Bool

    /// A definition; time and output have the defaults of a profile.
    public init(
        name: String,
        description: String,
        inputSchema: JSONValue,
        outputSchema: JSONValue? = nil,
        effects: Effects,
        isIdempotent: Bool,
        timeout: Duration = .seconds(60),
        maxOutput: Int = 1 << 20,
        category: String,
        cost: Money? = nil,
        risk: Risk? = nil,
        isConfined: Bool = false
    ) {
        self.name = name
        self.description = description
        self.inputSchema = inputSchema
        self.outputSchema = outputSchema
        self.effects = effects
        self.isIdempotent = isIdempotent
        self.timeout = timeout
        self.maxOutput = maxOutput
        self.category = category
        self.cost = cost
        self.risk = risk ?? Risk(effects)
        self.isConfined = isConfined
    }

    /// The definition as the API and `baton tools` show it.
    public var json: JSONValue {
        var json: JSONObject = [
            "name": .string(name), "description": .string(description), "input_schema": inputSchema,
            "output_schema": outputSchema ?? .null, "effects": .string(effects.rawValue),
            "risk": .string(risk.rawValue),
            "idempotent": .bool(isIdempotent),
            "timeout_ms": .int(
                timeout.components.seconds * 1000 + timeout.components.attoseconds / 1_000_000_000_000_000
            ),
            "max_output": .int(Int64(maxOutput)), "category": .string(category),
        ]
        json["cost_usd"] = cost.map { .string($0.text) }
        return .object(json)
    }
}
