/** Draw the card that the fragment of the address describes, as JSON: what card.js calls an activity. */

import {renderCard} from "./card.js";

/** Return the activity of an address's fragment; null if it has none. */
function activityOf(fragment) {
  try {
    const activity = JSON.parse(decodeURIComponent(fragment.slice(1)));
    return activity !== null && typeof activity === "object" && !Array.isArray(activity) ? activity : null;
  } catch {  // no JSON, or not encoded
    return null;
  }
}

function draw() {
  const activity = activityOf(location.hash);
  const now = new Date().toISOString();
  const screen = document.getElementById("screen");
  if (activity) {
    screen.replaceChildren(renderCard({status: "on", cards: 1, updated_at: now, ...activity}, {now}));
  } else {
    const words = document.createElement("p");
    words.textContent = "The link has no card.";
    screen.replaceChildren(words);
  }
}

addEventListener("hashchange", draw);
draw();
