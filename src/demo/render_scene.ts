/** Size of the picture [pixels]. */
export const SCENE = { width: 160, height: 90 };

/** Frames after which the picture repeats. */
export const LOOP_FRAMES = 120;

/** What the picture's numbers mean. */
export const PALETTE = [
  "#1b1f3b",
  "#2f2f5c",
  "#5a3f73",
  "#94506f",
  "#d4705f",
  "#f2a65a",
  "#ffd98a",
  "#fff3d6",
  "#12303f",
  "#1d4c5c",
  "#2f7079",
  "#7fb3a6",
  "#14161f",
  "#a8372f",
  "#e8e2d4",
  "#4a5568",
];
const [NIGHT, DUSK, HILL] = [0, 1, 2];
const [ORANGE, SUN, GLOW, DEEP, SEA, SHALLOW, FOAM, HULL, RED, WHITE, STEEL] = [5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

const HORIZON = 50;
const SUN_AT = { x: 132, y: 45, radius: 9 };
const BAYER = [0, 8, 2, 10, 12, 4, 14, 6, 3, 11, 1, 9, 15, 7, 13, 5].map((rank) => (rank + 0.5) / 16);

/**
 * Draws one frame of the live picture: a freighter at dusk, loaded to her mark.
 *
 * @param frame Number of the frame, whole, from 0; the picture repeats after {@linkcode LOOP_FRAMES}.
 * @returns Two pixels a byte, the left one in the upper four bits, rows from the top: 7200 bytes.
 *
 * @example The first frame and the first of the next loop are the same
 * ```ts
 * import { LOOP_FRAMES, renderScene } from "./render_scene.ts";
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual(renderScene(0), renderScene(LOOP_FRAMES));
 * ```
 */
export function renderScene(frame: number): Uint8Array {
  const picture = new Uint8Array(SCENE.width * SCENE.height);
  const phase = 2 * Math.PI * (frame % LOOP_FRAMES) / LOOP_FRAMES;
  const brush = brushOn(picture);
  drawSky(brush);
  drawShore(brush, frame);
  drawGulls(brush, frame);
  drawSea(brush, phase);
  drawShip(brush, phase, frame);
  drawSwell(brush, phase);
  const packed = new Uint8Array(picture.length / 2);
  for (let i = 0; i < packed.length; i++) packed[i] = picture[2 * i] << 4 | picture[2 * i + 1];
  return packed;
}

interface Brush {
  dot(x: number, y: number, colour: number): void;
  box(x: number, y: number, width: number, height: number, colour: number): void;
}

function brushOn(picture: Uint8Array): Brush {
  const dot = (x: number, y: number, colour: number) => {
    if (x >= 0 && x < SCENE.width && y >= 0 && y < SCENE.height) picture[y * SCENE.width + x] = colour;
  };
  const box = (x: number, y: number, width: number, height: number, colour: number) => {
    for (let row = y; row < y + height; row++) {
      for (let column = x; column < x + width; column++) dot(column, row, colour);
    }
  };
  return { dot, box };
}

/** Ordered dithering: a shade between two colours, as a pattern of both. */
function dither(x: number, y: number, shade: number): number {
  return Math.floor(shade + BAYER[(y % 4) * 4 + x % 4]);
}

function drawSky({ dot }: Brush): void {
  for (let y = 0; y < HORIZON; y++) {
    for (let x = 0; x < SCENE.width; x++) {
      const near = 1 - Math.min(1, Math.abs(x - SUN_AT.x) / 150);
      dot(x, y, Math.min(ORANGE, Math.max(NIGHT, dither(x, y, (y / HORIZON) * (3.1 + 1.8 * near) - 0.35))));
    }
  }
  for (let i = 0; i < 16; i++) {
    dot((i * i * 37 + 29 * i) % SCENE.width, (i * i * 11 + 5 * i) % 19, i % 3 === 0 ? GLOW : FOAM);
  }
  for (let y = -SUN_AT.radius; y <= SUN_AT.radius; y++) {
    for (let x = -SUN_AT.radius; x <= SUN_AT.radius; x++) {
      if (x * x + y * y <= SUN_AT.radius ** 2 && SUN_AT.y + y < HORIZON) {
        dot(SUN_AT.x + x, SUN_AT.y + y, y < -3 ? GLOW : SUN);
      }
    }
  }
}

function drawShore({ dot, box }: Brush, frame: number): void {
  for (let x = 0; x < SCENE.width; x++) {
    const far = Math.round(4 + 2 * Math.sin(x * 0.06 + 2) + Math.sin(x * 0.19));
    box(x, HORIZON - far, 1, far, HILL);
    const near = Math.round(9 - x * 0.26 + 1.2 * Math.sin(x * 0.4));
    if (near > 0) box(x, HORIZON - near, 1, near, DUSK);
  }
  box(14, 28, 4, 16, WHITE);
  box(14, 33, 4, 3, RED);
  box(14, 40, 4, 3, RED);
  box(13, 27, 6, 1, HULL);
  box(14, 23, 4, 4, HULL);
  box(14, 22, 4, 1, RED);
  const lit = frame % 40 < 12;
  box(15, 24, 2, 2, lit ? GLOW : ORANGE);
  if (!lit) return;
  for (let reach = 2; reach < 34; reach += 1) {
    const spread = Math.floor(reach / 9);
    for (let y = -spread; y <= spread; y++) if ((reach + y) % 2 === 0) dot(16 + reach, 25 + y, SUN);
  }
}

function drawGulls({ dot }: Brush, frame: number): void {
  for (const gull of [{ x: 0, y: 14, pace: 2 }, { x: 70, y: 20, pace: 1 }, { x: 78, y: 17, pace: 1 }]) {
    const turn = (frame * gull.pace % LOOP_FRAMES) / LOOP_FRAMES;
    const x = (gull.x + Math.round(turn * (SCENE.width + 20))) % (SCENE.width + 20) - 10;
    const wing = frame % 8 < 4 ? -1 : 1;
    for (const side of [-1, 1]) {
      dot(x + side, gull.y, WHITE);
      dot(x + 2 * side, gull.y + wing, WHITE);
    }
    dot(x, gull.y + 1, WHITE);
  }
}

function drawSea({ dot }: Brush, phase: number): void {
  for (let y = HORIZON; y < SCENE.height; y++) {
    const depth = (y - HORIZON) / (SCENE.height - HORIZON);
    for (let x = 0; x < SCENE.width; x++) {
      const ripple = Math.sin(x * (0.5 - 0.32 * depth) + y * 2.1 + phase * (2 + y % 3)) *
        Math.sin(x * 0.07 - y * 0.9 - phase);
      let colour = SHALLOW - Math.min(2, dither(x, y, depth * 2.1));
      if (colour < DEEP) colour = DEEP;
      if (ripple > 0.62) colour = depth < 0.45 ? FOAM : colour === DEEP ? SEA : SHALLOW;
      const glitter = Math.abs(x - SUN_AT.x) < 5 + depth * 12;
      if (glitter && ripple > -0.12) colour = ripple > 0.3 ? SUN : ORANGE;
      dot(x, y, colour);
    }
  }
}

function drawShip({ dot, box }: Brush, phase: number, frame: number): void {
  const lift = Math.round(1.3 * Math.sin(phase * 2));
  const deck = 52 + lift;
  for (let row = 0; row < 20; row++) {
    const bow = 117 - Math.floor(row * 0.6) + (row < 3 ? 2 - row : 0);
    const stern = 37 + Math.floor(row / 5);
    box(stern, deck + row, bow - stern, 1, row < 11 ? HULL : RED);
    dot(bow - 1, deck + row, row < 11 ? STEEL : RED);
  }
  box(106, deck - 2, 12, 2, HULL);
  box(38, deck, 68, 1, STEEL);

  box(40, deck - 18, 13, 18, WHITE);
  box(38, deck - 20, 17, 2, WHITE);
  for (let row = 0; row < 4; row++) {
    for (let x = 0; x < 4; x++) box(42 + x * 3, deck - 16 + row * 4, 2, 2, (row * 5 + x * 3) % 7 < 4 ? SUN : STEEL);
  }
  box(44, deck - 26, 6, 6, HULL);
  box(44, deck - 24, 6, 2, RED);
  box(52, deck - 27, 1, 7, STEEL);
  for (let puff = 0; puff < 5; puff++) {
    const age = (frame % LOOP_FRAMES / 6 + puff * 4) % 20;
    const size = 1 + Math.floor(age / 6);
    box(44 - Math.round(age * 1.5), deck - 28 - Math.round(age * 0.5) - size, size + 1, size, age < 9 ? STEEL : HILL);
  }

  const cargo = [RED, SHALLOW, ORANGE, STEEL, FOAM, RED, WHITE, SEA];
  const stacks = [3, 4, 4, 3, 4, 2];
  stacks.forEach((height, stack) => {
    for (let tier = 0; tier < height; tier++) {
      const x = 57 + stack * 8;
      const y = deck - 4 * (tier + 1);
      box(x, y, 7, 4, cargo[(stack * 3 + tier * 5) % cargo.length]);
      box(x, y + 3, 7, 1, HULL);
      for (const rib of [2, 4]) dot(x + rib, y + 1, HULL);
    }
  });

  const mark = { x: 77, y: deck + 7 };
  for (let y = -3; y <= 3; y++) {
    for (let x = -3; x <= 3; x++) {
      const distance = Math.hypot(x, y);
      if (distance > 2.4 && distance < 3.5) dot(mark.x + x, mark.y + y, WHITE);
    }
  }
  box(mark.x - 6, mark.y, 13, 1, WHITE);
  box(mark.x + 12, mark.y - 3, 1, 7, WHITE);
  for (const rung of [-3, 0, 3]) box(mark.x + 13, mark.y + rung, 4, 1, WHITE);
}

/** The water in front of the hull, which hides what is under the waterline. */
function drawSwell({ dot }: Brush, phase: number): void {
  for (let x = 0; x < SCENE.width; x++) {
    const crest = Math.round(66 + 1.2 * Math.sin(x * 0.16 - phase * 3) + 0.8 * Math.sin(x * 0.31 + phase * 2));
    const atHull = x > 34 && x < 113;
    for (let y = crest; y < 74; y++) {
      const ripple = Math.sin(x * 0.3 + y * 2.1 + phase * 3);
      if (y === crest) dot(x, y, atHull ? FOAM : SHALLOW);
      else if (atHull) dot(x, y, ripple > 0.75 ? SHALLOW : (x + y) % 5 === 0 && y < crest + 4 ? HULL : SEA);
    }
  }
}
