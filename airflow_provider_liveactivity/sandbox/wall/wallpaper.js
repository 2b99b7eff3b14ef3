/** Choose the wallpaper of an activity: the same for all its phones, and different from others. */

import {hueOf} from "./card.js";

// Pairs of hues that make a clear gradient; any two would often be muddy.
const PAIRS = [[265, 320], [235, 290], [200, 255], [335, 15], [20, 340], [290, 240], [170, 225], [355, 285], [250, 195], [305, 355]];

/** Set the two hues of an activity on an element. */
export function paper(element, activity) {
  const [first, second] = PAIRS[hueOf(`${activity.activity_id} ${activity.vendor}`) % PAIRS.length];
  element.style.setProperty("--hue", first);
  element.style.setProperty("--hue2", second);
  return element;
}
