// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON

/// What one check found.
struct Finding {
    enum Grade: String {
        case ok
        /// Something optional is missing.
        case warn
        /// Something that is needed does not work.
        case fail
    }

    let check: String
    let grade: Grade
    let message: String
    /// What to do, or what the missing part would add.
    var remedy = ""

    var json: JSONValue {
        var result: JSONObject = [
            "check": .string(check), "status": .string(grade.rawValue), "message": .string(message),
        ]
        if !remedy.isEmpty { result["remedy"] = .string(remedy) }
        return .object(result)
    }
}
