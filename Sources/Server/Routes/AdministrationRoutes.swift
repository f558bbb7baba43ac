// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import HTTPServer
internal import Hashing
internal import Identity
internal import JSON
internal import Model

/// The server itself (spec 10.2, administration).
struct AdministrationRoutes: Sendable {
    let service: Service
    let settings: APISettings

    var routes: [Route] {
        let show = Route(
            "GET",
            "/v1/settings",
            Contract(
                "showSettings",
                "What is set, to what, and where that comes from.",
                .administration,
                .may(.manageSettings),
                headers: [.ifNoneMatch],
                .ok(
                    .answer(
                        .required(
                            "items",
                            .list(
                                .answer(
                                    .required("key", .text),
                                    .required("value", .any),
                                    .required("default", .any),
                                    .required("from", .text, "`file`, `environment`, `option` or `default`.")
                                )
                            )
                        )
                    )
                ),
                Contract.Answer(304, "It is still so.", nil)
            )
        ) { call throws(Problem) in
            let bytes = JSONValue.object(["items": settings.shown]).bytes()
            let tag = "\"\(SHA256.hex(bytes).prefix(32))\""
            guard !call.matchesNone(tag) else { return HTTPResponse(status: 304, headers: ["etag": tag]) }
            return .json(bytes, headers: ["etag": tag])
        }
        return [show, backup]
    }

    private var backup: Route {
        Route(
            "POST",
            "/v1/admin/backup",
            Contract(
                "makeBackup",
                "Copies everything into a folder in `backups` of the data folder, while runs go on.",
                .administration,
                .may(.administer),
                body: .optional(
                    .optional(
                        "name",
                        .text(1...100, pattern: "^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$"),
                        "Of the folder; the time when left out."
                    )
                ),
                Contract.Answer(201, "The backup is whole.", .anyObject),
                .problem(409, "There is one of that name, or this server makes none.")
            )
        ) { call throws(Problem) in
            guard let make = settings.backup else {
                throw Problem(409, "state.conflict", "this server makes no backups")
            }
            // By the second, so that two at once get in each other's way and not into one folder.
            let now = service.clock.wall().description.prefix(19).replacing(":", with: "")
            let name = call.fields.text("name") ?? String(now)
            let made = try await service.blocking { () throws(Problem) in try make(name) }
            return .json(made, status: 201)
        }
    }
}

extension APICall {
    /// Whether the client has what the tag names (`If-None-Match`).
    func matchesNone(_ tag: String) -> Bool {
        request.headers.list("if-none-match").contains { $0 == "*" || $0 == tag || $0 == "W/\(tag)" }
    }
}
