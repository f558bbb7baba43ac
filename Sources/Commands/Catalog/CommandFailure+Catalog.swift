// Baton
// SPDX-License-Identifier: Apache-2.0

import Catalog
import JSON
import Model
import Store

extension CommandFailure {
    init(_ error: CatalogError) {
        if let storage = error.storage {
            self.init(storage)
            return
        }
        let exit: ExitCode =
            switch error.code {
            case .notFound: .notFound
            case .tagMoved, .conflict: .conflict
            case .definitionInvalid, .patchInvalid, .invalid: .usage
            case .storage: .unavailable
            }
        self.init(exit, error.code.rawValue, error.message, hint: Self.hint(error))
        if let target = error.present {
            details = ["present": ["artifact": .string(target.artifact.description), "hash": .string(target.hash)]]
        } else if let problem = error.problem {
            details = ["problem": .string(problem)]
        }
    }

    private static func hint(_ error: CatalogError) -> String? {
        switch error.code {
        case .notFound: "`baton workflow list` shows what is published, `baton workflow versions NAME` its versions"
        case .tagMoved: "look at what it points to now, then repeat with its hash in --if-match"
        case .conflict, .definitionInvalid, .patchInvalid, .invalid, .storage: nil
        }
    }
}
