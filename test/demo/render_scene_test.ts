import assert from "node:assert/strict";
import { LOOP_FRAMES, PALETTE, renderScene, SCENE } from "../../src/demo/render_scene.ts";

Deno.test("renderScene() moves from frame to frame and comes back to its start", () => {
  const frames = Array.from({ length: LOOP_FRAMES + 1 }, (_, i) => renderScene(i));
  for (let i = 1; i < frames.length; i++) {
    let changed = 0;
    for (let at = 0; at < frames[i].length; at++) if (frames[i][at] !== frames[i - 1][at]) changed += 1;
    assert(changed > frames[i].length / 100, `frame ${i} differs in ${changed} bytes only`);
  }
  assert.deepEqual(frames[LOOP_FRAMES], frames[0]);
});

Deno.test("renderScene() uses the whole palette", () => {
  const frame = renderScene(0);
  assert.equal(frame.length, SCENE.width * SCENE.height / 2);
  assert.equal(new Set([...frame].flatMap((byte) => [byte >> 4, byte & 15])).size, PALETTE.length);
});
