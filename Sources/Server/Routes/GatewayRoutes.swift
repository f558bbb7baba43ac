// Baton
// SPDX-License-Identifier: Apache-2.0

internal import HTTPServer
internal import Identity
internal import Model

/// Models at the addresses of their providers, for programs that are no part of a run (spec 10.5).
struct GatewayRoutes: Sendable {
    /// Refusals below it have the form of problems and of the providers at once.
    static let root = "/gateway/"
    let gateway: ModelAccess

    var routes: [Route] {
        [
            post(
                "anthropic/v1/messages",
                "askAnthropicMessages",
                "An answer of a model, as Anthropic Messages has it."
            ),
            post("anthropic/v1/messages/count_tokens", "countAnthropicTokens", "How long a request is: an estimate."),
            get("anthropic/v1/models", "listAnthropicModels", "Models and tiers, as Anthropic lists them."),
            post(
                "openai/v1/chat/completions",
                "askOpenAIChat",
                "An answer of a model, as OpenAI Chat Completions has it."
            ),
            post("openai/v1/responses", "askOpenAIResponses", "An answer of a model, as OpenAI Responses has it."),
            get("openai/v1/models", "listOpenAIModels", "Models and tiers, as OpenAI lists them."),
        ]
    }

    private func post(_ path: String, _ id: String, _ summary: String) -> Route {
        route("POST", path, id, summary, .bytes)
    }

    private func get(_ path: String, _ id: String, _ summary: String) -> Route {
        route("GET", path, id, summary, .none)
    }

    private func route(_ method: String, _ path: String, _ id: String, _ summary: String, _ body: Contract.Body)
        -> Route
    {
        let gateway = gateway
        var contract = Contract(
            id,
            summary,
            .models,
            .may(.callTools),
            query: [
                .init("beta", .flag, "Passed on to Anthropic."),
                .init("limit", .integer(1...1000), "Passed over: all are listed."),
            ],
            body: body,
            .ok(.anyObject, "As the provider answers; a stream of events when one is asked for."),
            .problem(400, "The request is none that the provider would take, or could cost without bound."),
            .problem(402, "It does not fit a budget."),
            .problem(404, "There is no such model."),
            .problem(413, "The body is too large.")
        )
        contract.takesKeyHeader = true
        contract.checksFurther = true
        return Route(method, Self.root + path, contract) { call throws(Problem) in
            await gateway.answer(call.request, call.ownership(in: nil))
        }
    }
}
