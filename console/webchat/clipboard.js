// Whatever leaves by copy or drag keeps the label (Measures, Article 4: the clipboard is an export).

import { NOTICE, TEXT_NOTICE, withLabel } from "./label.js";

/** Watch copies and drags out of this element, which holds the messages. */
export function keepLabels(messages) {
  document.addEventListener("copy", (event) => carry(event, event.clipboardData, messages));
  document.addEventListener("dragstart", (event) => carry(event, event.dataTransfer, messages));
}

function carry(event, data, messages) {
  // What stands in the composer is the customer's own.
  if (event.target.closest?.("textarea")) return;
  const pieces = selected(messages);
  if (!data || !pieces.some((piece) => piece.generated)) return;
  data.setData("text/plain", plain(pieces));
  data.setData("text/html", html(pieces));
  // A drag that is prevented does not start.
  if (event.type === "copy") event.preventDefault();
}

/** Copy a whole text with its label, where the browser lets a page copy. */
export async function copyLabelled(text) {
  const pieces = [{ text, generated: true }];
  if (navigator.clipboard?.write && window.ClipboardItem) {
    const item = new ClipboardItem({
      "text/plain": new Blob([plain(pieces)], { type: "text/plain" }),
      "text/html": new Blob([html(pieces)], { type: "text/html" }),
    });
    await navigator.clipboard.write([item]);
  } else if (!copyOld(plain(pieces))) {
    throw new Error("the browser refused to copy");
  }
}

// WebViews inside other apps have no clipboard interface, but know the old command.
function copyOld(text) {
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "unseen";
  document.body.append(field);
  field.select();
  const copied = document.execCommand("copy");
  field.remove();
  return copied;
}

function selected(messages) {
  const selection = getSelection();
  if (!selection.rangeCount || selection.isCollapsed) return [];
  const range = selection.getRangeAt(0);
  return [...messages.children]
    .filter((message) => range.intersectsNode(message))
    .map((message) => piece(range, message))
    .filter(({ text }) => text.trim());
}

function piece(range, message) {
  const words = message.querySelector(".words");
  const part = document.createRange();
  part.selectNodeContents(words);
  if (part.compareBoundaryPoints(Range.START_TO_START, range) < 0) {
    part.setStart(range.startContainer, range.startOffset);
  }
  if (part.compareBoundaryPoints(Range.END_TO_END, range) > 0) {
    part.setEnd(range.endContainer, range.endOffset);
  }
  return { text: part.toString(), generated: message.dataset.author === "assistant" };
}

function plain(pieces) {
  return pieces.map(({ text, generated }) => (generated ? withLabel(text) : text)).join("\n\n");
}

function html(pieces) {
  return pieces
    .map(({ text, generated }) => {
      const label = generated && !text.includes(NOTICE) ? `<span>${TEXT_NOTICE}</span>` : "";
      return `<p>${escape(text)}${label}</p>`;
    })
    .join("");
}

function escape(text) {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll("\n", "<br>");
}
