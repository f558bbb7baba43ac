// Baton
// SPDX-License-Identifier: Apache-2.0

import BatonClient
import Engine
import JSON

/// Something that a server is told to do with a run, `POST /v1/runs/{run}/{verb}`, or with one task of it.
struct RunOrder {
    let verb: String
    let fields: JSONObject
    /// The task that is meant instead of the run.
    var task: TaskName?

    init(_ verb: String, _ fields: JSONObject = [:]) {
        (self.verb, self.fields) = (verb, fields)
    }

    init(_ verb: String, reason: String?) {
        self.init(verb, JSONObject().with("reason", reason))
    }

    /// Returns when it is durable.
    func give(to run: String, _ server: RemoteServer) throws(CommandFailure) -> JSONValue {
        guard let task else { return try server.post(APIRequest.path("v1", "runs", run, verb), fields) }
        return try server.post(APIRequest.path("v1", "tasks", try server.task(task, of: run), verb), fields)
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
