import assert from "node:assert/strict";
import { checkAddresses, checkUrl } from "../../src/plan/mod.ts";
import { InputError } from "../../src/schema/mod.ts";

Deno.test("checkUrl() lets loopback pass", () => {
  for (const url of ["http://127.0.0.1:8080/", "http://localhost/", "https://[::1]:8443/a?b=c", "http://127.9.9.9/"]) {
    assert.equal(checkUrl(url).href, new URL(url).href);
  }
});

const REFUSED: [url: string, why: string, remedy: RegExp][] = [
  ["file:///etc/passwd", "reads files", /http or https URL on loopback/],
  ["javascript:alert(1)", "runs code", /http or https URL on loopback/],
  ["ftp://127.0.0.1/", "another protocol", /http or https URL on loopback/],
  ["127.0.0.1:8080", "no protocol", /http or https URL on loopback/],
  ["http://user:secret@127.0.0.1/", "carries a password", /without user name and password/],
  ["http://127.1/", "an address in disguise", /the host as it is, 127\.0\.0\.1/],
  ["http://0x7f000001/", "an address in disguise", /the host as it is, 127\.0\.0\.1/],
  ["http://[::ffff:127.0.0.1]/", "an address in disguise", /the host as it is/],
  ["http://169.254.169.254/latest/", "cloud metadata", /metadata addresses are never loaded/],
  ["http://example.com/", "not loopback", /add --i-may-load-test=example\.com:80/],
  ["https://10.0.0.1/", "not loopback", /add --i-may-load-test=10\.0\.0\.1:443/],
];

Deno.test("checkUrl() refuses what may not be loaded, and says what would be right", () => {
  for (const [url, why, remedy] of REFUSED) {
    assert.throws(() => checkUrl(url), (error) => {
      assert(error instanceof InputError, why);
      assert.equal(error.field, "--url", why);
      assert.match(error.message, remedy, why);
      assert(!error.message.includes("secret"), "a password is never repeated");
      return true;
    }, `${url}: ${why}`);
  }
});

Deno.test("checkUrl() takes consent for exactly this host and port", () => {
  assert.equal(checkUrl("http://load.example:8080/", "load.example:8080").port, "8080");
  for (const consent of ["load.example", "load.example:80", "*", "other.example:8080"]) {
    assert.throws(
      () => checkUrl("http://load.example:8080/", consent),
      /exactly the URL's host and port, load\.example:8080/,
    );
  }
  assert.throws(
    () => checkUrl("http://127.0.0.1:8080/", "load.example:8080"),
    /exactly the URL's host and port, 127\.0\.0\.1:8080/,
  );
  assert.throws(() => checkUrl("http://169.254.169.254/", "169.254.169.254:80"), /never loaded/);
});

Deno.test("checkAddresses() refuses a name of which one address is elsewhere", () => {
  checkAddresses("localhost", ["127.0.0.1", "::1"], false);
  checkAddresses("load.example", ["203.0.113.9"], true);
  assert.throws(
    () => checkAddresses("mixed.example", ["127.0.0.1", "203.0.113.9"], false),
    /every address is loopback/,
  );
  assert.throws(() => checkAddresses("meta.example", ["169.254.169.254"], true), /link-local/);
});
