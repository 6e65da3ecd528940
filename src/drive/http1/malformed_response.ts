/** What came from the server is not an HTTP/1.1 response, or is one that cannot be told apart from what follows it. */
export class MalformedResponse extends Error {
  override name = "MalformedResponse";
}
