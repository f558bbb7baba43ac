// Baton
// SPDX-License-Identifier: Apache-2.0

// What a test of a workflow needs besides: JSON values, run ids and states, errors, the clock.
@_exported public import Engine
@_exported public import JSON
@_exported public import Model
@_exported public import Simulation
