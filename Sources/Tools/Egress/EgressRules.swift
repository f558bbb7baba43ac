// Baton
// SPDX-License-Identifier: Apache-2.0

import HTTP
public import JSON

/// Where a confined program may connect to (`network` of spec 8.6): a list of `{host, port, methods}`.
///
/// It narrows what the settings permit and widens nothing: a private address has to be permitted there as well.
public struct EgressRules: Sendable, Hashable {
    /// One entry.
    public struct Entry: Sendable, Hashable {
        /// A name or an address in its normal form; `*.` and a name stands for all names below it.
        public var host: String
        /// The only port; `nil` for 80 and 443.
        public var port: Int?
        /// In upper case; empty for all. A tunnel shows no methods, so it needs all of them, or `CONNECT`.
        public var methods: Set<String>
    }

    /// In the order of the list.
    public let entries: [Entry]

    /// The schema of the list.
    static let schema: JSONValue = [
        "type": "array", "maxItems": 100,
        "description": "Where the program may connect to, through a proxy; nowhere when missing",
        "items": [
            "type": "object", "additionalProperties": false, "required": ["host"],
            "properties": [
                "host": ["type": "string", "description": "A name, *.NAME for all below it, or an address"],
                "port": [
                    "type": "integer", "minimum": 1, "maximum": 65535, "description": "80 and 443 when missing",
                ],
                "methods": [
                    "type": "array", "items": ["type": "string"],
                    "description": "Methods of HTTP; all when missing. https needs all, or CONNECT",
                ],
            ],
        ],
    ]

    /// Reads a list.
    ///
    /// - Throws: what is wrong with it.
    public init(_ list: JSONValue) throws(Invalid) {
        guard let items = list.arrayValue, items.count <= 100 else {
            throw Invalid(description: "must be a list of at most 100 entries {host, port, methods}")
        }
        var entries: [Entry] = []
        for (number, item) in items.enumerated() {
            let wrong = { (rule: String) in Invalid(description: "entry \(number + 1) \(rule)") }
            guard let object = item.objectValue, let text = object["host"]?.stringValue else {
                throw wrong("must be an object with a `host`")
            }
            if let stray = object.first(where: { !["host", "port", "methods"].contains($0.key) }) {
                throw wrong("has `\(stray.key)`, which is none of host, port, methods")
            }
            let isBelow = text.hasPrefix("*.")
            let name = isBelow ? String(text.dropFirst(2)) : text
            let isV6 = name.contains(":") && !name.hasPrefix("[")
            guard !name.isEmpty, !name.contains("*"),
                let url = try? HTTPURL("http://\(isV6 ? "[\(name)]" : name)"), url.target == "/",
                !(isBelow && url.address != nil), !name.hasSuffix(":\(url.port)") || isV6
            else { throw wrong("has the `host` \"\(text)\", which is no name or address") }
            let port = object["port"]?.intValue
            guard object["port"] == nil || port.map({ (1...65535).contains($0) }) == true else {
                throw wrong("has a `port` that is not between 1 and 65535")
            }
            let list = object["methods"]?.arrayValue
            let methods = (list ?? []).compactMap(\.stringValue)
            guard object["methods"] == nil || (list != nil && methods.count == list?.count && !methods.isEmpty) else {
                throw wrong("has `methods` that are no list of names")
            }
            entries.append(
                Entry(
                    host: (isBelow ? "*." : "") + url.host,
                    port: port.map { Int($0) },
                    methods: Set(methods.map { $0.uppercased() })
                )
            )
        }
        self.entries = entries
    }

    /// What is wrong with a list.
    public struct Invalid: Error, Sendable, Hashable, CustomStringConvertible {
        /// As the end of a sentence about it.
        public let description: String
    }

    /// The list, as it can be read again.
    public var json: JSONValue {
        .array(
            entries.map { entry in
                var object: JSONObject = ["host": .string(entry.host)]
                object["port"] = entry.port.map { .int(Int64($0)) }
                if !entry.methods.isEmpty { object["methods"] = .array(entry.methods.sorted().map(JSONValue.string)) }
                return .object(object)
            }
        )
    }

    /// The rule that forbids a request; `nil` when an entry permits it.
    ///
    /// - Parameter method: `CONNECT` for a tunnel.
    func refusal(host: String, port: Int, method: String) -> String? {
        let matching = entries.filter { $0.covers(host) }
        guard !matching.isEmpty else { return "no entry of `network` has the host \(host)" }
        let open = matching.filter { $0.port.map { $0 == port } ?? (port == 80 || port == 443) }
        guard !open.isEmpty else { return "no entry of `network` for \(host) has the port \(port)" }
        guard open.contains(where: { $0.methods.isEmpty || $0.methods.contains(method) }) else {
            return "no entry of `network` for \(host) has the method \(method)"
        }
        return nil
    }
}

extension EgressRules.Entry {
    fileprivate func covers(_ name: String) -> Bool {
        host.hasPrefix("*.") ? name.hasSuffix(host.dropFirst()) && name.utf8.count >= host.utf8.count : name == host
    }
}
