import assert from "node:assert/strict";
import { findBrowser, launchBrowser } from "../../src/browser/mod.ts";
import { PALETTE, startStreamer } from "../../src/demo/mod.ts";

Deno.test("two viewers watch and chat in real browsers, and the console stays empty", async () => {
  await using streamer = await startStreamer({ cpu_ms: 50 });
  const { browser } = await launchBrowser(await findBrowser());
  try {
    const complaints: string[] = [];
    const open = async (viewer: string) => {
      const page = await (await browser.newContext()).newPage();
      page.on("console", (message) => complaints.push(message.text()));
      page.on("pageerror", (error) => complaints.push(error.message));
      page.on("requestfailed", (request) => complaints.push(request.url()));
      page.on("request", (request) => {
        if (!request.url().startsWith(streamer.url)) complaints.push(request.url());
      });
      await page.goto(`${streamer.url}?viewer=${viewer}`);
      return page;
    };
    const [anna, ben] = [await open("anna"), await open("ben")];

    await anna.getByRole("textbox", { name: "Message" }).fill("<b>Ahoy</b> & welcome");
    await anna.getByRole("button", { name: "Send" }).click();
    for (const page of [anna, ben]) {
      await page.getByRole("log").getByText("<b>Ahoy</b> & welcome").waitFor();
      assert.equal(await page.locator("#chat-log li").count(), 1, "everyone sees it once");
    }
    assert.equal(await anna.locator("#chat-input").inputValue(), "");

    await ben.getByRole("button", { name: "Like" }).click();
    await anna.locator("#like-count").getByText("1").waitFor();
    await anna.locator("#viewer-count").getByText("2").waitFor();

    // Text, because what runs in the page has types that Deno lacks.
    const colours = await anna.evaluate<number>(`(() => {
      const { width, height } = document.getElementById("player");
      const { data } = document.getElementById("player").getContext("2d").getImageData(0, 0, width, height);
      return new Set(new Uint32Array(data.buffer)).size;
    })()`);
    assert.equal(colours, PALETTE.length, "the picture has its colours");
    const number = Number(await ben.locator("#frame-count").innerText());
    const before = await ben.locator("#player").screenshot();
    await ben.waitForFunction(`Number(document.getElementById("frame-count").textContent) > ${number + 2}`);
    assert.notDeepEqual(await ben.locator("#player").screenshot(), before, "the picture moves");

    const truth = await streamer.truth();
    assert.equal(truth.sockets, 2);
    assert.equal(truth.memory_held_bytes, 2e6);
    assert.equal(truth.api_requests, 0);
    assert.deepEqual(complaints, []);
  } finally {
    await browser.close();
  }
});
