// Baton
// SPDX-License-Identifier: Apache-2.0

import BatonClient
import JSON

/// `baton run delete`: before retention does it.
enum RunDeletion {
    static let delete: CommandDescription = .init(
        name: "delete",
        summary: "Delete a run of a server that has ended, with its events, outputs and workspace",
        discussion: """
            Refused while it goes on, is held, another run goes on from it, or somebody is asked about it. In a folder
            `baton retention apply` removes what is old.
            """,
        arguments: [RunCommands.run],
        examples: [.init(line: "baton run delete run_01jd…", comment: "nothing of it stays but that it was there")],
        exits: [.notFound, .conflict, .unavailable, .denied],
        reach: .server
    ) { context throws(CommandFailure) in
        let server = try context.neededServer()
        let run = try server.run()
        _ = try server.send(APIRequest("DELETE", APIRequest.path("v1", "runs", run)))
        context.console.show(["deleted": .string(run)]) { "\(run) is deleted\n" }
        return .ok
    }
}
