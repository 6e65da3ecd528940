import type { CDPSession, Page } from "playwright";

/** Bytes that a page moved since they were last taken. */
export interface Traffic {
  bytes_in: number;
  bytes_out: number;
}

/**
 * Counts what a page really transfers, as the browser's own protocol tells: encoded response bytes with headers,
 * WebSocket payloads both ways, request headers and bodies. Cached answers cost nothing.
 */
export class PageTraffic {
  #in = 0;
  #out = 0;

  /** Starts counting. */
  async watch(page: Page): Promise<void> {
    const cdp: CDPSession = await page.context().newCDPSession(page);
    // A body that is long in coming is counted as it comes; its end then adds only what is new, the headers.
    const received = new Map<string, number>();
    cdp.on("Network.dataReceived", ({ requestId, encodedDataLength }) => {
      this.#in += encodedDataLength;
      received.set(requestId, (received.get(requestId) ?? 0) + encodedDataLength);
    });
    cdp.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
      this.#in += Math.max(0, encodedDataLength - (received.get(requestId) ?? 0));
      received.delete(requestId);
    });
    cdp.on("Network.loadingFailed", ({ requestId }) => received.delete(requestId));
    cdp.on("Network.requestWillBeSentExtraInfo", ({ headers }) => {
      for (const name in headers) this.#out += name.length + headers[name].length + 4;
    });
    cdp.on("Network.requestWillBeSent", ({ request }) => {
      this.#out += request.method.length + new URL(request.url).pathname.length + 12;
      for (const { bytes } of request.postDataEntries ?? []) this.#out += bytes ? bytes.length * 3 / 4 : 0;
    });
    cdp.on("Network.webSocketFrameReceived", ({ response }) => this.#in += frameBytes(response));
    cdp.on("Network.webSocketFrameSent", ({ response }) => this.#out += frameBytes(response));
    await cdp.send("Network.enable", { maxTotalBufferSize: 0, maxResourceBufferSize: 0 });
  }

  /** What moved since the last call. */
  take(): Traffic {
    const taken = { bytes_in: Math.round(this.#in), bytes_out: Math.round(this.#out) };
    this.#in = 0;
    this.#out = 0;
    return taken;
  }
}

function frameBytes({ opcode, payloadData }: { opcode: number; payloadData: string }): number {
  // Binary payloads come as base64.
  const payload = opcode === 2 ? payloadData.length * 3 / 4 : utf8Length(payloadData);
  return payload + (payload < 126 ? 2 : payload < 65_536 ? 4 : 10);
}

const encoder = new TextEncoder();

function utf8Length(text: string): number {
  return encoder.encode(text).length;
}
