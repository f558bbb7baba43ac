// Baton
// SPDX-License-Identifier: Apache-2.0

/// The entries of one priority class: fair among tenants, among the projects of a tenant, and first come, first served
/// within a project. Entries are slots of the queue that owns the class.
struct FairClass {
    typealias Chain = SlotChains.Chain

    /// The entries of one project.
    private struct Flow {
        let tenant: Int
        let project: String
        var weight: Int
        var chain = Chain()
    }

    private struct Tenant {
        let name: String
        var weight: Int
        /// Its flows.
        var order = FairOrder()
        var flows: [String: Int] = [:]
        var busyFlows = 0
        /// Entries.
        var count = 0
    }

    private var tenants: [Tenant] = []
    private var flows: [Flow] = []
    private var freeTenants: [Int] = []
    private var freeFlows: [Int] = []
    private var names: [String: Int] = [:]
    private var order = FairOrder()
    private var busyTenants = 0
    /// The flow that was found last; most often the next entry is for the same one.
    private var found: (key: FairKey, flow: Int)?
    /// What waits to be old enough for the class above.
    var lanes = AgeingLanes()

    /// Entries.
    private(set) var count = 0
    /// Flows that are remembered, busy or idle.
    var flowCount: Int { flows.count - freeFlows.count }

    func key(of flow: Int) -> FairKey {
        FairKey(tenant: tenants[flows[flow].tenant].name, project: flows[flow].project)
    }

    // MARK: Entries

    mutating func append(_ slot: Int32, to flow: Int, _ chains: inout SlotChains) {
        let tenant = flows[flow].tenant
        if flows[flow].chain.isEmpty { tenants[tenant].busyFlows += 1 }
        if tenants[tenant].count == 0 { busyTenants += 1 }
        chains.append(slot, to: &flows[flow].chain)
        tenants[tenant].count += 1
        count += 1
    }

    mutating func remove(_ slot: Int32, from flow: Int, _ chains: inout SlotChains) {
        chains.remove(slot, from: &flows[flow].chain)
        left(flow)
    }

    /// The entry whose turn it is.
    mutating func first() -> Int32? {
        turn().map { flows[$0].chain.first }
    }

    /// Takes out the entry whose turn it is.
    mutating func take(_ chains: SlotChains) -> Int32? {
        guard let flow = turn(), let slot = chains.removeFirst(of: &flows[flow].chain) else { return nil }
        order.serve()
        tenants[flows[flow].tenant].order.serve()
        left(flow)
        return slot
    }

    /// Charges the flow that ``take(_:)`` took from last.
    mutating func charge(_ cost: Int) {
        guard let tenant = order.first, let flow = tenants[tenant].order.first else { return }
        order.charge(cost: cost, weight: tenants[tenant].weight)
        tenants[tenant].order.charge(cost: cost, weight: flows[flow].weight)
    }

    private mutating func left(_ flow: Int) {
        let tenant = flows[flow].tenant
        count -= 1
        tenants[tenant].count -= 1
        if flows[flow].chain.isEmpty { tenants[tenant].busyFlows -= 1 }
        if tenants[tenant].count == 0 { busyTenants -= 1 }
    }

    /// The flow whose turn it is. Idle ones whose turn has come have nothing to their credit any more and go.
    private mutating func turn() -> Int? {
        guard count > 0 else { return nil }
        while let tenant = order.first {
            if tenants[tenant].count == 0 {
                order.removeFirst()
                forget(tenant: tenant)
                continue
            }
            while let flow = tenants[tenant].order.first {
                guard flows[flow].chain.isEmpty else { return flow }
                tenants[tenant].order.removeFirst()
                forget(flow: flow)
            }
        }
        return nil
    }

    // MARK: Flows

    /// The flow of a key; a new one when it has none.
    mutating func flow(for key: FairKey, _ weights: FairWeights) -> Int {
        if let found, found.key == key { return found.flow }
        let tenant = names[key.tenant] ?? makeTenant(key.tenant, weights)
        let flow = tenants[tenant].flows[key.project] ?? makeFlow(key, of: tenant, weights)
        found = (key, flow)
        return flow
    }

    private mutating func makeTenant(_ name: String, _ weights: FairWeights) -> Int {
        if order.count > 2 * busyTenants + 64 { dropIdleTenants() }
        let tenant = Tenant(name: name, weight: weights.weight(ofTenant: name))
        let index = freeTenants.popLast() ?? tenants.count
        if index == tenants.count { tenants.append(tenant) } else { tenants[index] = tenant }
        names[name] = index
        order.insert(index)
        return index
    }

    private mutating func makeFlow(_ key: FairKey, of tenant: Int, _ weights: FairWeights) -> Int {
        if tenants[tenant].order.count > 2 * tenants[tenant].busyFlows + 64 { dropIdleFlows(of: tenant) }
        let flow = Flow(tenant: tenant, project: key.project, weight: weights.weight(of: key))
        let index = freeFlows.popLast() ?? flows.count
        if index == flows.count { flows.append(flow) } else { flows[index] = flow }
        tenants[tenant].flows[key.project] = index
        tenants[tenant].order.insert(index)
        return index
    }

    /// Takes new weights over.
    mutating func apply(_ weights: FairWeights) {
        for (name, index) in names { tenants[index].weight = weights.weight(ofTenant: name) }
        for index in flows.indices {
            guard tenants.indices.contains(flows[index].tenant) else { continue }
            flows[index].weight = weights.weight(of: key(of: index))
        }
    }

    /// Were there always somebody new, idle ones would never have their turn.
    private mutating func dropIdleTenants() {
        let tenants = tenants
        for tenant in order.removeAll(where: { tenants[$0].count == 0 }) { forget(tenant: tenant) }
    }

    private mutating func dropIdleFlows(of tenant: Int) {
        let flows = flows
        let idle = tenants[tenant].order.removeAll { flows[$0].chain.isEmpty }
        for flow in idle { forget(flow: flow) }
    }

    private mutating func forget(tenant: Int) {
        for flow in tenants[tenant].flows.values { freeFlows.append(flow) }
        names[tenants[tenant].name] = nil
        tenants[tenant] = Tenant(name: "", weight: 1)
        freeTenants.append(tenant)
        found = nil
    }

    private mutating func forget(flow: Int) {
        tenants[flows[flow].tenant].flows[flows[flow].project] = nil
        freeFlows.append(flow)
        found = nil
    }
}
