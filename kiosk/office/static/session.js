// Whether the session is over: the office answers with the way to its sign-in page then, and so does this.

/** Fetch a page for a script that nobody asked to, which keeps no session alive; null when the session is over, and this page is loaded anew. Rejects when it is away. */
export async function fetchPage(address) {
  const response = await fetch(address, { redirect: "manual", headers: { "X-By-Itself": "yes" } });
  if (response.type !== "opaqueredirect") {
    return response;
  }
  location.reload();
  return null;
}
