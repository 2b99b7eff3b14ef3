/** Light, dark, or as the system has it. */

const THEMES = [["", "◐", "Theme: as the system"], ["light", "☀", "Theme: light"], ["dark", "☾", "Theme: dark"]];
const KEY = "liveactivity-theme";

/** Let a button go through the themes; the choice is remembered. */
export function followTheme(button, changed) {
  let chosen = Math.max(0, THEMES.findIndex(([name]) => name === (localStorage.getItem(KEY) ?? "")));
  const apply = () => {
    const [name, sign, words] = THEMES[chosen];
    document.documentElement.style.colorScheme = name;
    button.textContent = sign;
    button.setAttribute("aria-label", words);
    button.title = words;
    requestAnimationFrame(changed);
  };
  button.addEventListener("click", () => {
    chosen = (chosen + 1) % THEMES.length;
    localStorage.setItem(KEY, THEMES[chosen][0]);
    apply();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", apply);
  apply();
}
