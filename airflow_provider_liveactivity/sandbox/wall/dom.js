/** Small helpers for elements and texts. Texts from requests enter the page as text nodes only. */

/** Make an element: properties that begin with "on" are listeners, "data" is its dataset, others are attributes. */
export function h(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name === "data") Object.assign(made.dataset, value);
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat().filter(child => child !== null && child !== undefined && child !== false));
  return made;
}

export const byId = id => document.getElementById(id);

/** Set a text only where it changes: a person may be selecting it. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Shorten a text in the middle: ids differ at both ends. */
export function middle(text, most = 26) {
  if (text.length <= most) return text;
  const head = Math.ceil((most - 1) / 2);
  return `${text.slice(0, head)}…${text.slice(text.length - (most - 1 - head))}`;
}

export const count = number => number.toLocaleString("en");
export const plural = (number, noun) => `${count(number)} ${noun}${number === 1 ? "" : "s"}`;

/** Return the time of day of a moment, with seconds. */
const seconds = new Intl.DateTimeFormat("en-GB", {hour: "2-digit", minute: "2-digit", second: "2-digit"});
export const timeOf = moment => moment ? seconds.format(new Date(moment)) : "";

/** Set an attribute only where it changes: setting it makes the browser compute styles again. */
export function mark(element, name, value) {
  if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
}

/** Let one button of a group be pressed, and call back with its value. */
export function choice(group, chosen) {
  const press = value => {
    for (const button of group.querySelectorAll("button"))
      button.setAttribute("aria-pressed", String(button.dataset.value === value));
    chosen(value);
  };
  group.addEventListener("click", event => {
    const button = event.target.closest("button");
    if (button) press(button.dataset.value);
  });
  return press;
}

/** Return a function that runs another at most once per animation frame. */
export function perFrame(run) {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      run();
    });
  };
}

/** Return a function that runs another at once, and then at most every so many milliseconds. */
export function throttle(run, milliseconds) {
  let timer = null, again = false;
  const go = () => {
    if (timer !== null) {
      again = true;
      return;
    }
    run();
    timer = setTimeout(() => {
      timer = null;
      if (again) {
        again = false;
        go();
      }
    }, milliseconds);
  };
  return go;
}

/** Ask the sandbox's API; throws with the status if it does not answer well. */
export async function api(method, path, body) {
  const answer = await fetch(`/sandbox${path}`, {method, signal: AbortSignal.timeout(5000),
    ...(body ? {body: JSON.stringify(body), headers: {"Content-Type": "application/json"}} : {})});
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.status === 204 ? null : answer.json();
}
