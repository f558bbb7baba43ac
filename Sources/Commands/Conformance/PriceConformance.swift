// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Model
import Providers

/// Cases of prices: `{"id", "provider", "model", "usage", "batch"?}` gives `{"id", "usd"}`, or `usd: null` for a model that
/// is not in the table.
enum PriceConformance {
    static func answer(_ object: JSONObject) throws -> JSONObject {
        let vendor = try ConformanceError.member("provider", of: object).stringValue ?? ""
        let model = try ConformanceError.member("model", of: object).stringValue ?? ""
        let usage = try ModelUsage(json: try ConformanceError.member("usage", of: object))
        let price = PriceTable.builtIn.entry(for: model, of: vendor)?.price
        let cost = price?.cost(of: usage, isBatch: object["batch"] == true)
        return ["usd": cost.map { .string($0.text) } ?? .null]
    }
}
