// Baton
// SPDX-License-Identifier: Apache-2.0

import HTTP
import Telemetry

/// Where and how the server listens (`server.…`).
struct ServerSettings: Equatable {
    /// An IP address or a name that has one.
    var address = "127.0.0.1"
    /// 0 lets the system choose.
    var port = 7420
    /// PEM files; both are set or none.
    var certificate: String?
    var key: String?
    /// The path of a socket to listen on besides.
    var unixSocket: String?
    /// How people reach it, without a slash at the end; for links.
    var publicURL: String?
    /// Whose `X-Forwarded-For` and the like are believed.
    var trustedProxies: [IPNetwork] = []
    /// Pages of these origins may call the API; `*` stands for all.
    var origins: [String] = []
    /// The largest body of a request, in bytes.
    var bodyLimit = 16 << 20
}

/// What is written down about the work (`telemetry.…`).
struct TelemetrySettings: Equatable {
    /// What matters less is not logged.
    var level = LogLevel.info
    var format = LogFormat.text
    /// The collector of traces; without one none are sent.
    var collector: String?
}
