// Baton
// SPDX-License-Identifier: Apache-2.0

public import Definition
import JSON
import Synchronization

/// Tools that come and go while the program works.
public final class ChangingTools: Sendable {
    private struct State {
        var entries: [String: ToolRegistry.Entry] = [:]
        var compiled: [String: Registry.Tool] = [:]
    }

    private let state = Mutex(State())

    /// None yet.
    public init() {}

    /// Sets what there is.
    ///
    /// - Returns: Why some are left out.
    @discardableResult
    public func replace(_ tools: [any Tool]) -> [String] {
        var (next, problems) = (State(), [String]())
        for tool in tools {
            do throws(ToolRegistry.Invalid) {
                let entry = try ToolRegistry.Entry(tool)
                let name = entry.definition.name
                guard next.entries[name] == nil else {
                    throw ToolRegistry.Invalid(description: "two tools are called \(name)")
                }
                next.entries[name] = entry
                next.compiled[name] = try? Registry.Tool(
                    name: name,
                    input: entry.definition.inputSchema,
                    output: entry.definition.outputSchema,
                    isRead: entry.definition.effects == .read
                )
            } catch {
                problems.append(error.description)
            }
        }
        state.withLock { [next] in $0 = next }
        return problems
    }

    /// As documents know them, by name.
    public var compiled: [String: Registry.Tool] { state.withLock { $0.compiled } }

    func entry(_ name: String) -> ToolRegistry.Entry? { state.withLock { $0.entries[name] } }

    var names: [String] { state.withLock { Array($0.entries.keys) } }

    /// Why schemas cannot be used; `nil` when they can.
    static func defect(_ input: JSONValue, _ output: JSONValue?) -> String? {
        do throws(JSONSchemaError) {
            _ = try JSONSchema(input)
            if let output { _ = try JSONSchema(output) }
            return nil
        } catch {
            return "\(error)"
        }
    }
}
