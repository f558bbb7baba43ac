// Baton
// SPDX-License-Identifier: Apache-2.0

extension Evaluator {
    /// Functions on addresses of the Internet and blocks of them.
    mutating func network(_ function: Function, _ value: CELValue, _ nodes: [Node]) throws(CELError) -> CELValue {
        if case .string(let text) = value { return try network(function, text: text) }
        guard case .network(let network) = value else { throw unsuitable(function, value) }
        switch (function, network.isBlock) {
        case (.ip, false), (.cidr, true): return value
        case (.ip, true): return .network(CELNetwork(bytes: network.bytes))
        case (.masked, true):
            let length = network.prefixLength ?? 0
            return .network(CELNetwork(bytes: network.masked(to: length), prefixLength: length))
        case (.prefixLength, true): return .int(Int64(network.prefixLength ?? 0))
        case (.containsIP, true), (.containsCIDR, true):
            let other = try other(function, try evaluate(nodes[0]))
            return .bool(network.contains(other))
        case (.family, false): return .int(Int64(network.family))
        case (.isUnspecified, false): return .bool(network.isUnspecified)
        case (.isLoopback, false): return .bool(network.isLoopback)
        case (.isGlobalUnicast, false): return .bool(network.isGlobalUnicast)
        case (.isLinkLocalMulticast, false): return .bool(network.isLinkLocalMulticast)
        case (.isLinkLocalUnicast, false): return .bool(network.isLinkLocalUnicast)
        default: throw unsuitable(function, value)
        }
    }

    private mutating func network(_ function: Function, text: String) throws(CELError) -> CELValue {
        try charge(8 + text.utf8.count / 8)
        switch function {
        case .isIP: return .bool(CELNetwork(address: text) != nil)
        case .isCIDR: return .bool(CELNetwork(block: text) != nil)
        case .ip, .isCanonical:
            guard let network = CELNetwork(address: text) else {
                throw .failed("the text \(CELValue.string(text).shortText) is no address of the Internet")
            }
            return function == .ip ? .network(network) : .bool(network.description == text)
        case .cidr:
            guard let network = CELNetwork(block: text) else {
                throw .failed("the text \(CELValue.string(text).shortText) is no block of addresses")
            }
            return .network(network)
        default: throw unsuitable(function, .string(text))
        }
    }

    /// The argument of `containsIP` and `containsCIDR`, as text or as value.
    private mutating func other(_ function: Function, _ value: CELValue) throws(CELError) -> CELNetwork {
        let wanted: Function = function == .containsIP ? .ip : .cidr
        switch value {
        case .string(let text):
            guard case .network(let network) = try network(wanted, text: text) else { break }
            return network
        case .network(let network) where network.isBlock == (wanted == .cidr): return network
        default: break
        }
        throw unsuitable(function, value)
    }
}
