// Builds elements. Text only ever arrives as text nodes: nothing from a server is read as markup.

const svgNamespace = "http://www.w3.org/2000/svg";

function filled(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

export function element(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

/** An SVG element. Positions are attributes, since the page's policy forbids inline style. */
export function drawing(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(svgNamespace, tag), attributes, children);
}

export function byId(id) {
  return document.getElementById(id);
}

/** Shows `text` in `node`, or hides the node where there is none. */
export function say(node, text) {
  node.textContent = text ?? "";
  node.hidden = !text;
}
