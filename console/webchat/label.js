// The explicit label of AI content, as the labelling stage writes it.

/** The words, as they stand on a message. */
export const NOTICE = "内容由AI生成";

/** The words, as they stand at the end of a text that leaves the page. */
export const TEXT_NOTICE = `（${NOTICE}）`;

/** Split a text from the label at its end: the page shows the label in a place of its own. */
export function withoutLabel(text) {
  return text.endsWith(TEXT_NOTICE) ? text.slice(0, -TEXT_NOTICE.length).trimEnd() : text;
}

/** Give a text that carries the label. */
export function withLabel(text) {
  return text.includes(NOTICE) ? text : text + TEXT_NOTICE;
}
