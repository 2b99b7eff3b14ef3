/** Take over light or dark, and the colours, from the Airflow around the page; by itself, follow the system. */

const COLOURS = {
  "--bg": "--chakra-colors-bg",
  "--bg-subtle": "--chakra-colors-bg-subtle",
  "--bg-muted": "--chakra-colors-bg-muted",
  "--fg": "--chakra-colors-fg",
  "--border": "--chakra-colors-border",
};

/** Follow Airflow's theme from now on. */
export function followAirflow() {
  const outer = airflowElement();
  if (outer === null) return;
  copy(outer);
  new MutationObserver(() => copy(outer)).observe(outer, {attributes: true, attributeFilter: ["class", "style"]});
}

function airflowElement() {
  if (window.parent === window) return null;
  try {
    return window.parent.document.documentElement;
  } catch {  // a page of another origin
    return null;
  }
}

function copy(outer) {
  const own = document.documentElement;
  own.style.colorScheme = outer.classList.contains("dark") ? "dark" : "light";
  const style = window.parent.getComputedStyle(outer);
  for (const [mine, theirs] of Object.entries(COLOURS)) {
    const value = style.getPropertyValue(theirs).trim();
    if (value) own.style.setProperty(mine, value);
  }
}
