// What a file is, by its first bytes: the name and the type that the browser reports can both be wrong.

import { mebibytes } from "./numbers.js";

const advice = {
  PNG: "The server reads JPEG only. A screenshot is not enough: use the photo itself, or save it as JPEG.",
  HEIC: "The server reads JPEG only. On an iPhone: Settings, Camera, Formats, Most Compatible; then take the photo again.",
  AVIF: "The server reads JPEG only. Set the camera to JPEG, or save the photo as JPEG.",
  WebP: "The server reads JPEG only. Use the photo from the camera, not one saved from a web page or a chat.",
  GIF: "The server reads JPEG only. Use the photo from the camera.",
  TIFF: "The server reads JPEG only. Set the camera to JPEG instead of raw, or save the photo as JPEG.",
  PDF: "The server reads JPEG only. Use the photo itself.",
};

function named(bytes) {
  const text = (from, to) => String.fromCharCode(...bytes.subarray(from, to));
  if (bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff) return "JPEG";
  if (text(1, 4) === "PNG" && bytes[0] === 0x89) return "PNG";
  if (text(4, 8) === "ftyp") {
    const brand = text(8, 12);
    if (brand.startsWith("avi")) return "AVIF";
    if (/^(hei|hev|mif1|msf1)/.test(brand)) return "HEIC";
    return null;
  }
  if (text(0, 4) === "RIFF" && text(8, 12) === "WEBP") return "WebP";
  if (text(0, 4) === "GIF8") return "GIF";
  if (text(0, 4) === "II*\0" || text(0, 4) === "MM\0*") return "TIFF";
  if (text(0, 4) === "%PDF") return "PDF";
  return null;
}

/** Why `file` can not be sent, in words; null where it can. The server checks again. */
export async function refusal(file, largest) {
  if (file.size === 0) return "The file is empty. Choose the photo again, or take a new one.";
  let bytes;
  try {
    bytes = new Uint8Array(await file.slice(0, 16).arrayBuffer());
  } catch {
    return "The browser could not read the file. Choose the photo again.";
  }
  const format = named(bytes);
  if (format === null) return "This is not a JPEG photo. The server reads JPEG only.";
  if (format !== "JPEG") return `This is a ${format} file. ${advice[format]}`;
  // The form's other fields and boundaries need a little of the limit as well.
  if (file.size + 4096 > largest) {
    return `The photo has ${mebibytes(file.size)}; the server takes up to ${mebibytes(largest)}. Save it smaller, or lower the camera's resolution.`;
  }
  return null;
}
