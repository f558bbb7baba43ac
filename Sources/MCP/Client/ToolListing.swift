// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON

/// The tools of a server, put together from the pages of its list.
public struct ToolListing: Sendable, Equatable {
    /// More pages than that are no list.
    static let pageLimit = 100
    /// More tools than that are not taken.
    static let toolLimit = 1000

    /// In the order of their names.
    public private(set) var tools: [ToolDescription] = []
    /// Tools that cannot be used, and why.
    public private(set) var problems: [String] = []
    /// How long the list holds, as the server says it; `nil` when it does not.
    public private(set) var lifetime: Duration?
    private var cursors: Set<String> = []
    private var names: Set<String> = []

    /// Before the first page.
    public init() {}

    /// Takes a page.
    ///
    /// - Returns: The cursor of the next one; `nil` after the last.
    /// - Throws: When it is no page, or the list does not end.
    public mutating func take(_ page: JSONObject) throws(MCPFailure) -> String? {
        guard let items = page["tools"]?.arrayValue else { throw MCPFailure("gave no list of tools") }
        if let milliseconds = page["ttlMs"]?.intValue, milliseconds >= 0 { lifetime = .milliseconds(milliseconds) }
        for item in items {
            do throws(MCPFailure) {
                let tool = try ToolDescription(item)
                guard names.insert(tool.name).inserted else { throw MCPFailure("`\(tool.name)` is there twice") }
                tools.append(tool)
            } catch {
                if problems.count < 100 { problems.append(error.message) }
            }
        }
        guard tools.count <= Self.toolLimit else { throw MCPFailure("has more than \(Self.toolLimit) tools") }
        guard let cursor = page["nextCursor"]?.stringValue else {
            tools.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
            return nil
        }
        guard cursors.insert(cursor).inserted, cursors.count < Self.pageLimit else {
            throw MCPFailure("gave a list of tools that does not end")
        }
        return cursor
    }
}
