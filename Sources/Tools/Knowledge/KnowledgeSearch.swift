// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON
internal import Knowledge
public import Model
internal import Store

/// `knowledge.search`: finds what is known in the project of the run.
public struct KnowledgeSearch: Tool {
    /// The tool.
    public init() {}

    /// What the tool is.
    public let definition = ToolDefinition(
        name: "knowledge.search",
        description:
            "Finds what is known in the project of the run: constraints, decisions, discoveries, references, gotchas "
            + "and architecture, those with most of the words first.",
        inputSchema: Schema.object(
            [
                "query": [
                    "type": "string", "minLength": 1, "maxLength": 2000, "description": "Words, or a question",
                ],
                "limit": Schema.integer("The largest number of findings", 1...50, default: 10),
            ],
            required: ["query"]
        ),
        effects: .read,
        isIdempotent: true,
        category: "knowledge"
    )

    /// Searches.
    public func call(_ arguments: JSONValue, context: ToolContext) async throws(TaskError) -> ToolResult {
        guard let place = context.library else { throw .failed("there is no library here") }
        guard let project = place.owner.project else {
            return ToolResult(output: ["mode": "text", "findings": [], "notice": "the run belongs to no project"])
        }
        let (question, limit) = (arguments.text("query") ?? "", arguments.integer("limit") ?? 10)
        let tenant = place.owner.tenant
        do throws(LibraryError) {
            let found = try await place.search.findings(
                like: question,
                of: project,
                in: tenant,
                limit: limit,
                for: place.payer
            )
            return ToolResult(output: found.json)
        } catch {
            throw RAGSearch.error(error)
        }
    }
}
