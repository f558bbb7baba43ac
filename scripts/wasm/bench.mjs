// Baton
// SPDX-License-Identifier: Apache-2.0

// Measures graph.wasm in Node or Deno: bench.mjs WASM [ROUNDS]. Each figure is a whole call: the text in, the text out.

import { readFileSync } from "node:fs";
import process from "node:process";
import { loadGraph } from "./graph.mjs";

const [wasm, rounds = "41"] = process.argv.slice(2);
const graph = await loadGraph(readFileSync(wasm));

/** Layers of ten nodes, each after two or three of the layers before; always the same. */
function flow(count) {
  let state = 7;
  const below = (bound) => (state = (state * 48271) % 2147483647) % bound;
  const nodes = [], edges = [];
  for (let index = 0; index < count; index++) {
    nodes.push({ id: `step_${index}`, type: below(3) ? "tool" : "agent" });
    const layer = index - (index % 10);
    for (let more = layer ? 2 + below(2) : 0; more > 0; more--) {
      const distance = below(10) ? 10 : 30;
      const from = Math.max(0, layer - distance) + below(10);
      edges.push({ from: `step_${from}`, to: `step_${index}` });
    }
  }
  return { nodes, edges, options: { from: `step_${count - 1}`, to: "step_0" } };
}

console.log("nodes  edges     validate        waves        cycle    redundant       layout        hints   (ms: smallest, median)");
for (const count of [10, 100, 1000]) {
  const document = flow(count);
  const input = new TextEncoder().encode(JSON.stringify(document));
  const cells = ["validate", "waves", "cycle", "redundant", "layout", "hints"].map((name) => {
    const times = [];
    for (let round = 0; round < Number(rounds); round++) {
      const start = performance.now();
      graph.answer(name, input);
      times.push(performance.now() - start);
    }
    times.sort((a, b) => a - b);
    return `${times[0].toFixed(2)} ${times[times.length >> 1].toFixed(2)}`.padStart(13);
  });
  console.log(`${String(count).padStart(5)}  ${String(document.edges.length).padStart(5)}${cells.join("")}`);
}
