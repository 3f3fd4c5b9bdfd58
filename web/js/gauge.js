// A linear scale from 0 to 100 % with the score, the spread of the passes, and a mark at the operating point.
// No thirds, no green and red: only the operating point divides it. Drawn with SVG attributes in per cent of its width.

import { drawing } from "./dom.js";
import { percent } from "./numbers.js";
import { words } from "./words.js";

const at = (fraction) => `${(Math.min(1, Math.max(0, fraction)) * 100).toFixed(2)}%`;
const anchor = (fraction) => (fraction < 0.25 ? "start" : fraction > 0.75 ? "end" : "middle");

/** `spread`: {lowest, highest} or null; `threshold`: fraction or null. `isSmall`: without words, for the progress. */
export function gauge({ value, spread = null, threshold = null, isSmall = false }) {
  const top = isSmall ? 8 : 34;
  const marker = drawing("svg", { x: at(value), y: top, overflow: "visible", class: "gauge__marker" },
    drawing("line", { class: "gauge__score", x1: 0, x2: 0, y1: -7, y2: 19 }),
    drawing("circle", { class: "gauge__dot", cx: 0, cy: 6, r: 7 }));

  const svg = drawing("svg", {
    class: isSmall ? "gauge gauge--small" : "gauge",
    width: "100%",
    height: isSmall ? 28 : 76,
    role: isSmall ? null : "img",
    "aria-label": isSmall ? null : inWords(value, spread, threshold),
    focusable: "false",
  },
  drawing("rect", { class: "gauge__track", x: 0, y: top, width: "100%", height: 12, rx: 2 }));

  const band = spread ? drawing("rect", { class: "gauge__spread", x: at(spread.lowest), y: top, width: at(spread.highest - spread.lowest), height: 12 }) : null;
  if (band) svg.append(band);
  if (!isSmall) {
    for (const tick of [0, 0.25, 0.5, 0.75, 1]) {
      const turned = tick === 0 ? "start" : tick === 1 ? "end" : "middle";
      svg.append(drawing("line", { class: "gauge__tick", x1: at(tick), x2: at(tick), y1: top + 12, y2: top + 18 }));
      svg.append(drawing("text", { class: "gauge__number", x: at(tick), y: top + 34, "text-anchor": turned }, percent(tick, 0)));
    }
  }
  if (threshold !== null) {
    svg.append(drawing("line", { class: "gauge__threshold", x1: at(threshold), x2: at(threshold), y1: isSmall ? 0 : 20, y2: top + 18 }));
    if (!isSmall) {
      svg.append(drawing("text", { class: "gauge__label", x: at(threshold), y: 13, "text-anchor": anchor(threshold) },
        words("gauge.label", { threshold, score: value })));
    }
  }
  svg.append(marker);
  svg.moveTo = (fraction, { lowest, highest }) => {
    marker.setAttribute("x", at(fraction));
    band?.setAttribute("x", at(lowest));
    band?.setAttribute("width", at(highest - lowest));
  };
  return svg;
}

function inWords(score, spread, threshold) {
  const values = { score, threshold: threshold ?? undefined, ...spread };
  return [
    words("gauge", values),
    spread ? words("gauge.spread", values) : null,
    words(threshold === null ? "gauge.no_threshold" : "gauge.threshold", values),
  ].filter(Boolean).join(" ");
}
