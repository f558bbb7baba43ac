// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON

/// Cases of JSON patches: `{"id", "doc", "patch"}` gives `{"id", "ok", "result", "error"}`.
enum PatchConformance {
    static func answer(_ object: JSONObject) throws -> JSONObject {
        let document = try ConformanceError.member("doc", of: object)
        let patch = try ConformanceError.member("patch", of: object)
        do throws(JSONPatchError) {
            return ["ok": true, "result": try JSONPatch(patch).apply(to: document)]
        } catch {
            return ["ok": false, "error": .string("\(error)")]
        }
    }
}
