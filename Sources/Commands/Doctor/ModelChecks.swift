// Baton
// SPDX-License-Identifier: Apache-2.0

import Engine
import ProviderCalls
import Providers

/// Which models answer.
struct ModelChecks {
    let settings: Settings
    let context: CommandContext

    func findings() -> [Finding] { models() + [prices()] }

    private func models() -> [Finding] {
        guard settings.providers.isEmpty else {
            return settings.providers.values.sorted { $0.name < $1.name }.map(finding)
        }
        let remedy = "the settings `providers.…` name real ones"
        guard let found = AsyncWork({ await ModelServerSearch().find() }).wait() else {
            let message = "no provider is set and no model server runs here: answers are simulated"
            return [Finding(check: "models", grade: .ok, message: message)]
        }
        let message = "\(found.name) at \(found.baseURL ?? "") with \(found.models.count) models serves all tiers"
        return [Finding(check: "models", grade: .ok, message: message, remedy: remedy)]
    }

    private func script(_ provider: ProviderSettings, _ check: String) -> Finding {
        guard let path = provider.script else {
            return Finding(check: check, grade: .ok, message: "answers are simulated: every call is echoed")
        }
        do {
            let script = try ModelScript(try TextFile.bytes(path), fileName: path)
            let message = "answers are simulated, by \(script.rules.count) rules of \(path)"
            return Finding(check: check, grade: .ok, message: message)
        } catch {
            return Finding(check: check, grade: .fail, message: (error as? CommandFailure)?.message ?? "\(error)")
        }
    }

    private func prices() -> Finding {
        let check = "prices"
        do {
            let table = try settings.priceTable.map { try PriceTable(try TextFile.bytes($0)) } ?? .builtIn
            return Finding(check: check, grade: .ok, message: "\(table.entries.count) models, of \(table.version)")
        } catch {
            let message = (error as? CommandFailure)?.message ?? "\(settings.priceTable ?? ""): \(error)"
            return Finding(check: check, grade: .fail, message: message)
        }
    }

    private func finding(_ provider: ProviderSettings) -> Finding {
        let check = "provider \(provider.name)"
        guard provider.kind != .scripted else { return script(provider, check) }
        let keys = ProviderKeys.reading(context)
        let result = AsyncWork { () async -> Result<[String], ModelError> in
            do throws(ModelError) {
                guard let service = try? HTTPProvider(provider, key: keys.key, now: { SystemClock().wall() }) else {
                    return .success([])
                }
                return .success(try await service.models(within: .seconds(5)))
            } catch {
                return .failure(error)
            }
        }.wait()
        switch result {
        case .success(let models):
            let missing = provider.models.filter { !models.contains($0) }
            guard missing.isEmpty else {
                let message = "answers, but has no \(missing.joined(separator: ", "))"
                return Finding(check: check, grade: .warn, message: message)
            }
            return Finding(check: check, grade: .ok, message: "answers with \(models.count) models")
        case .failure(let error):
            return Finding(
                check: check,
                grade: .fail,
                message: error.message,
                remedy: "see `providers.\(provider.name)`"
            )
        }
    }
}
