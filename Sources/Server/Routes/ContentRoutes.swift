// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Catalog
internal import HTTPServer
internal import Identity
internal import JSON
internal import Model
internal import Store

/// Bytes by hash, and files by name (spec 10.2, content). They belong to who stored them; bytes that somebody else stored
/// too are not there for who did not.
struct ContentRoutes: Sendable {
    let service: Service
    let settings: APISettings

    var routes: [Route] { blobRoutes + artifactRoutes }

    private static let stored = Shape.answer(.required("hash", .text), .required("size", .integer))
    private static let ranges: [Contract.Header] = [.range, .ifRange, .ifNoneMatch]
    private static let contents: [Contract.Answer] = [
        Contract.Answer(200, "The bytes.", .text, mediaType: "*/*"),
        Contract.Answer(206, "The range.", .text, mediaType: "*/*"),
        Contract.Answer(304, "The client has them.", nil),
        .problem(416, "The range begins after the end."),
    ]

    private var blobRoutes: [Route] {
        var read = Contract("readBlob", "Bytes that one stored, whole or a range.", .content, .may(.readContent))
        (read.headers, read.answers) = (Self.ranges, Self.contents)
        return [
            Route(
                "PUT",
                "/v1/blobs/{hash}",
                Contract(
                    "putBlob",
                    "Stores bytes by their SHA-256, as they come.",
                    .content,
                    .may(.writeContent),
                    body: .bytes,
                    .ok(Self.stored, "They were stored before."),
                    Contract.Answer(201, "They are durable.", Self.stored),
                    .problem(409, "The bytes have another hash.")
                )
            ) { call throws(Problem) in try await put(call) },
            Route("GET", "/v1/blobs/{hash}", read) { call throws(Problem) in
                let (hash, caller) = (call.hash, call.caller)
                let row = try await service.definitions { catalog throws(CatalogError) in
                    try catalog.files(owner: caller.actor, hash: hash, limit: 1).first
                }
                guard let row else { throw .notFound("blob `\(call.parameter("hash"))`") }
                return try await content(row, type: "application/octet-stream", call)
            },
        ]
    }

    private var artifactRoutes: [Route] {
        var read = Contract("readArtifact", "The bytes of a file, whole or a range.", .content, .may(.readContent))
        (read.headers, read.answers) = (Self.ranges, Self.contents)
        return [
            Route(
                "POST",
                "/v1/artifacts",
                Contract(
                    "storeArtifact",
                    "Stores a file: its bytes are the body, its media type that of the body.",
                    .content,
                    .may(.writeContent),
                    query: [.init("name", .word(1...200), "What it is called.", isRequired: true)],
                    body: .bytes,
                    Contract.Answer(201, "It is durable.", .named("Artifact"))
                ),
                store
            ),
            Route(
                "GET",
                "/v1/artifacts",
                Contract(
                    "listArtifacts",
                    "One's files, newest first.",
                    .content,
                    .may(.readContent),
                    query: [
                        .init("name", .word(1...200), "Only of that name."), .limit,
                        .cursor("^art_[0-7][0-9a-hjkmnp-tv-z]{25}$"),
                    ],
                    .page("Artifact")
                ),
                list
            ),
            Route(
                "GET",
                "/v1/artifacts/{artifact}",
                Contract(
                    "showArtifact",
                    "What is known about a file.",
                    .content,
                    .may(.readContent),
                    .ok(.named("Artifact"))
                )
            ) { call throws(Problem) in .json(try await file(call).fileJSON) },
            Route("GET", "/v1/artifacts/{artifact}/content", read) { call throws(Problem) in
                let row = try await file(call)
                return try await content(row, type: row.mediaType, call)
            },
        ]
    }

    // MARK: Storing

    private func put(_ call: APICall) async throws(Problem) -> HTTPResponse {
        let hash = call.hash
        let blob = try await receive(call.request.body, expecting: hash)
        let actor = call.catalogActor(reason: nil)
        let isNew = try await service.definitions { catalog throws(CatalogError) in
            guard try catalog.files(owner: actor.owner, hash: hash, limit: 1).isEmpty else { return false }
            _ = try catalog.keep(blob, name: hash, mediaType: "application/octet-stream", by: actor)
            return true
        }
        let body: JSONValue = ["hash": .string("sha256:\(blob.hash)"), "size": .int(Int64(blob.size))]
        return .json(body, status: isNew ? 201 : 200, headers: ["location": "/v1/blobs/\(blob.hash)"])
    }

    @Sendable private func store(_ call: APICall) async throws(Problem) -> HTTPResponse {
        let (name, actor) = (call.query("name") ?? "", call.catalogActor(reason: nil))
        let type = try Self.mediaType(of: call.request)
        let blob = try await receive(call.request.body, expecting: nil)
        let row = try await service.definitions { catalog throws(CatalogError) in
            try catalog.keep(blob, name: name, mediaType: type, by: actor)
        }
        return .json(row.fileJSON, status: 201, headers: ["location": "/v1/artifacts/\(row.id)"])
    }

    private static func mediaType(of request: HTTPRequest) throws(Problem) -> String {
        guard let type = request.header("content-type") else { return "application/octet-stream" }
        guard type.utf8.count <= 200, type.utf8.allSatisfy({ (0x20...0x7e).contains($0) }) else {
            throw .invalid("Content-Type", "has more than 200 characters, or others than ASCII")
        }
        return type
    }

    /// Takes a body in pieces; little more than one of them is in memory.
    private func receive(_ body: HTTPBody, expecting hash: String?) async throws(Problem) -> BlobRef {
        let limit = settings.blobLimit
        let tooLarge = Problem(413, "too_large", "the content has more than \(limit) bytes")
        guard body.length ?? 0 <= limit else { throw tooLarge }
        let blobs = service.blobs
        let upload = try await service.blocking { () throws(StoreError) in try blobs.upload() }
        var (size, piece, chunks) = (0, [UInt8](), body.makeAsyncIterator())
        while true {
            let chunk: [UInt8]?
            do throws(HTTPStreamError) {
                chunk = try await chunks.next()
            } catch {
                throw Problem(400, "validation.failed", error.message)
            }
            size += chunk?.count ?? 0
            guard size <= limit else { throw tooLarge }
            piece += chunk ?? []
            if piece.count >= Self.pieceSize || chunk == nil && !piece.isEmpty {
                let bytes = piece
                piece = []
                try await service.blocking { () throws(StoreError) in try upload.append(bytes) }
            }
            if chunk == nil { break }
        }
        return try await service.blocking { () throws(Problem) in try Self.finish(upload, hash) }
    }

    private static func finish(_ upload: any BlobUpload, _ hash: String?) throws(Problem) -> BlobRef {
        let blob: BlobRef
        do throws(StoreError) {
            blob = try upload.finish()
        } catch {
            throw Problem(error)
        }
        // What was stored under its own hash is named by nothing, so retention takes it away.
        guard hash == nil || hash == blob.hash else {
            throw Problem(409, "state.conflict", "the bytes have the hash \(blob.hash), not the one of the path")
        }
        return blob
    }

    /// Bytes that are read or written at a time.
    private static let pieceSize = 256 << 10

    // MARK: Reading

    @Sendable private func list(_ call: APICall) async throws(Problem) -> HTTPResponse {
        let (owner, name, limit) = (call.caller.actor, call.query("name"), call.limit)
        let before: ArtifactID? = try call.cursor { ArtifactID($0) }
        let rows = try await service.definitions { catalog throws(CatalogError) in
            try catalog.files(owner: owner, name: name, before: before, limit: limit)
        }
        return .page(rows.map(\.fileJSON), next: rows.count == limit ? rows.last?.id.description : nil)
    }

    private func file(_ call: APICall) async throws(Problem) -> ArtifactRow {
        let id: ArtifactID = try call.id("artifact", "artifact")
        let (caller, service) = (call.caller, service)
        return try await service.blocking { () throws(Problem) in
            let row: ArtifactRow?
            do throws(CatalogError) {
                row = try service.catalog.file(id)
            } catch {
                guard error.code == .notFound else { throw Problem(error) }
                row = nil
            }
            guard let row, try service.mayRead(row, caller) else { throw .notFound("artifact `\(id)`") }
            return row
        }
    }

    private func content(_ row: ArtifactRow, type: String, _ call: APICall) async throws(Problem) -> HTTPResponse {
        let (blobs, blob, tag) = (service.blobs, row.blob, "\"\(row.blob.hash)\"")
        var headers: HTTPHeaders = ["etag": tag, "accept-ranges": "bytes", "cache-control": "private, no-cache"]
        guard !call.matchesNone(tag) else { return HTTPResponse(status: 304, headers: headers) }
        let condition = call.request.header("if-range")
        let asked = condition == nil || condition == tag ? call.request.header("range") : nil
        var (range, status) = (0..<blob.size, 200)
        switch ByteRange.read(asked, size: blob.size) {
        case .whole: break
        case .part(let part):
            (range, status) = (part, 206)
            headers["content-range"] = "bytes \(part.lowerBound)-\(part.upperBound - 1)/\(blob.size)"
        case .outside:
            var problem = Problem(
                416,
                "validation.failed",
                "the range begins after the \(blob.size) bytes that there are"
            )
            problem.headers["content-range"] = "bytes */\(blob.size)"
            throw problem
        }
        // Bytes that somebody brought are not for a browser to run.
        headers["content-disposition"] = "attachment"
        headers["content-type"] = type
        let (service, wanted) = (service, range)
        let content = try await service.blocking { () throws(StoreError) in try blobs.open(blob) }
        return .stream(status: status, headers: headers, length: wanted.count) { writer in
            var place = wanted.lowerBound
            while place < wanted.upperBound {
                let (offset, count) = (place, min(Self.pieceSize, wanted.upperBound - place))
                let bytes = try await service.blocking { () throws(StoreError) in
                    try content.read(at: offset, count: count)
                }
                try await writer.write(bytes)
                place += bytes.count
            }
        }
    }
}

/// What the header `Range` asks for (RFC 9110 14).
enum ByteRange: Equatable {
    /// All of it; also for what is not understood, and for several ranges.
    case whole
    case part(Range<Int>)
    case outside

    static func read(_ header: String?, size: Int) -> ByteRange {
        guard let header, header.lowercased().hasPrefix("bytes=") else { return .whole }
        let ends = header.dropFirst(6).split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2, let first = number(ends[0]), let last = number(ends[1]) else { return .whole }
        switch (first, last) {
        case (nil, nil): return .whole
        case (nil, let suffix?):
            guard suffix > 0, size > 0 else { return .outside }
            return .part(max(0, size - suffix)..<size)
        case (let start?, let end):
            guard end.map({ $0 >= start }) ?? true else { return .whole }
            guard start < size else { return .outside }
            return .part(start..<min(size, (end ?? size - 1).addingReportingOverflow(1).partialValue))
        }
    }

    /// A number, or `nil` for none; nothing for what is neither.
    private static func number(_ text: Substring) -> Int?? {
        if text.isEmpty { return .some(nil) }
        guard text.utf8.count <= 18, text.utf8.allSatisfy({ (48...57).contains($0) }), let number = Int(text) else {
            return .none
        }
        return number
    }
}

extension Service {
    /// Whether a file is there for somebody: its owner, and administrators of the owner's tenant. Blocks.
    fileprivate func mayRead(_ row: ArtifactRow, _ caller: Principal) throws(Problem) -> Bool {
        if row.owner == caller.actor { return true }
        guard caller.role == .admin else { return false }
        do throws(StoreError) {
            guard row.owner.hasPrefix("user:"), let id = UserID(String(row.owner.dropFirst(5))) else {
                return caller.tenant == Principal.defaultTenant
            }
            return try security.user(id)?.tenant == caller.tenant
        } catch {
            throw Problem(error)
        }
    }
}

extension APICall {
    /// The hash of the path, without its algorithm.
    fileprivate var hash: String {
        let text = parameter("hash")
        return text.hasPrefix("sha256:") ? String(text.dropFirst(7)) : text
    }
}

extension ArtifactRow {
    /// A file for programs.
    fileprivate var fileJSON: JSONValue {
        [
            "id": .string(id.description), "name": .string(name), "hash": .string(hash), "size": .int(Int64(blob.size)),
            "media_type": .string(mediaType), "owner": .string(owner), "created_at": .string(createdAt.description),
        ]
    }
}
