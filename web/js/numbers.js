// Figures as words. A space that does not break stands between a figure and its unit.

const space = "\u00a0";

/** 0.2581 → "25.8 %". Small figures are not rounded to nothing. */
export function percent(fraction, digits = 1) {
  if (!Number.isFinite(fraction)) return "not known";
  if (fraction > 0 && fraction < 0.0005 && digits < 3) return `<${space}0.1${space}%`;
  return `${(fraction * 100).toFixed(digits)}${space}%`;
}

/** `fraction` with as many digits as it takes to see that it is not `other`: 13.04 % is not 13.05 %. */
export function percentBeside(fraction, other) {
  for (let digits = 1; digits <= 4; digits += 1) {
    if (fraction === other || percent(fraction, digits) !== percent(other, digits)) return percent(fraction, digits);
  }
  return percent(fraction, 5);
}

/** Width and height in pixels, kept on one line. */
export function size(width, height) {
  return `${width}${space}×${space}${height}`;
}

export function duration(milliseconds) {
  if (!Number.isFinite(milliseconds)) return "not known";
  return milliseconds < 1000 ? `${Math.round(milliseconds)}${space}ms` : `${(milliseconds / 1000).toFixed(1)}${space}s`;
}

export function mebibytes(bytes) {
  const value = bytes / (1024 * 1024);
  return `${value < 10 && !Number.isInteger(value) ? value.toFixed(1) : Math.round(value)}${space}MiB`;
}

/** A time as the server writes it (UTC) → the day here, "24 November 2026". */
export function day(time) {
  return new Intl.DateTimeFormat("en-GB", { dateStyle: "long" }).format(new Date(time));
}
