"""The keyboard: whatever can be pressed on a page is reached by it, in the page's own order, and shows that it is."""

from tests.support.accessibility import Inspector

# What looks as if it could be pressed, by its element, by what the scripts of the pages look for, or by the hand that
# the pointer turns into, is to be reached: itself, by what it stands in, or by the field that it is the label of. How
# something looks is asked once for each kind of thing on a page. What is neither drawn nor told is offered to nobody.
_TRY = """
() => {
  const FIELDS = "a[href], button, input:not([type=hidden]), select, textarea, summary";
  const PRESSED = `${FIELDS}, [role=button], [role=link], [onclick], [data-go], [data-toggle]`;
  const FACES = ["outlineStyle", "outlineWidth", "outlineColor", "boxShadow", "borderColor", "backgroundColor"];
  const stage = [...document.querySelectorAll("dialog")].find((each) => each.matches(":modal")) ?? document.body;
  const named = (each) => each.outerHTML.slice(0, 120);
  const isDrawn = (each) => each.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  const isTold = (each) => each.checkVisibility({ visibilityProperty: true }) && !each.closest("[aria-hidden=true]");
  const isThere = (each) => isDrawn(each) || isTold(each);
  const reaches = (each) => {
    each.focus({ preventScroll: true });
    return each.tabIndex >= 0 && document.activeElement === each;
  };
  const around = (each) => [each, each.nextElementSibling, each.parentElement, each.closest("label")].filter(Boolean);
  const face = (each) => around(each).flatMap((one) => FACES.map((name) => getComputedStyle(one)[name])).join();
  const kind = (each) => around(each).map((one) => `${one.tagName}.${one.className}.${one.type ?? ""}`).join(">");

  const faults = [];
  const before = document.activeElement;
  const found = [...stage.querySelectorAll(`${PRESSED}, [tabindex]`)].filter(isThere).filter((each) => !each.disabled);
  for (const each of found) {
    if (each.tabIndex > 0) {
      faults.push(`has an order of its own: ${named(each)}`);
    }
    if (each.matches(PRESSED) && !reaches(each)) {
      faults.push(`is not reached: ${named(each)}`);
    }
  }
  for (const each of new Map(found.map((one) => [kind(one), one])).values()) {
    if (document.activeElement === each) {
      each.blur();
    }
    const without = face(each);
    if (each.matches(PRESSED) && reaches(each) && face(each) === without) {
      faults.push(`does not show that it is reached: ${named(each)}`);
    }
  }
  for (const each of stage.querySelectorAll("*")) {
    if (getComputedStyle(each).cursor === "pointer" && isThere(each)) {
      const stands = each.closest(`${FIELDS}, [tabindex="0"]`) ?? each.closest("label")?.control;
      if (!stands && !each.querySelector(FIELDS)) {
        faults.push(`can be clicked alone: ${named(each)}`);
      }
    }
  }
  document.activeElement?.blur();
  before?.focus?.({ preventScroll: true });
  return faults;
}
"""


class KeyboardInspector(Inspector):
    """An inspector that tries the keyboard as well on each screen that it looks at by all rules."""

    def look(self, screen: str, only: tuple[str, ...] = ()) -> None:
        """Look at a screen by all rules and try the keyboard, or look by some rules alone."""
        super().look(screen, only)
        if not only:
            self.try_keys(screen)

    def try_keys(self, screen: str) -> None:
        """Keep what of a screen the keyboard does not reach, or does not show."""
        self._page.keyboard.press("Shift")  # Only who uses the keyboard is shown where it is.
        found: list[str] = self._page.evaluate(_TRY)
        self.faults += [f"{screen}: {each}" for each in found]
