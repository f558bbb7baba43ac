// Baton
// SPDX-License-Identifier: Apache-2.0

// Answers a file of questions with graph.wasm, in Node or Deno: answers.mjs WASM QUESTIONS ANSWERS
// A question is the number of its function in one byte, the length in four and the text; an answer its length and the
// text. The same as Sources/GraphCoreWasm/batch.c does for WASI.

import { readFileSync, writeFileSync } from "node:fs";
import { Buffer } from "node:buffer";
import process from "node:process";
import { loadGraph } from "./graph.mjs";

const functions = ["validate", "waves", "cycle", "redundant", "layout", "hints"];
const [wasm, questions, answers] = process.argv.slice(2);
const graph = await loadGraph(readFileSync(wasm));
const input = readFileSync(questions);
const output = [];
for (let position = 0; position < input.length;) {
  const length = input.readUInt32LE(position + 1);
  const start = position + 5;
  const answer = graph.answer(functions[input[position]], input.subarray(start, start + length));
  const head = new Uint8Array(4);
  new DataView(head.buffer).setUint32(0, answer.length, true);
  output.push(head, answer);
  position = start + length;
}
writeFileSync(answers, Buffer.concat(output));
