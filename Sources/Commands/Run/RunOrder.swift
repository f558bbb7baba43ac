// Baton
// SPDX-License-Identifier: Apache-2.0

import BatonClient
import JSON

/// Something that a server is told to do with a run: `POST /v1/runs/{run}/{verb}`.
struct RunOrder {
    let verb: String
    let fields: JSONObject

    init(_ verb: String, _ fields: JSONObject = [:]) {
        (self.verb, self.fields) = (verb, fields)
    }

    init(_ verb: String, reason: String?) {
        self.init(verb, JSONObject().with("reason", reason))
    }

    /// Returns when it is durable.
    func give(to run: String, _ server: RemoteServer) throws(CommandFailure) -> JSONValue {
        try server.post(APIRequest.path("v1", "runs", run, verb), fields)
    }
}

extension JSONObject {
    /// With a text, if there is one.
    func with(_ name: String, _ text: String?) -> JSONObject {
        var result = self
        result[name] = text.map(JSONValue.string)
        return result
    }
}
