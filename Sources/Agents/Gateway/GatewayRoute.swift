// Baton
// SPDX-License-Identifier: Apache-2.0

import Providers

/// What a request to the gateway asks for.
enum GatewayRoute: Equatable {
    /// An answer of a model, in a form.
    case call(WireFormat)
    /// How many LLM tokens a request has.
    case count
    /// The names of the models, in a form.
    case models(WireFormat)
    /// Says what came of the task.
    case result

    /// `nil` for anything else.
    init?(_ method: String, _ path: [String]) {
        var path = path.filter { !$0.isEmpty }
        if method == "POST", path == ["result"] {
            self = .result
            return
        }
        guard path.count > 2, path.removeFirst() == "gateway" else { return nil }
        let family = path.removeFirst()
        // Clients differ in whether the version belongs to the base address.
        if path.first == "v1" { path.removeFirst() }
        switch (method, family, path.joined(separator: "/")) {
        case ("POST", "anthropic", "messages"): self = .call(.messages)
        case ("POST", "anthropic", "messages/count_tokens"): self = .count
        case ("GET", "anthropic", "models"): self = .models(.messages)
        case ("POST", "openai", "chat/completions"): self = .call(.chatCompletions)
        case ("POST", "openai", "responses"): self = .call(.responses)
        case ("GET", "openai", "models"): self = .models(.chatCompletions)
        default: return nil
        }
    }

    /// The form of refusals.
    var format: WireFormat {
        switch self {
        case .call(let format), .models(let format): format
        case .count, .result: .messages
        }
    }
}
