// Baton
// SPDX-License-Identifier: Apache-2.0

/// Decides where requests may go (spec 11.5): the public internet, and the private targets that are listed.
public struct AddressPolicy: Sendable, Hashable {
    /// Private targets that are permitted.
    public let allowed: Set<String>
    private let permitsAll: Bool

    /// Permits every address: for targets that a person names for the program itself. Nothing that comes from a workflow,
    /// a model or another service may be sent under it.
    public static let unrestricted = AddressPolicy(allowed: [], permitsAll: true)

    private init(allowed: Set<String>, permitsAll: Bool) {
        (self.allowed, self.permitsAll) = (allowed, permitsAll)
    }

    /// Entries are `host:port`, with IPv6 in brackets; a host may be a name or an address in any spelling.
    ///
    /// Entries that are no `host:port` are left out; see ``isEntry(_:)``.
    public init(allowed: [String] = []) {
        self.init(
            allowed: Set(allowed.compactMap { (try? HTTPURL("http://\($0)"))?.authority }),
            permitsAll: false
        )
    }

    /// Whether a text is a usable entry: a host and a port.
    public static func isEntry(_ text: String) -> Bool {
        guard let last = text.last, last.isNumber, text.contains(":") else { return false }
        guard let url = try? HTTPURL("http://\(text)") else { return false }
        return url.target == "/" && (text.hasSuffix(":\(url.port)"))
    }

    /// The rule that forbids the URL, as far as its text alone shows; `nil` if only its addresses can tell.
    ///
    /// Needs no network, so the compiler can ask too.
    public func refusal(ofURL text: String) -> String? {
        do {
            return refusal(of: try HTTPURL(text))
        } catch {
            return "\(error.rule): \(error.message)"
        }
    }

    /// The same for a URL that was read already.
    public func refusal(of url: HTTPURL) -> String? {
        if permitsAll || allowed.contains(url.authority) { return nil }
        if let address = url.address {
            return address.specialRange.map { "\($0) address \(url.host)" }
        }
        return refusal(ofName: url.host)
    }

    /// The rule that forbids connecting to an address that a URL's host has.
    public func refusal(of address: IPAddress, for url: HTTPURL) -> String? {
        let isListed = allowed.contains(url.authority) || allowed.contains(Self.authority(address, url.port))
        if permitsAll || isListed { return nil }
        guard let range = address.specialRange else { return nil }
        return url.address == nil
            ? "\(range) address \(address) of the name \(url.host)" : "\(range) address \(address)"
    }

    private func refusal(ofName host: String) -> String? {
        if Self.metadataNames.contains(host) { return "cloud metadata name \(host)" }
        for suffix in Self.localSuffixes where host == suffix || host.hasSuffix(".\(suffix)") {
            return "local name \(host)"
        }
        return nil
    }

    private static func authority(_ address: IPAddress, _ port: Int) -> String {
        if case .v6 = address { "[\(address)]:\(port)" } else { "\(address):\(port)" }
    }

    /// Names that virtual machines find their credentials under; the numeric one is link-local.
    private static let metadataNames: Set<String> = [
        "metadata", "metadata.google.internal", "metadata.goog", "instance-data", "instance-data.ec2.internal",
        "metadata.azure.internal", "metadata.packet.net", "metadata.platformequinix.com", "metadata.tencentyun.com",
    ]

    private static let localSuffixes = [
        "localhost", "localdomain", "local", "internal", "home.arpa", "intranet", "lan",
    ]
}
