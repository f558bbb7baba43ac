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
            return ToolResult(output: ["findings": [], "notice": "the run belongs to no project"])
        }
        let (question, limit) = (arguments.text("query") ?? "", arguments.integer("limit") ?? 10)
        let result = try await ToolLibrary.ask { () throws(LibraryError) in
            try place.library.findings(like: question, of: project, in: place.owner.tenant, limit: limit).map { found in
                var json = found.row.json
                json["score"] = .double(found.score)
                return JSONValue.object(json)
            }
        }
        do throws(LibraryError) {
            return ToolResult(output: ["findings": .array(try result.get())])
        } catch {
            throw RAGSearch.error(error)
        }
    }
}
