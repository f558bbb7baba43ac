// Baton
// SPDX-License-Identifier: Apache-2.0

import Catalog
import Definition
import Engine
import Identity
import JSON
import Model
import Server
import Store
import Threads

/// `baton dev`: a server with something in it, to try the API on.
enum DevCommand {
    static let command: CommandDescription = .init(
        name: "dev",
        summary: "Serve the API with two example workflows and a run of each, until Ctrl-C",
        discussion: """
            Like `baton server`, and publishes `hello` and `approval` in the data folder if they are not there yet. Shows what to
            type next. Opens nothing by itself.
            """,
        options: ServerCommand.options,
        examples: [.init(line: "baton dev --data /tmp/baton", comment: "in a folder that can be thrown away")],
        exits: [.unavailable]
    ) { context throws(CommandFailure) in
        let signals = ServerSignals()
        let session = try ServerSession(context)
        session.announce()
        do throws(CommandFailure) {
            try fill(session)
        } catch {
            session.stop()
            throw error
        }
        context.console.note(commands(session.url, context.dataFolder))
        signals.serve(session)
        session.stop()
        return .ok
    }

    private static func fill(_ session: ServerSession) throws(CommandFailure) {
        for text in [hello, approval] {
            let actor = CatalogActor(owner: CatalogSession.owner, name: CatalogSession.owner)
            let publication: Publication
            do throws(CatalogError) {
                publication = try session.local.catalog.publish(Array(text.utf8), fileName: "example.yaml", by: actor)
            } catch {
                throw CommandFailure(.unavailable, error.code.rawValue, error.message)
            }
            guard publication.isNew else { continue }
            let name = publication.version.name
            let workflow = try engineCall { () throws(EngineError) in
                try session.local.workflows.workflow(name, for: .common)
            }
            let inputs = workflow.graph.inputs.isEmpty ? JSONObject() : ["name": "Ada"]
            let request = StartRequest(
                graph: workflow.graph,
                source: workflow.source,
                inputs: inputs,
                actor: CatalogSession.owner
            )
            _ = try session.local.ask { engine async throws(EngineError) in try await engine.start(request) }
        }
    }

    private static func commands(_ url: String, _ folder: String) -> String {
        """
        try, in another terminal:
          token=$(cat \(folder)/\(LocalToken.fileName))
          curl -s \(url)/v1/runs -H "Authorization: Bearer $token"
          curl -s \(url)/v1/workflows/hello/runs -H "Authorization: Bearer $token" -H 'Prefer: wait=30' -X POST
          curl -sN \(url)/v1/events -H "Authorization: Bearer $token" -H 'Accept: text/event-stream'
          baton inbox list --data \(folder)
        """
    }

    private static let hello = """
        workflow: hello
        inputs:
          name: {type: string, default: world}
        outputs:
          greeting: ${ nodes.greet.output }
        nodes:
          - {id: greet, type: transform, config: {expr: "'Hello, ' + inputs.name + '!'"}}
        """

    private static let approval = """
        workflow: approval
        outputs:
          approved: ${ nodes.ask.output.approved }
        nodes:
          - id: ask
            type: human
            config: {kind: approval, title: Shall it go on?, message: This is an example.}
        """
}
