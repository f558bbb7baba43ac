// Baton
// SPDX-License-Identifier: Apache-2.0

extension ScriptedProvider: BatchProvider {
    /// Always.
    public var offersBatches: Bool { true }

    /// Takes every call; nothing is kept.
    public func submit(_ request: ModelRequest, key: String) async throws(ModelError) -> BatchTicket {
        BatchTicket(batch: "scripted", key: BatchTicket.name(of: key))
    }

    /// Answers by the script, after its delay; the script counts the call only here.
    public func answer(to ticket: BatchTicket, for request: ModelRequest) async throws(ModelError) -> BatchAnswer {
        do throws(ModelError) {
            return .answered(try await reply(to: request))
        } catch {
            var error = error
            if error.status != nil { error.mayBeCharged = false }
            throw error
        }
    }

    /// Nothing is to be done.
    public func cancel(_ ticket: BatchTicket) async throws(ModelError) {}
}
