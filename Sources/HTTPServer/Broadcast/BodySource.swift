// Baton
// SPDX-License-Identifier: Apache-2.0

/// Where the body of an answer comes from that is made while it is sent.
enum BodySource {
    /// A task writes it.
    case pipe(BytePipe)
    /// It follows a broadcast.
    case follower(Follower)

    /// More is taken while less than this waits to be sent. What a broadcast has does not run away, and the longer it
    /// waits the more followers share it; so of that there is never more than one part.
    var highWater: Int {
        switch self {
        case .pipe: Connection.highWater
        case .follower: 1
        }
    }

    /// What is sent next.
    func take() -> BodyPiece {
        switch self {
        case .follower(let follower): return follower.take()
        case .pipe(let pipe):
            switch pipe.take() {
            case .chunk(let bytes): return .bytes(bytes)
            case .nothing: return .nothing
            case .end(let trailers): return .end(trailers)
            case .failed: return .failed
            }
        }
    }

    /// Nobody takes it any more.
    func fail(_ failure: HTTPStreamError) {
        switch self {
        case .pipe(let pipe): pipe.fail(failure)
        case .follower(let follower): follower.end(failure)
        }
    }

    /// All of it was taken.
    func finish() {
        if case .follower(let follower) = self { follower.end(nil) }
    }
}

/// What comes out of it.
enum BodyPiece {
    case bytes([UInt8])
    case part(BroadcastPart)
    case nothing
    case end(HTTPHeaders)
    case failed
}
