// Baton
// SPDX-License-Identifier: Apache-2.0

// Calls graph.wasm: `const graph = await loadGraph(bytes); graph.ask("layout", document)`.

/** @param {BufferSource} bytes the module */
export async function loadGraph(bytes) {
  const module = await WebAssembly.compile(bytes);
  let exports = (await WebAssembly.instantiate(module)).exports;

  /** Bytes in, bytes out. The memory can move whenever something is allocated, so views on it are made anew. */
  function answer(name, input) {
    try {
      const question = exports.allocate(input.length);
      new Uint8Array(exports.memory.buffer, question, input.length).set(input);
      const result = exports[name](question, input.length);
      const length = new DataView(exports.memory.buffer).getUint32(result, true);
      const output = new Uint8Array(exports.memory.buffer, result + 4, length).slice();
      exports.release(result);
      exports.release(question);
      return output;
    } catch (error) {
      // After a trap, which can only be a lack of memory, the instance is in no known state.
      exports = new WebAssembly.Instance(module).exports;
      throw error;
    }
  }

  return {
    answer,
    ask(name, document) {
      return JSON.parse(new TextDecoder().decode(answer(name, new TextEncoder().encode(JSON.stringify(document)))));
    },
  };
}
