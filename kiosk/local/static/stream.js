// An event stream that heals by itself: the browser's own retry, and a new one when that gave up or went silent.

const SILENCE_MS = 25_000;
const REOPEN_MS = 3_000;

/**
 * Follow `url`. `handlers` maps event names to functions of the decoded data;
 * `onLink(up)` is told when the connection stands or is gone.
 */
export function followEvents(url, handlers, onLink) {
  let source;
  let silence;
  let link = null;

  function tell(up) {
    if (up !== link) {
      link = up;
      onLink(up);
    }
  }

  function heard() {
    tell(true);
    clearTimeout(silence);
    silence = setTimeout(reopen, SILENCE_MS);
  }

  function reopen() {
    tell(false);
    source.close();
    clearTimeout(silence);
    silence = setTimeout(open, REOPEN_MS * (0.75 + Math.random() / 2));
  }

  function open() {
    source = new EventSource(url());
    source.addEventListener("open", heard);
    source.addEventListener("beat", heard);
    for (const [name, handle] of Object.entries(handlers)) {
      source.addEventListener(name, (event) => {
        heard();
        handle(JSON.parse(event.data), event.lastEventId);
      });
    }
    source.addEventListener("error", () => {
      tell(false);
      // CLOSED is final for the browser, for instance after an answer of 503.
      if (source.readyState === EventSource.CLOSED) {
        reopen();
      }
    });
  }

  open();
  // A page that is left must give its stream back at once: there are only a few.
  addEventListener("pagehide", () => source.close());
  addEventListener("pageshow", (event) => event.persisted && reopen());
}
