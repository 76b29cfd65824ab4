"""The one piece of JavaScript: it keeps keys from JupyterLab's shortcuts, and tells whether the page is dark."""

from __future__ import annotations

import anywidget
import traitlets

# JupyterLab takes letters and arrows for shortcuts of the notebook ("r" of a code cell turns it into a raw one)
# unless the focused element carries this attribute. ipywidgets sets no ARIA roles either, so that is done here too.
_ESM = """
function isDark(element) {
  for (let at = element; at; at = at.parentElement) {
    const [red, green, blue, alpha] = (getComputedStyle(at).backgroundColor.match(/[\\d.]+/g) ?? []).map(Number);
    if (red !== undefined && alpha !== 0) return 0.2126 * red + 0.7152 * green + 0.0722 * blue < 110;
  }
  return false;
}

function render({ model, el }) {
  el.style.display = "none";
  let area = null;
  let waiting = 0;
  const mark = (event) => {
    event.target.setAttribute("data-lm-suppress-shortcuts", "true");
    if (event.target.tagName === "TEXTAREA") event.target.spellcheck = false;
  };
  const look = () => {
    if (!area || model.get("dark") === isDark(area)) return;
    model.set("dark", isDark(area));
    model.save_changes();
  };
  const later = () => { clearTimeout(waiting); waiting = setTimeout(look, 100); };
  const theme = new MutationObserver(later);
  const attach = () => {
    area = el.closest(".lg-app");
    if (!area) { waiting = setTimeout(attach, 50); return; }
    area.addEventListener("focusin", mark);
    area.setAttribute("role", "group");
    area.setAttribute("aria-label", model.get("title"));
    const status = area.querySelector(".lg-status");
    if (status) { status.setAttribute("role", "status"); status.setAttribute("aria-live", "polite"); }
    for (const node of [document.documentElement, document.body]) theme.observe(node, { attributes: true });
    look();
  };
  attach();
  return () => {
    clearTimeout(waiting);
    theme.disconnect();
    area?.removeEventListener("focusin", mark);
  };
}
export default { render };
"""


class KeyGuard(anywidget.AnyWidget):
    """An invisible widget that belongs into a box of the class ``lg-app``.

    `title` is what a screen reader calls the box; `dark` tells whether it lies on dark ground.
    """

    _esm = _ESM
    title = traitlets.Unicode("lexgraph").tag(sync=True)
    dark = traitlets.Bool(False).tag(sync=True)
