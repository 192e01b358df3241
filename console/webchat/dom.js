// Elements from code: text goes in as text, never as markup.

const SVG = "http://www.w3.org/2000/svg";

/** Make an element; `on…` are listeners, `data` its data attributes, the rest are attributes. */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "data") Object.assign(element.dataset, value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}

/** Make an icon of the sprite. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `/chat/static/icons.svg#${name}`);
  svg.append(use);
  return svg;
}

/** Give the element of the page with this id. */
export function byId(id) {
  return document.getElementById(id);
}
